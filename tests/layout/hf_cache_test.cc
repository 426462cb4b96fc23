#include "daemon/layout/hf_cache.h"

#include <memory>
#include <string>
#include <vector>

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
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Code = absl::StatusCode;

const std::string kCommit(40, 'c');
const std::string kOther(40, 'd');
const std::string kRepo = "/cache/models--org--name";

class HfCacheTest : public ::testing::Test {
 protected:
  static hub::ManifestFile File(const std::string& path, const std::string& content,
                                char hash = '1') {
    hub::ManifestFile file;
    file.path = path;
    file.size = static_cast<ByteCount>(content.size());
    file.hash = ContentHash::FromHex(std::string(40, hash));
    file.git_oid = file.hash.hex;
    return file;
  }
  // A partial file as the disk pool leaves it: verified and synced.
  void Download(const hub::ManifestFile& file, const std::string& content) {
    const std::string path = layout_->PartialPath(file);
    ASSERT_OK(fs_.MakeDirectories(ParentPath(path)));
    fs_.Put(path, content);
  }
  bool Adopt(const hub::ManifestFile& file) {
    return layout_->Adopt(fs_, file, absl::Now()).value();
  }
  bool IsPresent(const hub::ManifestFile& file) { return layout_->IsPresent(fs_, file).value(); }
  absl::Status Publish(const hub::ManifestFile& file) {
    return layout_->Publish(fs_, file, absl::Now());
  }

  MemoryFileSystem fs_;
  std::unique_ptr<Layout> layout_ =
      NewHfCacheLayout("/cache", {hub::RepoType::kModel, "org/name"}, kCommit);
};

TEST_F(HfCacheTest, PutsEverythingWhereTheClientDoes) {
  const hub::ManifestFile file = File("sub/config.json", "{}", 'a');
  EXPECT_EQ(layout_->SnapshotPath(), kRepo + "/snapshots/" + kCommit);
  EXPECT_EQ(layout_->FinalPath(file), kRepo + "/snapshots/" + kCommit + "/sub/config.json");
  EXPECT_EQ(layout_->LockPath(file),
            "/cache/.locks/models--org--name/" + std::string(40, 'a') + ".lock");
  EXPECT_EQ(NewHfCacheLayout("/c/", {hub::RepoType::kDataset, "d"}, kCommit)->SnapshotPath(),
            "/c/datasets--d/snapshots/" + kCommit);
  EXPECT_EQ(NewHfCacheLayout("/c", {hub::RepoType::kSpace, "o/s"}, kCommit)->SnapshotPath(),
            "/c/spaces--o--s/snapshots/" + kCommit);
}

TEST_F(HfCacheTest, PartialFilesAreSafeFromPrune) {
  const std::string path = layout_->PartialPath(File("f", "x"));
  EXPECT_THAT(path, HasSubstr(kRepo + "/.hfget/"));
  EXPECT_THAT(path, ::testing::Not(EndsWith(".incomplete")));
  EXPECT_EQ(path, layout_->PartialPath(File("other", "x"))) << "equal content is one file";
}

TEST_F(HfCacheTest, PublishesBlobAndRelativeLink) {
  const hub::ManifestFile top = File("config.json", "{}", 'a');
  const hub::ManifestFile deep = File("a/b/w.bin", "weights", 'b');
  Download(top, "{}");
  Download(deep, "weights");
  ASSERT_OK(Publish(top));
  ASSERT_OK(Publish(deep));
  EXPECT_THAT(fs_.Tree(), ElementsAre(kRepo + "/.hfget/", kRepo + "/blobs/" + std::string(40, 'a'),
                                      kRepo + "/blobs/" + std::string(40, 'b'),
                                      kRepo + "/snapshots/" + kCommit +
                                          "/a/b/w.bin -> ../../../../blobs/" + std::string(40, 'b'),
                                      kRepo + "/snapshots/" + kCommit +
                                          "/config.json -> ../../blobs/" + std::string(40, 'a')));
  EXPECT_EQ(fs_.Content(layout_->FinalPath(deep)), "weights");
}

