#include "daemon/layout/modelscope_cache.h"

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
using ::testing::Not;
using ::testing::Optional;
using ::testing::StartsWith;
using Code = absl::StatusCode;

const std::string kCommit(40, 'c');
const std::string kOlder(40, 'b');
const std::string kRepo = "/ms/models/demo-scope--tiny-gpt2.v3";
const std::string kMaster = kRepo + "/snapshots/master/";
const std::string kState = kRepo + "/.hfget/";
const absl::Time kNow = absl::FromUnixSeconds(1800000000);  // after every time that the files have
const hub::RepoId kModel{hub::RepoType::kModel, "demo-scope/tiny-gpt2.v3"};

std::string Sha256(absl::string_view text) {
  disk::FileHasher hasher(ContentHash::Kind::kSha256, static_cast<ByteCount>(text.size()));
  hasher.Update(text);
  return hasher.Result().hex;
}

class ModelScopeCacheTest : public ::testing::Test {
 protected:
  ModelScopeCacheTest() { layout_ = New("master", kCommit); }

  std::unique_ptr<Layout> New(const std::string& revision, const std::string& commit,
                              hub::RepoId repo = kModel) {
    return NewModelScopeCacheLayout(
        "/ms", std::move(repo), revision, commit,
        [this](FileSystem& fs, const std::string& path, const ContentHash& like) {
          ++hashes_;
          return disk::HashFile(fs, path, like);
        },
        Sha256);
  }
  static hub::ManifestFile File(const std::string& path, const std::string& content) {
    hub::ManifestFile file;
    file.path = path;
    file.size = static_cast<ByteCount>(content.size());
    file.hash = ContentHash::FromHex(Sha256(content));
    return file;
  }
  void Download(const hub::ManifestFile& file, const std::string& content) {
    fs_.Put(layout_->PartialPath(file), content);
  }
  static std::string MetadataPath(const std::string& path) {
    return kState + "files/" + Sha256("master" + std::string(1, '\0') + path) + ".metadata";
  }
  void PutMetadata(const std::string& path, const std::string& commit, const std::string& etag,
                   absl::Time saved = kNow) {
    fs_.Put(MetadataPath(path), DownloadMetadata{commit, etag, saved}.ToText());
  }
  bool Adopt(const hub::ManifestFile& file) { return layout_->Adopt(fs_, file, kNow).value(); }
  bool IsPresent(const hub::ManifestFile& file) { return layout_->IsPresent(fs_, file).value(); }
  absl::Status Publish(const hub::ManifestFile& file) { return layout_->Publish(fs_, file, kNow); }
  std::string Metadata(const std::string& path) { return fs_.Content(MetadataPath(path)); }

  MemoryFileSystem fs_;
  int hashes_ = 0;
  std::unique_ptr<Layout> layout_;
};

TEST_F(ModelScopeCacheTest, PutsEverythingWhereTheSdkDoes) {
  const hub::ManifestFile file = File("onnx/model.onnx", "x");
  EXPECT_EQ(layout_->SnapshotPath(), kRepo + "/snapshots/master");
  EXPECT_EQ(layout_->FinalPath(file), kMaster + "onnx/model.onnx");
  // printf 'modelscope-hub-download-lock-v2\0file\0model\0…\0onnx/model.onnx' | sha256sum
  EXPECT_EQ(layout_->LockPath(file),
            "/ms/.lock/file_"
            "6bbfea77b2eb418dc6a09405a18f3a310e2320d3c70826977e9f63f71ff2892a.lock");
  const auto dataset = New("v1.0", kCommit, {hub::RepoType::kDataset, "demo-scope/rows"});
  EXPECT_EQ(dataset->FinalPath(file),
            "/ms/datasets/demo-scope--rows/snapshots/v1.0/onnx/model.onnx");
}

