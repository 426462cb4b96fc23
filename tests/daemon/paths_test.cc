#include "daemon/paths.h"

#include "gtest/gtest.h"

namespace hfget {
namespace {

Environment Env(std::map<std::string, std::string> variables) {
  Environment env;
  env.variables = std::move(variables);
  env.variables.emplace("HOME", "/h");
  env.working_folder = "/work";
  env.uid = 1000;
  return env;
}

TEST(PathsTest, TheSocketIsWhereTheFirstOfTheRulesSays) {
  Environment env = Env({{"HFGET_SOCKET", "/e/s"}, {"XDG_RUNTIME_DIR", "/run/user/1000"}});
  EXPECT_EQ(SocketPath("/f/s", env).path, "/f/s");
  EXPECT_EQ(SocketPath("s", env).path, "/work/s");
  EXPECT_EQ(SocketPath("", env).path, "/e/s");
  EXPECT_FALSE(SocketPath("", env).own_folder);
  env.variables.erase("HFGET_SOCKET");
  EXPECT_EQ(SocketPath("", env).path, "/run/user/1000/hfget/hfgetd.sock");
  EXPECT_TRUE(SocketPath("", env).own_folder);
  env.variables["XDG_RUNTIME_DIR"] = "relative";
  EXPECT_EQ(SocketPath("", env).path, "/tmp/hfget-1000/hfgetd.sock");
  EXPECT_TRUE(SocketPath("", env).own_folder);
}

TEST(PathsTest, StateAndConfigurationFollowXdg) {
  EXPECT_EQ(StateFolder("", Env({})).path, "/h/.local/state/hfget");
  EXPECT_TRUE(StateFolder("", Env({})).own_folder);
  EXPECT_EQ(StateFolder("", Env({{"XDG_STATE_HOME", "/x"}})).path, "/x/hfget");
  EXPECT_EQ(StateFolder("", Env({{"XDG_STATE_HOME", "x"}})).path, "/h/.local/state/hfget");
  EXPECT_EQ(StateFolder("s", Env({})).path, "/work/s");
  EXPECT_EQ(DefaultConfigFile(Env({})), "/h/.config/hfget/config.toml");
  EXPECT_EQ(DefaultConfigFile(Env({{"XDG_CONFIG_HOME", "/x"}})), "/x/hfget/config.toml");
}

TEST(PathsTest, TheCacheIsHuggingFaceHubs) {
  std::map<std::string, std::string> variables = {{"HF_HUB_CACHE", "/1"},
                                                  {"HUGGINGFACE_HUB_CACHE", "/2"},
                                                  {"HF_HOME", "~/3"},
                                                  {"XDG_CACHE_HOME", "/4"}};
  EXPECT_EQ(DefaultCacheFolder(Env(variables)), "/1");
  variables.erase("HF_HUB_CACHE");
  EXPECT_EQ(DefaultCacheFolder(Env(variables)), "/2");
  variables.erase("HUGGINGFACE_HUB_CACHE");
  EXPECT_EQ(DefaultCacheFolder(Env(variables)), "/h/3/hub");
  variables.erase("HF_HOME");
  EXPECT_EQ(DefaultCacheFolder(Env(variables)), "/4/huggingface/hub");
  variables.erase("XDG_CACHE_HOME");
  EXPECT_EQ(DefaultCacheFolder(Env(variables)), "/h/.cache/huggingface/hub");
}

}  // namespace
}  // namespace hfget