TEST_F(HfCacheTest, EqualContentIsOneBlobAndTwoLinks) {
  const hub::ManifestFile one = File("one", "same"), two = File("sub/two", "same");
  Download(one, "same");
  ASSERT_OK(Publish(one));
  ASSERT_OK(Publish(two));
  EXPECT_EQ(fs_.Content(layout_->FinalPath(one)), "same");
  EXPECT_EQ(fs_.Content(layout_->FinalPath(two)), "same");
}

TEST_F(HfCacheTest, PublishingAgainIsFine) {
  const hub::ManifestFile file = File("f", "x");
  Download(file, "x");
  ASSERT_OK(Publish(file));
  ASSERT_OK(Publish(file));
}

TEST_F(HfCacheTest, PublishingNothingIsAnError) {
  EXPECT_THAT(Publish(File("f", "x")), HasCode(Code::kNotFound));
  hub::ManifestFile nameless = File("f", "x");
  nameless.hash = {};
  EXPECT_THAT(Publish(nameless), HasCode(Code::kInvalidArgument));
}

TEST_F(HfCacheTest, PublishesAnEmptyFile) {
  const hub::ManifestFile file = File("empty", "");
  Download(file, "");
  ASSERT_OK(Publish(file));
  EXPECT_TRUE(IsPresent(file));
}

TEST_F(HfCacheTest, FindsWhatTheClientDownloaded) {
  const hub::ManifestFile file = File("f", "data", 'a');
  fs_.Put(kRepo + "/blobs/" + file.hash.hex, "data");
  ASSERT_OK(fs_.MakeDirectories(layout_->SnapshotPath()));
  ASSERT_OK(fs_.Symlink("../../blobs/" + file.hash.hex, layout_->FinalPath(file)));
  fs_.ResetCalls();
  EXPECT_TRUE(IsPresent(file));
  EXPECT_TRUE(Adopt(file));
  EXPECT_EQ(fs_.calls("Symlink") + fs_.calls("MakeDirectories") + fs_.calls("SyncDirectory"), 0);
}

TEST_F(HfCacheTest, LinksABlobThatIsThereByName) {
  const hub::ManifestFile file = File("f", "data", 'a');
  fs_.Put(kRepo + "/blobs/" + file.hash.hex, "data");
  EXPECT_TRUE(IsPresent(file));
  EXPECT_FALSE(fs_.Exists(layout_->FinalPath(file))) << "looking makes nothing";
  EXPECT_TRUE(Adopt(file));
  EXPECT_EQ(fs_.Content(layout_->FinalPath(file)), "data");
  fs_.Crash();
  EXPECT_EQ(fs_.Content(layout_->FinalPath(file)), "data");
}

TEST_F(HfCacheTest, FollowsABlobIntoTheSharedStore) {
  const hub::ManifestFile file = File("f", "data", 'a');
  fs_.Put("/cache/blobs/ee/eeee", "data");
  ASSERT_OK(fs_.MakeDirectories(kRepo + "/blobs"));
  ASSERT_OK(fs_.Symlink("../../blobs/ee/eeee", kRepo + "/blobs/" + file.hash.hex));
  EXPECT_TRUE(Adopt(file));
  EXPECT_EQ(fs_.Content(layout_->FinalPath(file)), "data");
}

TEST_F(HfCacheTest, ABlobOfTheWrongSizeIsReplacedNotWrittenThrough) {
  const hub::ManifestFile file = File("f", "data", 'a');
  fs_.Put("/cache/blobs/ee/eeee", "short!");
  ASSERT_OK(fs_.MakeDirectories(kRepo + "/blobs"));
  ASSERT_OK(fs_.Symlink("../../blobs/ee/eeee", kRepo + "/blobs/" + file.hash.hex));
  EXPECT_FALSE(IsPresent(file));
  EXPECT_FALSE(Adopt(file));
  Download(file, "data");
  ASSERT_OK(Publish(file));
  EXPECT_EQ(fs_.Content(layout_->FinalPath(file)), "data");
  EXPECT_EQ(fs_.Content("/cache/blobs/ee/eeee"), "short!");
}