TEST_F(ModelScopeCacheTest, TheLockIsTheSameForEveryRevisionAndAnotherForEachFile) {
  const hub::ManifestFile file = File("f", "x");
  EXPECT_EQ(New("v1.0", kOlder)->LockPath(file), layout_->LockPath(file));
  EXPECT_NE(layout_->LockPath(File("g", "x")), layout_->LockPath(file));
  const auto dataset = New("master", kCommit, {hub::RepoType::kDataset, kModel.name});
  EXPECT_NE(dataset->LockPath(file), layout_->LockPath(file));
}

TEST_F(ModelScopeCacheTest, ABranchWithASlashIsAPath) {
  const auto branch = New("feature/x", kCommit);
  EXPECT_EQ(branch->SnapshotPath(), kRepo + "/snapshots/feature/x");
  const hub::ManifestFile file = File("f", "x");
  ASSERT_OK(branch->CheckWritable(fs_));
  fs_.Put(branch->PartialPath(file), "x");
  ASSERT_OK(branch->Publish(fs_, file, kNow));
  ASSERT_OK(branch->Finish(fs_, "feature/x", kCommit));
  EXPECT_EQ(fs_.Content(kRepo + "/snapshots/feature/x/f"), "x");
  EXPECT_THAT(branch->ReadRef(fs_, "feature/x"), Optional(kCommit));
}

TEST_F(ModelScopeCacheTest, PartialFilesAreTheirOwnForEachPlaceAndContent) {
  const std::string partial = layout_->PartialPath(File("f", "x"));
  EXPECT_THAT(partial, StartsWith(kState + "partial/"));
  EXPECT_NE(partial, layout_->PartialPath(File("g", "x")));
  EXPECT_NE(partial, layout_->PartialPath(File("f", "y")));
  EXPECT_NE(partial, New("v1.0", kCommit)->PartialPath(File("f", "x")));
  EXPECT_EQ(partial, New("master", kOlder)->PartialPath(File("f", "x"))) << "gone on with";
}

TEST_F(ModelScopeCacheTest, WithoutAHashAPartialFileIsOfOneCommit) {
  hub::ManifestFile file = File("f", "x");
  file.hash = {};
  EXPECT_NE(layout_->PartialPath(file), New("master", kOlder)->PartialPath(file));
}

TEST_F(ModelScopeCacheTest, PublishesFileAndMetadata) {
  const hub::ManifestFile file = File("sub/f.bin", "x");
  Download(file, "x");
  ASSERT_OK(Publish(file));
  ASSERT_OK(layout_->Finish(fs_, "master", kCommit));
  EXPECT_THAT(fs_.Tree(), ElementsAre(MetadataPath("sub/f.bin"), kState + "refs/master",
                                      kMaster + "sub/f.bin"));
  EXPECT_EQ(fs_.Content(kMaster + "sub/f.bin"), "x");
  EXPECT_EQ(Metadata("sub/f.bin"), kCommit + "\n" + file.hash.hex + "\n1800000000.000000\n");
  EXPECT_TRUE(IsPresent(file));
  EXPECT_EQ(hashes_, 0);
}

TEST_F(ModelScopeCacheTest, EqualContentAtTwoPathsIsTwoFiles) {
  const hub::ManifestFile one = File("one", "x"), two = File("two", "x");
  Download(one, "x");
  Download(two, "x");
  ASSERT_OK(Publish(one));
  ASSERT_OK(Publish(two));
  EXPECT_EQ(fs_.Content(kMaster + "one"), "x");
  EXPECT_EQ(fs_.Content(kMaster + "two"), "x");
}

