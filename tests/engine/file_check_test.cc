#include "daemon/engine/file_check.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::engine {
namespace {

using ::testing::HasSubstr;
using testing::MemoryFileSystem;
using Verdict = FileVerdict::Verdict;

const std::string kCommit(40, 'c');

class FileCheckTest : public ::testing::Test {
 protected:
  static hub::ManifestFile File(const std::string& content) {
    disk::FileHasher hasher(ContentHash::Kind::kSha256, static_cast<ByteCount>(content.size()));
    hasher.Update(content);
    hub::ManifestFile file;
    file.path = "f.bin";
    file.size = static_cast<ByteCount>(content.size());
    file.hash = hasher.Result();
    return file;
  }
  std::string Blob(const hub::ManifestFile& file) const { return "/cache/models--org--name/blobs/" + file.hash.hex; }
  void Publish(const hub::ManifestFile& file, const std::string& content) {
    fs_.Put(layout_->PartialPath(file), content);
    ASSERT_OK(layout_->Publish(fs_, file, absl::UnixEpoch()));
  }
  FileVerdict Check(const hub::ManifestFile& file, bool distrust = false, ByteCount slice = kGiB) {
    FileCheck check(file, distrust);
    for (turns_ = 1; !check.Advance(fs_, *layout_, slice); ++turns_) {
    }
    return check.verdict();
  }