TEST_F(HfCacheTest, ADanglingLinkIsNotPresentAndIsReplaced) {
  const hub::ManifestFile file = File("f", "data", 'a');
  ASSERT_OK(fs_.MakeDirectories(layout_->SnapshotPath()));
  ASSERT_OK(fs_.Symlink("../../blobs/gone", layout_->FinalPath(file)));
  EXPECT_FALSE(Adopt(file));
  Download(file, "data");
  ASSERT_OK(Publish(file));
  EXPECT_EQ(fs_.Content(layout_->FinalPath(file)), "data");
}

TEST_F(HfCacheTest, ALinkToAnotherBlobIsNotThisFile) {
  const hub::ManifestFile file = File("f", "data", 'a');
  fs_.Put(kRepo + "/blobs/" + std::string(40, 'b'), "atad");
  ASSERT_OK(fs_.MakeDirectories(layout_->SnapshotPath()));
  ASSERT_OK(fs_.Symlink("../../blobs/" + std::string(40, 'b'), layout_->FinalPath(file)));
  EXPECT_FALSE(IsPresent(file));
}

TEST_F(HfCacheTest, AcceptsARealFileInTheSnapshot) {
  const hub::ManifestFile file = File("f", "data", 'a');
  fs_.Put(layout_->FinalPath(file), "data");
  EXPECT_TRUE(Adopt(file));
}

TEST_F(HfCacheTest, RefusesObstaclesBeforeTheDownload) {
  fs_.Put(kRepo + "/snapshots/" + kCommit + "/folder/x", "");
  EXPECT_THAT(layout_->Adopt(fs_, File("folder", "data"), absl::Now()),
              StatusIs(Code::kFailedPrecondition, HasSubstr("a folder is in the way")));
  EXPECT_THAT(layout_->Adopt(fs_, File("folder/x/y", "data"), absl::Now()),
              StatusIs(Code::kFailedPrecondition, HasSubstr("a file is in the way")));
}

TEST_F(HfCacheTest, DoesNotLinkThroughAPlantedFolder) {
  const hub::ManifestFile file = File("sub/f", "data");
  ASSERT_OK(fs_.MakeDirectories("/outside"));
  ASSERT_OK(fs_.MakeDirectories(layout_->SnapshotPath()));
  ASSERT_OK(fs_.Symlink("/outside", layout_->SnapshotPath() + "/sub"));
  Download(file, "data");
  EXPECT_THAT(Publish(file), StatusIs(Code::kFailedPrecondition, HasSubstr("symbolic link")));
  EXPECT_THAT(fs_.Tree(), Contains("/outside/"));
}

TEST_F(HfCacheTest, WritesTheRefLastAndWithoutNewline) {
  ASSERT_OK(layout_->Finish(fs_, "main", kCommit));
  EXPECT_EQ(fs_.Content(kRepo + "/refs/main"), kCommit);
  EXPECT_EQ(layout_->ReadRef(fs_, "main"), kCommit);
  ASSERT_OK(layout_->Finish(fs_, "refs/pr/7", kOther));
  EXPECT_EQ(fs_.Content(kRepo + "/refs/refs/pr/7"), kOther);
  EXPECT_FALSE(fs_.Exists(kRepo + "/.hfget"));
  fs_.Crash();
  EXPECT_EQ(layout_->ReadRef(fs_, "refs/pr/7"), kOther);
  EXPECT_THAT(fs_.Tree(), ::testing::Not(Contains(HasSubstr(".new"))));
}

TEST_F(HfCacheTest, ARefMovesAndAnEqualOneIsLeftAlone) {
  ASSERT_OK(layout_->Finish(fs_, "main", kOther));
  ASSERT_OK(layout_->Finish(fs_, "main", kCommit));
  EXPECT_EQ(layout_->ReadRef(fs_, "main"), kCommit);
  fs_.ResetCalls();
  ASSERT_OK(layout_->Finish(fs_, "main", kCommit));
  EXPECT_EQ(fs_.calls("WriteFileAtomically") + fs_.calls("Rename"), 0);
}