// Neither while a file is under way nor after: the SDK takes what lies there for the repo's.
TEST_F(ModelScopeCacheTest, NothingOfOursIsEverBelowSnapshots) {
  const hub::ManifestFile file = File("sub/f", "x");
  ASSERT_OK(layout_->CheckWritable(fs_));
  EXPECT_FALSE(fs_.Exists(kRepo + "/snapshots"));
  hub::Manifest manifest;
  manifest.commit = kCommit;
  manifest.files = {file};
  ASSERT_OK(layout_->WriteTree(fs_, manifest));
  EXPECT_FALSE(Adopt(file));
  Download(file, "x");
  EXPECT_FALSE(fs_.Exists(kRepo + "/snapshots"));
  ASSERT_OK(Publish(file));
  ASSERT_OK(layout_->Finish(fs_, "master", kCommit));
  EXPECT_THAT(fs_.List(kRepo + "/snapshots").value(), ElementsAre("master"));
  EXPECT_THAT(fs_.List(kRepo + "/snapshots/master").value(), ElementsAre("sub"));
  EXPECT_THAT(fs_.List(kMaster + "sub").value(), ElementsAre("f"));
}

TEST_F(ModelScopeCacheTest, AFileOfTheSdkIsHashedOnce) {
  const hub::ManifestFile good = File("good", "x"), bad = File("bad", "x");
  fs_.Put(kMaster + "good", "x");
  fs_.Put(kMaster + "bad", "y");
  EXPECT_TRUE(IsPresent(good));
  EXPECT_TRUE(Adopt(good));
  EXPECT_FALSE(IsPresent(bad));
  EXPECT_FALSE(Adopt(bad));
  EXPECT_EQ(hashes_, 2);
  EXPECT_TRUE(New("master", kCommit)->IsPresent(fs_, good).value());
  EXPECT_EQ(hashes_, 2) << "the metadata is there now";
  EXPECT_EQ(fs_.Content(kMaster + "bad"), "y") << "replaced only by Publish";
}

TEST_F(ModelScopeCacheTest, AFileOfAnotherSizeIsNotHashed) {
  const hub::ManifestFile file = File("f", "x");
  fs_.Put(kMaster + "f", "longer");
  EXPECT_FALSE(Adopt(file));
  EXPECT_EQ(hashes_, 0);
}

TEST_F(ModelScopeCacheTest, AFileChangedAfterItsMetadataIsHashed) {
  const hub::ManifestFile file = File("f", "x");
  PutMetadata("f", kCommit, file.hash.hex, absl::FromUnixSeconds(1000));
  fs_.Put(kMaster + "f", "y");
  EXPECT_FALSE(Adopt(file));
  EXPECT_EQ(hashes_, 1);
}

TEST_F(ModelScopeCacheTest, WhenMasterMovesUnchangedFilesOnlyNeedMetadata) {
  const hub::ManifestFile file = File("f", "x");
  fs_.Put(kMaster + "f", "x");
  PutMetadata("f", kOlder, file.hash.hex);
  EXPECT_TRUE(Adopt(file));
  EXPECT_EQ(hashes_, 0);
  EXPECT_THAT(Metadata("f"), StartsWith(kCommit));
}

TEST_F(ModelScopeCacheTest, WhenMasterMovesAChangedFileIsReplaced) {
  const hub::ManifestFile file = File("f", "new");
  fs_.Put(kMaster + "f", "old");
  PutMetadata("f", kOlder, std::string(64, 'e'));
  EXPECT_FALSE(Adopt(file));
  EXPECT_EQ(hashes_, 0);
  EXPECT_EQ(fs_.Content(kMaster + "f"), "old") << "until the new one is complete";
  Download(file, "new");
  ASSERT_OK(Publish(file));
  EXPECT_EQ(fs_.Content(kMaster + "f"), "new");
  EXPECT_THAT(Metadata("f"), HasSubstr(file.hash.hex));
}

TEST_F(ModelScopeCacheTest, EachRevisionHasItsOwnFiles) {
  const hub::ManifestFile file = File("f", "x");
  Download(file, "x");
  ASSERT_OK(Publish(file));
  EXPECT_FALSE(New("v1.0", kCommit)->IsPresent(fs_, file).value());
}

