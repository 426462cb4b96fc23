#include "daemon/disk/open_watch.h"

#include <filesystem>
#include <fstream>

#include "daemon/disk/posix_file_system.h"
#include "gtest/gtest.h"
#include "tests/disk/temporary_folder.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::disk {
namespace {

using ::hfget::testing::TemporaryFolder;

class OpenWatchTest : public ::testing::Test {
 protected:
  OpenWatchTest() { std::ofstream(path_) << "bytes"; }

  TemporaryFolder folder_;
  const std::string path_ = folder_ / "file";
  OpenWatch watch_;
};

TEST_F(OpenWatchTest, SeesWhoOpensTheFileFromThenOn) {
  const auto watched = watch_.Add(path_);
  ASSERT_NE(watched, nullptr);
  EXPECT_FALSE(watched->opened());
  std::ofstream(path_, std::ios::app) << "more";
  EXPECT_TRUE(watched->opened());
  EXPECT_TRUE(watched->opened());
}

TEST_F(OpenWatchTest, TellsFilesApartAndFollowsThemThroughARename) {
  const std::string other = folder_ / "other";
  std::ofstream(other) << "bytes";
  const auto first = watch_.Add(path_);
  const auto second = watch_.Add(other);
  std::filesystem::rename(other, folder_ / "renamed");
  std::ifstream(folder_ / "renamed").get();
  EXPECT_FALSE(first->opened());
  EXPECT_TRUE(second->opened());
}

TEST_F(OpenWatchTest, AFileThatIsWatchedTwiceIsSeenUntilBothLetGo) {
  auto first = watch_.Add(path_);
  const auto second = watch_.Add(path_);
  first.reset();
  std::ifstream(path_).get();
  EXPECT_TRUE(second->opened());
}

TEST_F(OpenWatchTest, AFileThatIsNotThereIsNotWatched) { EXPECT_EQ(watch_.Add(folder_ / "absent"), nullptr); }

TEST_F(OpenWatchTest, AnOpenFileDoesNotSeeItself) {
  PosixFileSystem fs;
  auto file = fs.OpenForWrite(path_);
  ASSERT_OK(file.status());
  ASSERT_OK((*file)->PWrite(0, "own"));
  ASSERT_OK((*file)->Sync());
  EXPECT_FALSE((*file)->OpenedByOthers());
  std::ofstream(path_, std::ios::app) << "others'";
  EXPECT_TRUE((*file)->OpenedByOthers());
}

}  // namespace
}  // namespace hfget::disk
