#include "daemon/layout/local_dir.h"

#include <memory>
#include <string>
#include <vector>

#include "daemon/disk/digest.h"
#include "daemon/layout/download_metadata.h"
#include "gmock/gmock.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::layout {
namespace {

using ::hfget::testing::HasCode;
using ::hfget::testing::MemoryFileSystem;
using ::hfget::testing::StatusIs;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Code = absl::StatusCode;

const std::string kCommit(40, 'c');
const std::string kOlder(40, 'b');
const std::string kDownload = "/dir/.cache/huggingface/download/";
const absl::Time kNow = absl::FromUnixSeconds(1800000000);  // after every time that the files have

class LocalDirTest : public ::testing::Test {
 protected:
  LocalDirTest() { layout_ = New(kCommit); }

  std::unique_ptr<Layout> New(const std::string& commit) {
    return NewLocalDirLayout(
        "/dir", {hub::RepoType::kModel, "org/name"}, commit,
        [this](FileSystem& fs, const std::string& path, const ContentHash& like) {
          ++hashes_;
          return disk::HashFile(fs, path, like);
        });
  }
  static hub::ManifestFile File(const std::string& path, const std::string& content) {
    disk::FileHasher hasher(ContentHash::Kind::kSha256, static_cast<ByteCount>(content.size()));
    hasher.Update(content);
    hub::ManifestFile file;
    file.path = path;
    file.size = static_cast<ByteCount>(content.size());
    file.hash = hasher.Result();
    return file;
  }
  void Download(const hub::ManifestFile& file, const std::string& content) {
    fs_.Put(layout_->PartialPath(file), content);
  }
  void PutMetadata(const std::string& path, const std::string& commit, const std::string& etag,
                   absl::Time saved = kNow) {
    fs_.Put(kDownload + path + ".metadata", DownloadMetadata{commit, etag, saved}.ToText());
  }
  bool Adopt(const hub::ManifestFile& file) { return layout_->Adopt(fs_, file, kNow).value(); }
  bool IsPresent(const hub::ManifestFile& file) { return layout_->IsPresent(fs_, file).value(); }
  absl::Status Publish(const hub::ManifestFile& file) { return layout_->Publish(fs_, file, kNow); }
  std::string Metadata(const std::string& path) {
    return fs_.Content(kDownload + path + ".metadata");
  }