TEST_F(ModelScopeCacheTest, ALinkCountsByWhatItPointsTo) {
  const hub::ManifestFile good = File("good", "x"), bad = File("bad", "x");
  const hub::ManifestFile gone = File("gone", "x");
  fs_.Put("/blobs/good", "x");
  fs_.Put("/blobs/bad", "y");
  ASSERT_OK(fs_.MakeDirectories(kRepo + "/snapshots/master"));
  for (const std::string name : {"good", "bad", "gone"})
    ASSERT_OK(fs_.Symlink("/blobs/" + name, kMaster + name));
  EXPECT_TRUE(Adopt(good));
  EXPECT_FALSE(Adopt(bad));
  EXPECT_FALSE(Adopt(gone));
}

TEST_F(ModelScopeCacheTest, ReplacesALinkNotWhatItPointsTo) {
  const hub::ManifestFile file = File("f", "new");
  fs_.Put("/blobs/f", "precious");
  ASSERT_OK(fs_.MakeDirectories(kRepo + "/snapshots/master"));
  ASSERT_OK(fs_.Symlink("/blobs/f", kMaster + "f"));
  Download(file, "new");
  ASSERT_OK(Publish(file));
  EXPECT_EQ(fs_.Content(kMaster + "f"), "new");
  EXPECT_FALSE(fs_.LStat(kMaster + "f")->is_symlink);
  EXPECT_EQ(fs_.Content("/blobs/f"), "precious");
}

TEST_F(ModelScopeCacheTest, NeverWritesThroughALinkedFolder) {
  const hub::ManifestFile file = File("sub/f", "new");
  ASSERT_OK(fs_.MakeDirectories("/elsewhere"));
  ASSERT_OK(fs_.MakeDirectories(kRepo + "/snapshots/master"));
  ASSERT_OK(fs_.Symlink("/elsewhere", kMaster + "sub"));
  const auto refused = StatusIs(Code::kFailedPrecondition,
                                AllOf(HasSubstr("symbolic link"), HasSubstr(kMaster + "sub")));
  EXPECT_THAT(layout_->Adopt(fs_, file, kNow), refused);
  Download(file, "new");
  EXPECT_THAT(Publish(file), refused);
  EXPECT_THAT(fs_.Tree(), Contains("/elsewhere/"));
}

TEST_F(ModelScopeCacheTest, ALinkedSnapshotFolderIsRefusedBeforeTheFirstByte) {
  ASSERT_OK(fs_.MakeDirectories("/elsewhere"));
  ASSERT_OK(fs_.MakeDirectories(kRepo + "/snapshots"));
  ASSERT_OK(fs_.Symlink("/elsewhere", kRepo + "/snapshots/master"));
  const auto refused = StatusIs(
      Code::kFailedPrecondition,
      AllOf(HasSubstr("symbolic link"), HasSubstr(kRepo + "/snapshots/master must be a real")));
  EXPECT_THAT(layout_->CheckWritable(fs_), refused);
  EXPECT_THAT(layout_->Adopt(fs_, File("f", "x"), kNow), refused);
  EXPECT_THAT(fs_.Tree(), Contains("/elsewhere/"));
}

TEST_F(ModelScopeCacheTest, TheLongestNamesHaveMetadataToo) {
  const hub::ManifestFile file = File(std::string(255, 'n'), "x");
  Download(file, "x");
  ASSERT_OK(Publish(file));
  EXPECT_TRUE(IsPresent(file));
  EXPECT_EQ(hashes_, 0);
}

TEST_F(ModelScopeCacheTest, PublishingAgainAfterACrashIsFine) {
  const hub::ManifestFile file = File("f", "x");
  fs_.Put(kMaster + "f", "x");  // renamed, but without metadata
  ASSERT_OK(Publish(file));
  EXPECT_THAT(Metadata("f"), StartsWith(kCommit));
  ASSERT_OK(Publish(file));
  EXPECT_THAT(Publish(File("never", "x")), HasCode(Code::kNotFound));
}

