#include "daemon/layout/target_folder.h"

#include "gmock/gmock.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::layout {
namespace {

using ::hfget::testing::HasCode;
using ::hfget::testing::MemoryFileSystem;
using ::hfget::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Code = absl::StatusCode;

class TargetFolderTest : public ::testing::Test {
 protected:
  MemoryFileSystem fs_;
  TargetFolder target_{"/home/me/target"};
};

TEST_F(TargetFolderTest, MakesFoldersThatOutliveAPowerLoss) {
  ASSERT_OK(target_.Make(fs_, "a/b"));
  fs_.Crash();
  EXPECT_THAT(fs_.Tree(), ElementsAre("/home/me/target/a/b/"));
}

TEST_F(TargetFolderTest, SyncsNothingWhenAllIsThere) {
  ASSERT_OK(target_.Make(fs_, "a/b"));
  fs_.ResetCalls();
  ASSERT_OK(target_.Make(fs_, "a/b"));
  EXPECT_EQ(fs_.calls("SyncDirectory"), 0);
}

TEST_F(TargetFolderTest, RootMayBeALink) {
  ASSERT_OK(fs_.MakeDirectories("/big/disk"));
  ASSERT_OK(fs_.MakeDirectories("/home/me"));
  ASSERT_OK(fs_.Symlink("/big/disk", "/home/me/target"));
  ASSERT_OK(target_.Make(fs_, "a"));
  EXPECT_TRUE(fs_.Exists("/big/disk/a"));
}

TEST_F(TargetFolderTest, NeverGoesThroughALinkBelowTheRoot) {
  ASSERT_OK(fs_.MakeDirectories("/elsewhere"));
  ASSERT_OK(target_.Make(fs_, ""));
  ASSERT_OK(fs_.Symlink("/elsewhere", "/home/me/target/a"));
  fs_.Put("/new", "x");
  const auto refused = StatusIs(Code::kFailedPrecondition,
                                AllOf(HasSubstr("symbolic link"), HasSubstr("/home/me/target/a")));
  EXPECT_THAT(target_.Make(fs_, "a/b"), refused);
  EXPECT_THAT(target_.CheckWay(fs_, "a/f"), refused);
  EXPECT_THAT(target_.Place(fs_, "/new", "a/f"), refused);
  EXPECT_THAT(target_.Link(fs_, "x", "a/f"), refused);
  EXPECT_THAT(fs_.Tree(), ElementsAre("/elsewhere/", "/home/me/target/a -> /elsewhere", "/new"));
}

TEST_F(TargetFolderTest, NamesAFileInTheWayOfAFolder) {
  fs_.Put("/home/me/target/a", "");
  const auto refused = StatusIs(Code::kFailedPrecondition, AllOf(HasSubstr("a file is in the way"),
                                                                 HasSubstr("/home/me/target/a ")));
  EXPECT_THAT(target_.Make(fs_, "a/b"), refused);
  EXPECT_THAT(target_.CheckWay(fs_, "a/b/f"), refused);
}

TEST_F(TargetFolderTest, NamesAFolderInTheWayOfAFile) {
  fs_.Put("/home/me/target/a/f", "");
  fs_.Put("/new", "");
  const auto refused =
      StatusIs(Code::kFailedPrecondition,
               AllOf(HasSubstr("a folder is in the way"), HasSubstr("/home/me/target/a ")));
  EXPECT_THAT(target_.CheckWay(fs_, "a"), refused);
  EXPECT_THAT(target_.Place(fs_, "/new", "a"), refused);
  EXPECT_THAT(target_.Link(fs_, "x", "a"), refused);
}

TEST_F(TargetFolderTest, NamesARootThatIsAFile) {
  fs_.Put("/home/me/target", "");
  EXPECT_THAT(target_.Make(fs_, "a"),
              StatusIs(Code::kFailedPrecondition, HasSubstr("/home/me/target must be a folder")));
}

TEST_F(TargetFolderTest, ChecksTheWayWithoutMakingIt) {
  EXPECT_OK(target_.CheckWay(fs_, "a/b/c"));
  EXPECT_THAT(fs_.Tree(), IsEmpty());
}

TEST_F(TargetFolderTest, PlacesOverALinkNotThroughIt) {
  fs_.Put("/victim", "precious");
  fs_.Put("/new", "new");
  ASSERT_OK(target_.Make(fs_, ""));
  ASSERT_OK(fs_.Symlink("/victim", "/home/me/target/f"));
  ASSERT_OK(target_.Place(fs_, "/new", "f"));
  EXPECT_EQ(fs_.Content("/home/me/target/f"), "new");
  EXPECT_EQ(fs_.Content("/victim"), "precious");
}

TEST_F(TargetFolderTest, UndoesItsFoldersWhenNotWritable) {
  fs_.Put("/home/other", "");
  fs_.Fail("WriteFileAtomically", "/deep", absl::PermissionDeniedError("open: Permission denied"));
  EXPECT_THAT(CheckFoldersWritable(fs_, target_, {"", "deep/er"}, "--here"),
              StatusIs(Code::kPermissionDenied,
                       AllOf(HasSubstr("cannot write to /home/me/target"),
                             HasSubstr("Permission denied"), HasSubstr("--here"))));
  EXPECT_THAT(fs_.Tree(), ElementsAre("/home/other"));
}

TEST(ShortName, IsTheSameEverywhere) {
  EXPECT_EQ(ShortName(""), "cbf29ce484222325");  // the published FNV-1a vectors
  EXPECT_EQ(ShortName("a"), "af63dc4c8601ec8c");
}

}  // namespace
}  // namespace hfget::layout
