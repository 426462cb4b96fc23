#include "daemon/environment.h"

#include "gtest/gtest.h"

namespace hfget {
namespace {

Environment Env() {
  Environment env;
  env.variables = {{"HOME", "/home/u"}, {"DATA", "/data"}, {"EMPTY", ""}, {"A_1", "x"}};
  env.home = "/from/passwd";
  env.working_folder = "/work";
  return env;
}

TEST(EnvironmentTest, ExpandsAsPythonDoes) {
  const struct {
    std::string in, out;
  } kCases[] = {
      {"~", "/home/u"},
      {"~/a", "/home/u/a"},
      {"~other/a", "~other/a"},
      {"a~", "a~"},
      {"$DATA/a", "/data/a"},
      {"${DATA}a", "/dataa"},
      {"$NONE/a", "$NONE/a"},
      {"${NONE", "${NONE"},
      {"$", "$"},
      {"a$", "a$"},
      {"$A_1-", "x-"},
      {"${}", "${}"},
      {"x${EMPTY}y", "xy"},
      {"", ""},
  };
  for (const auto& c : kCases) EXPECT_EQ(Env().Expand(c.in), c.out) << c.in;
}

TEST(EnvironmentTest, RelativePathsAreOfTheWorkingFolder) {
  EXPECT_EQ(Env().Absolute("a/b"), "/work/a/b");
  EXPECT_EQ(Env().Absolute("/a"), "/a");
  EXPECT_EQ(Env().Absolute("~/a"), "/home/u/a");
  EXPECT_EQ(Env().Absolute(""), "");
}

TEST(EnvironmentTest, HomeFallsBackToTheUserDatabase) {
  Environment env = Env();
  EXPECT_EQ(env.Home(), "/home/u");
  env.variables.erase("HOME");
  EXPECT_EQ(env.Home(), "/from/passwd");
}

TEST(EnvironmentTest, SwitchesAreReadAsHuggingFaceHubReadsThem) {
  Environment env;
  for (const std::string yes : {"1", "on", "Yes", "TRUE"}) {
    env.variables["X"] = yes;
    EXPECT_TRUE(env.IsTrue("X")) << yes;
  }
  for (const std::string no : {"", "0", "off", "2", "true "}) {
    env.variables["X"] = no;
    EXPECT_FALSE(env.IsTrue("X")) << no;
  }
}

TEST(EnvironmentTest, TheProcessHasAWorkingFolderAndAPath) {
  const Environment env = Environment::OfProcess();
  EXPECT_EQ(env.working_folder[0], '/');
  EXPECT_FALSE(env.Get("PATH").empty());
  EXPECT_EQ(env.Get("HFGET_NO_SUCH_VARIABLE"), "");
}

TEST(EnvironmentTest, NoPasswordIsShown) {
  Environment env;
  const auto shown = [&env](const std::string& value) {
    env.variables["HTTPS_PROXY"] = value;
    return env.NetVariables().at("HTTPS_PROXY");
  };
  EXPECT_EQ(shown("http://user:secret@p:1"), "http://p:1");
  EXPECT_EQ(shown("http://user:sec/ret@p:1"), "http://p:1") << "nobody has encoded the slash";
  EXPECT_EQ(shown("http://user:s?c#ret@p:1/x"), "http://p:1/x");
  EXPECT_EQ(shown("user:sec/ret@p:1"), "p:1");
  EXPECT_EQ(shown("http://p:1"), "http://p:1");
  env.variables["SSL_CERT_FILE"] = "/etc/ssl/a@b.pem";
  EXPECT_EQ(env.NetVariables().at("SSL_CERT_FILE"), "/etc/ssl/a@b.pem");
}

}  // namespace
}  // namespace hfget