TEST_F(HfCacheTest, ACommitGetsNoRef) {
  ASSERT_OK(layout_->Finish(fs_, kCommit, kCommit));
  EXPECT_FALSE(fs_.Exists(kRepo + "/refs"));
  EXPECT_TRUE(fs_.Exists(layout_->SnapshotPath()));
}

TEST_F(HfCacheTest, ReadsNoRefThatIsNotOne) {
  EXPECT_EQ(layout_->ReadRef(fs_, "main"), std::nullopt);
  fs_.Put(kRepo + "/refs/main", "not a commit");
  EXPECT_EQ(layout_->ReadRef(fs_, "main"), std::nullopt);
  fs_.Put("/cache/secret", kCommit);
  EXPECT_EQ(layout_->ReadRef(fs_, "../../secret"), std::nullopt);
  EXPECT_FALSE(layout_->Finish(fs_, "../../secret", kOther).ok());
  EXPECT_EQ(fs_.Content("/cache/secret"), kCommit);
}

TEST_F(HfCacheTest, FinishKeepsPartialFilesOfOthers) {
  Download(File("f", "x"), "x");
  ASSERT_OK(layout_->Finish(fs_, "main", kCommit));
  EXPECT_TRUE(fs_.Exists(layout_->PartialPath(File("f", "x"))));
}

TEST_F(HfCacheTest, CheckWritableMakesWhatTheClientWantsToSee) {
  ASSERT_OK(layout_->CheckWritable(fs_));
  EXPECT_THAT(fs_.Tree(), ElementsAre("/cache/CACHEDIR.TAG", kRepo + "/.hfget/", kRepo + "/blobs/",
                                      kRepo + "/snapshots/"));
  EXPECT_THAT(fs_.Content("/cache/CACHEDIR.TAG"),
              ::testing::StartsWith("Signature: 8a477f597d28d172789f06886806bc55\n"));
}

TEST_F(HfCacheTest, CheckWritableKeepsTheClientsTag) {
  fs_.Put("/cache/CACHEDIR.TAG", "the client's");
  ASSERT_OK(layout_->CheckWritable(fs_));
  EXPECT_EQ(fs_.Content("/cache/CACHEDIR.TAG"), "the client's");
}

TEST_F(HfCacheTest, CheckWritableLeavesNothingHalfMade) {
  fs_.Fail("WriteFileAtomically", kRepo + "/snapshots", absl::PermissionDeniedError("denied"));
  EXPECT_THAT(layout_->CheckWritable(fs_),
              StatusIs(Code::kPermissionDenied, AllOf(HasSubstr(kRepo), HasSubstr("--cache-dir"))));
  EXPECT_THAT(fs_.Tree(), IsEmpty());
}

TEST_F(HfCacheTest, CheckWritableSaysThatThereAreNoLinks) {
  fs_.Fail("Symlink", "", absl::PermissionDeniedError("Operation not permitted"));
  EXPECT_THAT(layout_->CheckWritable(fs_),
              StatusIs(Code::kFailedPrecondition,
                       AllOf(HasSubstr("symbolic links"), HasSubstr("--local-dir"))));
}