  MemoryFileSystem fs_;
  std::unique_ptr<layout::Layout> layout_ = layout::NewHfCacheLayout("/cache", {hub::RepoType::kModel, "org/name"}, kCommit);
  int turns_ = 0;
};

TEST_F(FileCheckTest, GoodIsWhatHasTheHash) {
  const hub::ManifestFile file = File("weights");
  Publish(file, "weights");
  const FileVerdict verdict = Check(file);
  EXPECT_EQ(verdict.verdict, Verdict::kGood);
  EXPECT_EQ(verdict.message, "");
  EXPECT_EQ(verdict.found_path, layout_->FinalPath(file));
  EXPECT_EQ(verdict.found_size, 7);
}

TEST_F(FileCheckTest, ALargeFileIsReadInTurns) {
  const std::string content(3 * kMiB + 7, 'x');
  const hub::ManifestFile file = File(content);
  Publish(file, content);
  EXPECT_EQ(Check(file, false, kMiB).verdict, Verdict::kGood);
  EXPECT_EQ(turns_, 4);
}

TEST_F(FileCheckTest, AnEmptyFileIsGood) {
  const hub::ManifestFile file = File("");
  Publish(file, "");
  EXPECT_EQ(Check(file).verdict, Verdict::kGood);
}

TEST_F(FileCheckTest, EachWayToBeWrongHasItsName) {
  const hub::ManifestFile file = File("weights");
  EXPECT_EQ(Check(file).verdict, Verdict::kMissing);
  Publish(file, "weights");
  fs_.Put(Blob(file), "weightz");
  FileVerdict verdict = Check(file);
  EXPECT_EQ(verdict.verdict, Verdict::kCorrupt);
  EXPECT_EQ(verdict.found_hash, File("weightz").hash.hex);
  EXPECT_THAT(verdict.message, HasSubstr(file.hash.hex));
  fs_.Put(Blob(file), "weight");
  verdict = Check(file);
  EXPECT_EQ(verdict.verdict, Verdict::kWrongSize);
  EXPECT_THAT(verdict.message, HasSubstr("6 bytes, and 7 are listed"));
  EXPECT_EQ(fs_.calls("Remove"), 0) << "nobody asked for a repair";
}

TEST_F(FileCheckTest, ContentWithoutItsNameIsReadAsWell) {
  const hub::ManifestFile file = File("weights");
  fs_.Put(Blob(file), "weights");
  EXPECT_EQ(Check(file).verdict, Verdict::kUnnamed);
  fs_.Put(Blob(file), "weightz");
  EXPECT_EQ(Check(file).verdict, Verdict::kCorrupt);
}

TEST_F(FileCheckTest, WhatCannotBeReadIsAVerdict) {
  const hub::ManifestFile file = File("weights");
  Publish(file, "weights");
  fs_.Fail("PRead", "", absl::DataLossError("reading it: Input/output error"));
  const FileVerdict verdict = Check(file);
  EXPECT_EQ(verdict.verdict, Verdict::kUnreadable);
  EXPECT_THAT(verdict.message, HasSubstr("Input/output error"));
}

TEST_F(FileCheckTest, AskedToIsGivenUpSoThatAPullFetchesIt) {
  const hub::ManifestFile file = File("weights");
  Publish(file, "weights");
  fs_.Put(Blob(file), "weightz");
  EXPECT_EQ(Check(file, /*distrust=*/true).verdict, Verdict::kCorrupt);
  EXPECT_FALSE(*layout_->IsPresent(fs_, file));
}

TEST_F(FileCheckTest, WhatMayNotBeReadIsNotGivenUp) {
  const hub::ManifestFile file = File("weights");
  Publish(file, "weights");
  fs_.Fail("OpenForRead", "", absl::PermissionDeniedError("open: Permission denied"));
  EXPECT_EQ(Check(file, /*distrust=*/true).verdict, Verdict::kUnreadable);
  EXPECT_TRUE(fs_.Exists(Blob(file)));
}

TEST_F(FileCheckTest, WhatMayBeReadableAMomentLaterIsNotGivenUp) {
  const hub::ManifestFile file = File("weights");
  Publish(file, "weights");
  fs_.Fail("OpenForRead", "", absl::InternalError("open: Too many open files"));
  EXPECT_EQ(Check(file, /*distrust=*/true).verdict, Verdict::kUnreadable);
  EXPECT_TRUE(fs_.Exists(Blob(file)));
}

TEST_F(FileCheckTest, WhatTheDiskHasLostIsGivenUp) {
  const hub::ManifestFile file = File("weights");
  Publish(file, "weights");
  fs_.Fail("PRead", "", absl::DataLossError("reading it: Input/output error"));
  EXPECT_EQ(Check(file, /*distrust=*/true).verdict, Verdict::kUnreadable);
  EXPECT_FALSE(fs_.Exists(Blob(file)));
}

TEST_F(FileCheckTest, ASizeThatIsListedWronglyCostsNoContent) {
  hub::ManifestFile file = File("weights");
  Publish(file, "weights");
  file.size = 9;
  EXPECT_THAT(Check(file).message, HasSubstr("7 bytes, and 9 are listed"));
  const FileVerdict verdict = Check(file, /*distrust=*/true);
  EXPECT_EQ(verdict.verdict, Verdict::kWrongSize);
  EXPECT_THAT(verdict.message, HasSubstr("the listing is wrong"));
  EXPECT_TRUE(fs_.Exists(Blob(file)));
  fs_.Put(Blob(file), "weight");
  EXPECT_EQ(Check(file, /*distrust=*/true).verdict, Verdict::kWrongSize);
  EXPECT_FALSE(fs_.Exists(Blob(file)));
}

TEST_F(FileCheckTest, WhatWasPutThereMeanwhileIsNotGivenUpForWhatWasThere) {
  const std::string content(2 * kMiB, 'x'), wrong(2 * kMiB, 'y');
  const hub::ManifestFile file = File(content);
  Publish(file, wrong);
  FileCheck check(file, /*distrust=*/true);
  ASSERT_FALSE(check.Advance(fs_, *layout_, kMiB));
  ASSERT_OK(fs_.Remove(Blob(file)));
  fs_.Put(Blob(file), content);
  while (!check.Advance(fs_, *layout_, kMiB)) {
  }
  EXPECT_EQ(check.verdict().verdict, Verdict::kGood);
  EXPECT_EQ(fs_.Content(Blob(file)), content);
}

TEST_F(FileCheckTest, WhatCannotBeRemovedIsTold) {
  const hub::ManifestFile file = File("weights");
  Publish(file, "weightz");
  fs_.Fail("Remove", "", absl::PermissionDeniedError("remove: Permission denied"));
  FileCheck check(file, /*distrust=*/true);
  EXPECT_TRUE(check.Advance(fs_, *layout_, kGiB));
  EXPECT_EQ(check.verdict().verdict, Verdict::kCorrupt);
  EXPECT_TRUE(absl::IsPermissionDenied(check.kept()));
}

TEST_F(FileCheckTest, ACopyBehindTheOneThatWasGivenUpIsReadToo) {
  const hub::ManifestFile file = File("weights");
  fs_.Put(Blob(file), "wrong!!");
  fs_.Put(layout_->FinalPath(file), "wrong??");  // no link
  const FileVerdict verdict = Check(file, /*distrust=*/true);
  EXPECT_EQ(verdict.found_path, layout_->FinalPath(file)) << "the one that a reader would have got";
  EXPECT_FALSE(*layout_->IsPresent(fs_, file));
  fs_.Put(Blob(file), "weights");
  fs_.Put(layout_->FinalPath(file), "wrong??");
  EXPECT_EQ(Check(file, /*distrust=*/true).verdict, Verdict::kCorrupt);
  EXPECT_TRUE(*layout_->IsPresent(fs_, file)) << "nothing need be fetched for it";
}

TEST_F(FileCheckTest, AFolderOfTheUsersKeepsItUntilTheRightOneComes) {
  layout_ = layout::NewLocalDirLayout("/dir", {hub::RepoType::kModel, "org/name"}, kCommit,
                                      [](FileSystem& fs, const std::string& path, const ContentHash& like) {
                                        return disk::HashFile(fs, path, like);
                                      });
  const hub::ManifestFile file = File("weights");
  fs_.Put("/dir/f.bin", "weightz");
  EXPECT_EQ(Check(file, /*distrust=*/true).verdict, Verdict::kCorrupt);
  EXPECT_EQ(fs_.Content("/dir/f.bin"), "weightz");
}

}  // namespace
}  // namespace hfget::engine
