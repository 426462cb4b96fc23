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

}  // namespace
}  // namespace hfget
