#include "cli/environment.h"

#include "gtest/gtest.h"

namespace hfget::cli {
namespace {

TEST(EnvironmentTest, ExpandsAsPythonDoes) {
  const Environment env({{"HOME", "/home/u"}, {"A", "x"}, {"LONG_1", "y"}});
  EXPECT_EQ(env.Expand("~/d"), "/home/u/d");
  EXPECT_EQ(env.Expand("~"), "/home/u");
  EXPECT_EQ(env.Expand("a~/d"), "a~/d");
  EXPECT_EQ(env.Expand("~no-such-user-here/d"), "~no-such-user-here/d");
  EXPECT_EQ(env.Expand("/d/$A/${LONG_1}z/$LONG_1"), "/d/x/yz/y");
  EXPECT_EQ(env.Expand("$UNSET/${UNSET}/${open/$"), "$UNSET/${UNSET}/${open/$");
}

TEST(EnvironmentTest, ReadsSwitchesAsHuggingfaceHubDoes) {
  const Environment env(
      {{"A", "1"}, {"B", "on"}, {"C", "Yes"}, {"D", "TRUE"}, {"E", "0"}, {"F", "2"}});
  for (const char* name : {"A", "B", "C", "D"}) EXPECT_TRUE(env.IsTrue(name)) << name;
  for (const char* name : {"E", "F", "UNSET"}) EXPECT_FALSE(env.IsTrue(name)) << name;
}

TEST(AbsolutePathTest, ResolvesAgainstTheWorkingFolder) {
  EXPECT_EQ(AbsolutePath("/w", "models"), "/w/models");
  EXPECT_EQ(AbsolutePath("/w", "."), "/w");
  EXPECT_EQ(AbsolutePath("/w", "./a//b/"), "/w/a/b");
  EXPECT_EQ(AbsolutePath("/w", "/abs"), "/abs");
  EXPECT_EQ(AbsolutePath("/w", "/"), "/");
}

TEST(AbsolutePathTest, LeavesDotDotToTheFileSystem) {
  EXPECT_EQ(AbsolutePath("/w", "link/../b"), "/w/link/../b");
}

}  // namespace
}  // namespace hfget::cli