// The power is lost after every single change of a publication. Nothing that is visible may be
// wrong, and doing it again completes it.
TEST_F(HfCacheTest, NoPowerLossShowsAnythingWrong) {
  using Lose = MemoryFileSystem::Lose;
  const std::vector<hub::ManifestFile> files = {File("a", "alpha", 'a'),
                                                File("sub/b", "beta", 'b')};
  const std::vector<std::string> contents = {"alpha", "beta"};
  for (Lose lose : {Lose::kNothing, Lose::kUnsyncedData, Lose::kUnsyncedEverything}) {
    for (int changes = 0; changes < 40; ++changes) {
      MemoryFileSystem fs;
      for (size_t i = 0; i < 2; ++i) fs.Put(layout_->PartialPath(files[i]), contents[i]);
      const auto pull = [&] {
        for (const hub::ManifestFile& file : files)
          HFGET_RETURN_IF_ERROR(layout_->Publish(fs, file, absl::Now()));
        return layout_->Finish(fs, "main", kCommit);
      };
      fs.LosePowerAfter(changes);
      const bool finished = pull().ok();
      fs.Crash(lose);
      SCOPED_TRACE(absl::StrCat("after ", changes, " changes"));
      int visible = 0;
      for (size_t i = 0; i < 2; ++i) {
        if (!layout_->IsPresent(fs, files[i]).value()) continue;
        ++visible;
        EXPECT_EQ(fs.Content(kRepo + "/blobs/" + files[i].hash.hex), contents[i]);
      }
      if (finished || layout_->ReadRef(fs, "main").has_value()) {
        EXPECT_EQ(visible, 2);
        EXPECT_EQ(fs.Content(layout_->FinalPath(files[1])), "beta");
      }
      ASSERT_OK(pull());
      EXPECT_EQ(fs.Content(layout_->FinalPath(files[0])), "alpha");
      EXPECT_EQ(fs.Content(layout_->FinalPath(files[1])), "beta");
      EXPECT_EQ(layout_->ReadRef(fs, "main"), kCommit);
    }
  }
}

TEST_F(HfCacheTest, FindsWhatAPullWouldRelyOn) {
  const hub::ManifestFile file = File("sub/f.bin", "weights", 'a');
  const std::string blob = kRepo + "/blobs/" + std::string(40, 'a');
  EXPECT_FALSE(layout_->Find(fs_, file)->has_value());
  Download(file, "weights");
  ASSERT_OK(Publish(file));
  EXPECT_EQ((*layout_->Find(fs_, file))->path, layout_->FinalPath(file));
  EXPECT_TRUE((*layout_->Find(fs_, file))->named);
  ASSERT_OK(fs_.Remove(layout_->FinalPath(file)));
  EXPECT_EQ((*layout_->Find(fs_, file))->path, blob);
  EXPECT_FALSE((*layout_->Find(fs_, file))->named);
  // The name of another content, and nothing of its own: no pull relies on it, but it is what a reader gets.
  ASSERT_OK(fs_.Remove(blob));
  fs_.Put(kRepo + "/blobs/other", "others!");
  ASSERT_OK(fs_.Symlink("../../../blobs/other", layout_->FinalPath(file)));
  EXPECT_EQ((*layout_->Find(fs_, file))->path, layout_->FinalPath(file));
}

TEST_F(HfCacheTest, WhatIsDistrustedIsFetchedAgain) {
  const hub::ManifestFile file = File("f.bin", "weights", 'a');
  const std::string blob = kRepo + "/blobs/" + std::string(40, 'a');
  Download(file, "weights");
  ASSERT_OK(Publish(file));
  ASSERT_OK(layout_->Distrust(fs_, file));
  EXPECT_FALSE(fs_.Exists(blob)) << "no other revision may go on to read it";
  EXPECT_FALSE(Adopt(file));
  ASSERT_OK(layout_->Distrust(fs_, file)) << "nothing is left to be distrusted";
  Download(file, "weights");
  ASSERT_OK(Publish(file));
  EXPECT_TRUE(IsPresent(file));
}

TEST_F(HfCacheTest, ABlobIsNotDistrustedForWhatLiesUnderItsName) {
  const hub::ManifestFile file = File("f.bin", "weights", 'a');
  const std::string blob = kRepo + "/blobs/" + std::string(40, 'a');
  fs_.Put(blob, "weights");
  fs_.Put(layout_->FinalPath(file), "rubbish");  // a client without links has put it there
  ASSERT_OK(layout_->Distrust(fs_, file));
  EXPECT_TRUE(fs_.Exists(blob));
  EXPECT_FALSE(fs_.Exists(layout_->FinalPath(file)));
  EXPECT_TRUE(Adopt(file));
}

}  // namespace
}  // namespace hfget::layout