TEST_F(ModelScopeCacheTest, FinishKeepsTheCommitOfTheRevision) {
  EXPECT_EQ(layout_->ReadRef(fs_, "master"), std::nullopt);
  ASSERT_OK(New("master", kOlder)->Finish(fs_, "master", kOlder));
  ASSERT_OK(layout_->Finish(fs_, "master", kCommit));
  fs_.Crash();
  EXPECT_THAT(layout_->ReadRef(fs_, "master"), Optional(kCommit));
  EXPECT_EQ(layout_->ReadRef(fs_, "dev"), std::nullopt);
  EXPECT_EQ(layout_->ReadRef(fs_, "../refs/master"), std::nullopt);
}

TEST_F(ModelScopeCacheTest, ACommitHasNoRef) {
  ASSERT_OK(New(kCommit, kCommit)->Finish(fs_, kCommit, kCommit));
  EXPECT_THAT(fs_.Tree(), IsEmpty());
}

TEST_F(ModelScopeCacheTest, FinishLeavesWhatOthersHaveUnderWay) {
  Download(File("f", "x"), "x");
  ASSERT_OK(layout_->Finish(fs_, "master", kCommit));
  EXPECT_TRUE(fs_.Exists(layout_->PartialPath(File("f", "x"))));
}

TEST_F(ModelScopeCacheTest, KeepsAListingWithoutGitIds) {
  hub::Manifest manifest;
  manifest.commit = kCommit;
  manifest.files = {File("f", "x")};
  ASSERT_OK(layout_->WriteTree(fs_, manifest));
  EXPECT_TRUE(fs_.Exists(kState + "trees/" + kCommit + ".json"));
  const auto read = layout_->ReadTree(fs_, kCommit);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->repo, kModel);
  EXPECT_EQ(read->files[0].hash, manifest.files[0].hash);
  EXPECT_FALSE(layout_->ReadTree(fs_, kOlder).has_value());
}

TEST_F(ModelScopeCacheTest, CheckWritableLeavesNothingHalfMade) {
  fs_.Fail("WriteFileAtomically", "/ms", absl::PermissionDeniedError("denied"));
  EXPECT_THAT(layout_->CheckWritable(fs_),
              StatusIs(Code::kPermissionDenied, AllOf(HasSubstr("--cache-dir"), HasSubstr(kRepo))));
  EXPECT_THAT(fs_.Tree(), IsEmpty());
}

// A new file over an old one, the power lost after every single change, up to the ref: metadata
// never vouches for the wrong bytes, the SDK never sees half a file, and a second run completes it.
TEST_F(ModelScopeCacheTest, NoPowerLossMakesMetadataLie) {
  using Lose = MemoryFileSystem::Lose;
  const hub::ManifestFile before = File("f", "old"), after = File("f", "new");
  for (Lose lose : {Lose::kNothing, Lose::kUnsyncedData, Lose::kUnsyncedEverything}) {
    bool finished = false;
    for (int changes = 0; !finished; ++changes) {
      SCOPED_TRACE(absl::StrCat("after ", changes, " changes"));
      MemoryFileSystem fs;
      fs.Put(kMaster + "f", "old");
      fs.Put(MetadataPath("f"), DownloadMetadata{kOlder, before.hash.hex, kNow}.ToText());
      fs.Put(layout_->PartialPath(after), "new");
      fs.LosePowerAfter(changes);
      const bool published = layout_->Publish(fs, after, kNow).ok();
      finished = published && layout_->Finish(fs, "master", kCommit).ok();
      fs.Crash(lose);
      const std::string content = fs.Content(kMaster + "f");
      EXPECT_EQ(New("master", kCommit)->IsPresent(fs, after).value(), content == "new") << content;
      EXPECT_EQ(New("master", kOlder)->IsPresent(fs, before).value(), content == "old") << content;
      if (published) {
        EXPECT_EQ(content, "new");
      }
      EXPECT_THAT(fs.List(kRepo + "/snapshots/master").value(), ElementsAre("f"));
      if (layout_->ReadRef(fs, "master").has_value()) {
        EXPECT_TRUE(published);
      }
      ASSERT_OK(layout_->Publish(fs, after, kNow));
      ASSERT_OK(layout_->Finish(fs, "master", kCommit));
      EXPECT_EQ(fs.Content(kMaster + "f"), "new");
      EXPECT_THAT(layout_->ReadRef(fs, "master"), Optional(kCommit));
    }
  }
}

