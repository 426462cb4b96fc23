#include "daemon/engine/folder_check.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::engine {
namespace {

using ::testing::SizeIs;
using Use = hub::FolderEvidence::Use;

constexpr char kRepo[] = "/cache/hub/models--org--model";

FolderWish Wish(std::string local_dir = "") {
  FolderWish wish;
  wish.cache_dir = "/cache/hub";
  wish.local_dir = std::move(local_dir);
  wish.state_dir = "/state";
  wish.repo = hub::RepoId{hub::RepoType::kModel, "org/model"};
  return wish;
}

class FolderCheckTest : public ::testing::Test {
 protected:
  hub::FolderEvidence First(std::string local_dir = "") { return TryFolders(files_, Wish(std::move(local_dir))).front(); }

  testing::MemoryFileSystem files_;
};

TEST_F(FolderCheckTest, LooksAtTheCacheOrTheLocalFolderAndAtTheState) {
  const auto tried = TryFolders(files_, Wish());
  ASSERT_THAT(tried, SizeIs(2));
  EXPECT_EQ(tried[0].use, Use::kCache);
  EXPECT_EQ(tried[1].use, Use::kState);
  EXPECT_OK(tried[0].writable);
  EXPECT_OK(tried[0].lock);
  EXPECT_TRUE(tried[0].free);
  EXPECT_EQ(First("/data").use, Use::kLocalDir);
}

TEST_F(FolderCheckTest, LeavesNothingBehind) {
  files_.Put("/state/store/x", "1");
  TryFolders(files_, Wish());
  EXPECT_FALSE(files_.Stat("/cache").ok());
  EXPECT_EQ(files_.List("/state")->size(), 1u);
}

TEST_F(FolderCheckTest, SaysWhyAFolderCannotBeWritten) {
  files_.Fail("MakeDirectories", "/cache", absl::PermissionDeniedError("denied"));
  EXPECT_TRUE(absl::IsPermissionDenied(First().writable));
}

TEST_F(FolderCheckTest, LooksAtWhatAnotherUserHasLeftOfTheRepo) {
  files_.Put(std::string(kRepo) + "/blobs/x", "1");
  files_.Fail("WriteFileAtomically", "/blobs/", absl::PermissionDeniedError("denied"), 100);
  EXPECT_TRUE(absl::IsPermissionDenied(First().writable));
}

TEST_F(FolderCheckTest, SeesARepoThatIsSpreadOverTwoFileSystems) {
  files_.Put(std::string(kRepo) + "/blobs/x", "1");
  EXPECT_TRUE(First().one_file_system);
  files_.set_other_device(std::string(kRepo) + "/blobs");
  EXPECT_FALSE(First().one_file_system);
}

TEST_F(FolderCheckTest, SeesThatLocksCannotBeTaken) {
  files_.Fail("TryLock", "/cache", absl::UnavailableError("no locks"), 100);
  EXPECT_FALSE(First().lock.ok());
}

}  // namespace
}  // namespace hfget::engine