  MemoryFileSystem fs_;
  int hashes_ = 0;
  std::unique_ptr<Layout> layout_;
};

TEST_F(LocalDirTest, PutsEverythingWhereTheClientDoes) {
  const hub::ManifestFile file = File("sub/f.bin", "x");
  EXPECT_EQ(layout_->SnapshotPath(), "/dir");
  EXPECT_EQ(layout_->FinalPath(file), "/dir/sub/f.bin");
  EXPECT_EQ(layout_->LockPath(file), kDownload + "sub/f.bin.lock");
  EXPECT_THAT(layout_->PartialPath(file), HasSubstr("/dir/.cache/huggingface/.hfget/"));
  EXPECT_NE(layout_->PartialPath(file), layout_->PartialPath(File("other", "x")));
}

TEST_F(LocalDirTest, PublishesFileAndMetadata) {
  const hub::ManifestFile file = File("sub/f.bin", "x");
  Download(file, "x");
  ASSERT_OK(Publish(file));
  ASSERT_OK(layout_->Finish(fs_, "main", kCommit));
  EXPECT_THAT(fs_.Tree(), ElementsAre(kDownload + "sub/f.bin.metadata", "/dir/sub/f.bin"));
  EXPECT_EQ(fs_.Content("/dir/sub/f.bin"), "x");
  EXPECT_EQ(Metadata("sub/f.bin"), kCommit + "\n" + file.hash.hex + "\n1800000000.000000\n");
}

TEST_F(LocalDirTest, MetadataIsNeverOlderThanTheFile) {
  const hub::ManifestFile file = File("f", "x");
  fs_.set_now(kNow + absl::Hours(1));  // the file server's clock is ahead
  Download(file, "x");
  ASSERT_OK(Publish(file));
  EXPECT_TRUE(IsPresent(file));
  EXPECT_EQ(hashes_, 0) << "the metadata counts";
}

TEST_F(LocalDirTest, PresentByMetadataOfThisCommit) {
  const hub::ManifestFile file = File("f", "x");
  fs_.Put("/dir/f", "x");
  PutMetadata("f", kCommit, file.hash.hex);
  fs_.ResetCalls();
  EXPECT_TRUE(IsPresent(file));
  EXPECT_TRUE(Adopt(file));
  EXPECT_EQ(hashes_, 0);
  EXPECT_EQ(fs_.calls("WriteFileAtomically"), 0);
}

TEST_F(LocalDirTest, AnOlderCommitWithTheSameContentOnlyNeedsMetadata) {
  const hub::ManifestFile file = File("f", "x");
  fs_.Put("/dir/f", "x");
  PutMetadata("f", kOlder, file.hash.hex);
  EXPECT_TRUE(Adopt(file));
  EXPECT_EQ(hashes_, 0);
  EXPECT_THAT(Metadata("f"), ::testing::StartsWith(kCommit));
}

TEST_F(LocalDirTest, MetadataOfOtherContentIsBelieved) {
  const hub::ManifestFile file = File("f", "x");
  fs_.Put("/dir/f", "y");
  PutMetadata("f", kOlder, std::string(64, 'e'));
  EXPECT_FALSE(Adopt(file));
  EXPECT_EQ(hashes_, 0);
}

TEST_F(LocalDirTest, AFileWithoutMetadataIsHashedOnce) {
  const hub::ManifestFile good = File("good", "x"), bad = File("bad", "x");
  fs_.Put("/dir/good", "x");
  fs_.Put("/dir/bad", "y");
  EXPECT_TRUE(IsPresent(good));
  EXPECT_TRUE(Adopt(good));
  EXPECT_FALSE(IsPresent(bad));
  EXPECT_FALSE(Adopt(bad));
  EXPECT_EQ(hashes_, 2);
  EXPECT_THAT(Metadata("good"), ::testing::StartsWith(kCommit));
  EXPECT_EQ(fs_.Content("/dir/bad"), "y") << "replaced only by Publish";
}

TEST_F(LocalDirTest, AFileChangedAfterItsMetadataIsHashed) {
  const hub::ManifestFile file = File("f", "x");
  PutMetadata("f", kCommit, file.hash.hex, absl::FromUnixSeconds(1000));
  fs_.Put("/dir/f", "y");
  EXPECT_FALSE(Adopt(file));
  EXPECT_EQ(hashes_, 1);
}

TEST_F(LocalDirTest, AFileOfAnotherSizeIsNotHashed) {
  const hub::ManifestFile file = File("f", "x");
  fs_.Put("/dir/f", "longer");
  PutMetadata("f", kCommit, file.hash.hex);
  EXPECT_FALSE(Adopt(file));
  EXPECT_EQ(hashes_, 0);
}

TEST_F(LocalDirTest, BrokenMetadataIsNone) {
  const hub::ManifestFile file = File("f", "x");
  fs_.Put("/dir/f", "x");
  fs_.Put(kDownload + "f.metadata", "garbage");
  EXPECT_TRUE(Adopt(file));
  EXPECT_EQ(hashes_, 1);
}

TEST_F(LocalDirTest, ReplacesAnOldFile) {
  const hub::ManifestFile file = File("f", "new");
  fs_.Put("/dir/f", "old");
  PutMetadata("f", kOlder, std::string(64, 'e'));
  Download(file, "new");
  ASSERT_OK(Publish(file));
  EXPECT_EQ(fs_.Content("/dir/f"), "new");
  EXPECT_THAT(Metadata("f"), HasSubstr(file.hash.hex));
}

TEST_F(LocalDirTest, ReplacesALinkNotWhatItPointsTo) {
  const hub::ManifestFile file = File("f", "new");
  fs_.Put("/elsewhere/f", "precious");
  ASSERT_OK(fs_.MakeDirectories("/dir"));
  ASSERT_OK(fs_.Symlink("/elsewhere/f", "/dir/f"));
  Download(file, "new");
  ASSERT_OK(Publish(file));
  EXPECT_EQ(fs_.Content("/dir/f"), "new");
  EXPECT_EQ(fs_.Content("/elsewhere/f"), "precious");
}

TEST_F(LocalDirTest, NeverWritesThroughAPlantedFolder) {
  const hub::ManifestFile file = File("sub/f", "new");
  ASSERT_OK(fs_.MakeDirectories("/elsewhere"));
  ASSERT_OK(fs_.MakeDirectories("/dir"));
  ASSERT_OK(fs_.Symlink("/elsewhere", "/dir/sub"));
  EXPECT_THAT(layout_->Adopt(fs_, file, kNow),
              StatusIs(Code::kFailedPrecondition,
                       AllOf(HasSubstr("symbolic link"), HasSubstr("/dir/sub"))));
  Download(file, "new");
  EXPECT_THAT(Publish(file), HasCode(Code::kFailedPrecondition));
  EXPECT_THAT(fs_.Tree(), Contains("/elsewhere/"));
}

TEST_F(LocalDirTest, TheFolderItselfMayBeALink) {
  const hub::ManifestFile file = File("f", "x");
  ASSERT_OK(fs_.MakeDirectories("/big"));
  ASSERT_OK(fs_.Symlink("/big", "/dir"));
  ASSERT_OK(layout_->CheckWritable(fs_));
  fs_.Put("/staged", "x");
  ASSERT_OK(fs_.Rename("/staged", layout_->PartialPath(file)));
  ASSERT_OK(Publish(file));
  EXPECT_EQ(fs_.Content("/big/f"), "x");
}

TEST_F(LocalDirTest, ANameWithoutRoomForMetadataIsKnownByHash) {
  const hub::ManifestFile file = File(std::string(250, 'n'), "x");
  EXPECT_EQ(layout_->LockPath(file), "");
  Download(file, "x");
  ASSERT_OK(Publish(file));
  EXPECT_TRUE(Adopt(file));
  EXPECT_EQ(hashes_, 1);
  EXPECT_FALSE(fs_.Exists("/dir/.cache/huggingface/download"));
}

// The file system would refuse even to look at it.
TEST_F(LocalDirTest, ANameWithoutRoomForMetadataIsNotLookedUpWithIt) {
  const hub::ManifestFile file = File(std::string(250, 'n'), "x");
  ASSERT_OK(fs_.MakeDirectories(kDownload));
  fs_.Fail("LStat", "n.metadata", absl::InvalidArgumentError("file name too long"));
  EXPECT_FALSE(Adopt(file));
}

TEST_F(LocalDirTest, WithoutAHashOnlyTheSameCommitIsTheSameContent) {
  hub::ManifestFile file = File("f", "x");
  file.hash = {};
  fs_.Put("/dir/f", "x");
  EXPECT_FALSE(IsPresent(file));
  PutMetadata("f", kOlder, "");
  EXPECT_FALSE(IsPresent(file));
  PutMetadata("f", kCommit, "");
  EXPECT_TRUE(IsPresent(file));
  EXPECT_EQ(hashes_, 0);
}

TEST_F(LocalDirTest, PublishingAgainAfterACrashIsFine) {
  const hub::ManifestFile file = File("f", "x");
  fs_.Put("/dir/f", "x");  // renamed, but without metadata
  ASSERT_OK(Publish(file));
  EXPECT_THAT(Metadata("f"), ::testing::StartsWith(kCommit));
  ASSERT_OK(Publish(file));
  EXPECT_THAT(Publish(File("never", "x")), HasCode(Code::kNotFound));
}

TEST_F(LocalDirTest, CheckWritableMakesFolderTagAndGitignore) {
  ASSERT_OK(layout_->CheckWritable(fs_));
  EXPECT_THAT(fs_.Tree(),
              ElementsAre("/dir/.cache/huggingface/.gitignore", "/dir/.cache/huggingface/.hfget/",
                          "/dir/.cache/huggingface/CACHEDIR.TAG"));
  EXPECT_EQ(fs_.Content("/dir/.cache/huggingface/.gitignore"), "*");
}

TEST_F(LocalDirTest, CheckWritableLeavesNothingHalfMade) {
  fs_.Fail("WriteFileAtomically", "/dir", absl::PermissionDeniedError("denied"));
  EXPECT_THAT(layout_->CheckWritable(fs_),
              StatusIs(Code::kPermissionDenied, HasSubstr("--local-dir")));
  EXPECT_THAT(fs_.Tree(), IsEmpty());
}

TEST_F(LocalDirTest, KeepsTheTreeBesideTheMetadata) {
  hub::Manifest manifest;
  manifest.commit = kCommit;
  manifest.files = {File("f", "x")};
  manifest.files[0].git_oid = std::string(40, '1');
  ASSERT_OK(layout_->WriteTree(fs_, manifest));
  EXPECT_TRUE(fs_.Exists("/dir/.cache/huggingface/trees/" + kCommit + ".json"));
  EXPECT_TRUE(layout_->ReadTree(fs_, kCommit).has_value());
  EXPECT_FALSE(layout_->ReadTree(fs_, kOlder).has_value());
}

// A new file over an old one, the power lost after every single change: metadata never vouches for
// the wrong bytes.
TEST_F(LocalDirTest, NoPowerLossMakesMetadataLie) {
  using Lose = MemoryFileSystem::Lose;
  const hub::ManifestFile before = File("f", "old"), after = File("f", "new");
  const std::unique_ptr<Layout> older = New(kOlder);
  for (Lose lose : {Lose::kNothing, Lose::kUnsyncedData, Lose::kUnsyncedEverything}) {
    for (int changes = 0; changes < 20; ++changes) {
      SCOPED_TRACE(absl::StrCat("after ", changes, " changes"));
      MemoryFileSystem fs;
      fs.Put("/dir/f", "old");
      fs.Put(kDownload + "f.metadata", DownloadMetadata{kOlder, before.hash.hex, kNow}.ToText());
      fs.Put(layout_->PartialPath(after), "new");
      fs.LosePowerAfter(changes);
      const bool published = layout_->Publish(fs, after, kNow).ok();
      fs.Crash(lose);
      const std::string content = fs.Content("/dir/f");
      EXPECT_EQ(New(kCommit)->IsPresent(fs, after).value(), content == "new") << content;
      EXPECT_EQ(New(kOlder)->IsPresent(fs, before).value(), content == "old") << content;
      if (published) {
        EXPECT_EQ(content, "new");
      }
      ASSERT_OK(layout_->Publish(fs, after, kNow));
      EXPECT_EQ(fs.Content("/dir/f"), "new");
    }
  }
}

TEST_F(LocalDirTest, WhatIsDistrustedStaysAndIsReadAtTheNextLook) {
  const hub::ManifestFile file = File("f.bin", "weights");
  EXPECT_FALSE(layout_->Find(fs_, file)->has_value());
  Download(file, "weights");
  ASSERT_OK(Publish(file));
  EXPECT_EQ((*layout_->Find(fs_, file))->path, "/dir/f.bin");
  // Bits that have rotted leave no new time of change.
  fs_.Put("/dir/f.bin", "weightz");
  PutMetadata("f.bin", kCommit, file.hash.hex);
  EXPECT_TRUE(Adopt(file)) << "believed unread";
  ASSERT_OK(layout_->Distrust(fs_, file));
  EXPECT_EQ(fs_.Content("/dir/f.bin"), "weightz") << "it is the user's until the right one comes";
  EXPECT_FALSE(Adopt(file));
}

}  // namespace
}  // namespace hfget::layout