// The first file of a repo, whose folders are all new.
TEST_F(ModelScopeCacheTest, APublishedFileSurvivesEveryPowerLoss) {
  const hub::ManifestFile file = File("sub/f", "x");
  for (int changes = 0; changes < 30; ++changes) {
    SCOPED_TRACE(absl::StrCat("after ", changes, " changes"));
    MemoryFileSystem fs;
    fs.Put(layout_->PartialPath(file), "x");
    fs.LosePowerAfter(changes);
    const bool published = layout_->Publish(fs, file, kNow).ok();
    fs.Crash();
    const std::string content = fs.Content(kMaster + "sub/f");
    if (published || content != "<none>") {
      EXPECT_EQ(content, "x");
    }
    ASSERT_OK(layout_->Publish(fs, file, kNow));
    EXPECT_EQ(fs.Content(kMaster + "sub/f"), "x");
  }
}

TEST_F(ModelScopeCacheTest, NoCaveatWithoutAnOlderLayout) {
  Download(File("f", "x"), "x");
  ASSERT_OK(Publish(File("f", "x")));
  ASSERT_OK(fs_.MakeDirectories("/ms/models/demo-scope/tiny-gpt2___v3"));  // empty: not used
  fs_.Put("/ms/models/demo-scope/tiny-gpt2.v3/f", "x");                    // not that spelling
  fs_.Put("/ms/datasets/demo-scope/tiny-gpt2___v3/f", "x");                // another type
  EXPECT_EQ(ModelScopeCaveat(fs_, "/ms", kModel), std::nullopt);
}

TEST_F(ModelScopeCacheTest, ACaveatNamesTheOlderFolderThatTheSdkTakesFirst) {
  fs_.Put("/ms/hub/models/demo-scope/tiny-gpt2___v3/.msc", "");
  EXPECT_THAT(ModelScopeCaveat(fs_, "/ms", kModel),
              Optional(AllOf(HasSubstr("/ms/hub/models/demo-scope/tiny-gpt2___v3"),
                             HasSubstr("move that folder away"), Not(HasSubstr("\n")))));
  fs_.Put("/ms/models/demo-scope/tiny-gpt2___v3/f", "x");
  EXPECT_THAT(ModelScopeCaveat(fs_, "/ms", kModel),
              Optional(HasSubstr("/ms/models/demo-scope/tiny-gpt2___v3")));
  EXPECT_EQ(ModelScopeCaveat(fs_, "/ms", {hub::RepoType::kDataset, kModel.name}), std::nullopt);
}

TEST_F(ModelScopeCacheTest, TheOwnersDotsStayInTheOlderLayout) {
  fs_.Put("/ms/datasets/a.b/c___d/f", "x");
  EXPECT_THAT(ModelScopeCaveat(fs_, "/ms", {hub::RepoType::kDataset, "a.b/c.d"}),
              Optional(HasSubstr("/ms/datasets/a.b/c___d")));
}

TEST_F(ModelScopeCacheTest, TheOlderLayoutHasNoRepoWithoutAnOwner) {
  fs_.Put("/ms/models/bert/f", "x");
  EXPECT_EQ(ModelScopeCaveat(fs_, "/ms", {hub::RepoType::kModel, "bert"}), std::nullopt);
}

}  // namespace
}  // namespace hfget::layout
