#include "daemon/base/file_system.h"

#include "gtest/gtest.h"

namespace hfget {
namespace {

TEST(JoinPathTest, PutsExactlyOneSlash) {
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a/", "b/c"), "a/b/c");
  EXPECT_EQ(JoinPath("/", "b"), "/b");
  EXPECT_EQ(JoinPath("", "b"), "b");
  EXPECT_EQ(JoinPath("a", ""), "a");
}

TEST(ParentPathTest, IsWhatStandsBeforeTheLastSlash) {
  EXPECT_EQ(ParentPath("a/b/c"), "a/b");
  EXPECT_EQ(ParentPath("c"), ".");
  EXPECT_EQ(ParentPath("/c"), "/");
  EXPECT_EQ(ParentPath("/a/b"), "/a");
}

}  // namespace
}  // namespace hfget
