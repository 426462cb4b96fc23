#include "daemon/disk/partial_file.h"

#include <memory>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::disk {
namespace {

using ::hfget::testing::HasCode;
using ::hfget::testing::MemoryFileSystem;
using ::hfget::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Code = absl::StatusCode;

class PartialFileTest : public ::testing::Test {
 protected:
  PartialFileTest() {
    options_.path = "/repo/.hfget/x.partial";
    options_.lock_path = "/locks/x.lock";
    options_.size = 3 * kPieceBytes;
    options_.hash = ContentHash::FromHex(std::string(64, 'a'));
  }

  absl::StatusOr<std::unique_ptr<PartialFile>> Open(bool sync = true) {
    return PartialFile::Open(fs_, options_, digester_, sync);
  }
  Buffer Filled(char c, ByteCount size = kPieceBytes) {
    Buffer buffer = pool_.TryTake();
    buffer.Append(std::string(static_cast<size_t>(size), c));
    return buffer;
  }
  static void Hash(PartialFile& file) {
    if (!file.hash().TryTakeTurn()) return;
    while (file.HashSome(8)) {
    }
  }
  void Land(PartialFile& file, PieceIndex piece, char c) {
    ASSERT_OK(file.Write(piece, Filled(c)));
    Hash(file);
  }
  // What the engine stores after a sync.
  void Record(const PartialFile& file, const SyncDone& done) {
    options_.identity = file.identity();
    options_.hashed_bytes = done.hashed_bytes;
    options_.hash_state = done.hash_state;
  }

  // A file with one piece, closed as its record has it.
  void CloseRecorded() {
    auto file = *Open();
    Land(*file, 0, 'a');
    const SyncDone done = *file->Sync();
    Record(*file, done);
    options_.modified = done.modified;
    ASSERT_OK(file->Close(false));
  }

  MemoryFileSystem fs_;
  BufferPool pool_{8};
  PieceDigester digester_{"key"};
  OpenPartialOptions options_;
};

TEST_F(PartialFileTest, BeginsWithAnAllocatedFile) {
  const auto file = Open();
  ASSERT_OK(file);
  EXPECT_FALSE((*file)->resumed());
  EXPECT_EQ(fs_.Content(options_.path).size(), static_cast<size_t>(options_.size));
}

TEST_F(PartialFileTest, AnswersTheDigestOfThePiece) {
  const auto file = Open();
  ASSERT_OK(file);
  const auto done = (*file)->Write(1, Filled('b'));
  ASSERT_OK(done);
  EXPECT_EQ(done->digest, digester_(std::string(kPieceBytes, 'b')));
  const auto back = (*file)->Read(1, pool_.TryTake());
  ASSERT_OK(back);
  EXPECT_TRUE(back->view() == std::string(kPieceBytes, 'b'));
}

TEST_F(PartialFileTest, RefusesBytesThatAreNotThePiece) {
  options_.size = 2 * kPieceBytes + 5;
  const auto file = Open();
  ASSERT_OK(file);
  EXPECT_THAT((*file)->Write(0, Filled('a', 5)), HasCode(Code::kInvalidArgument));
  EXPECT_THAT((*file)->Write(2, Filled('a')), HasCode(Code::kInvalidArgument));
  EXPECT_THAT((*file)->Write(3, Filled('a')), HasCode(Code::kInvalidArgument));
  EXPECT_THAT((*file)->Write(-1, Filled('a')), HasCode(Code::kInvalidArgument));
  EXPECT_OK((*file)->Write(2, Filled('a', 5)));
  EXPECT_EQ(pool_.available(), 8) << "none is lost";
}

TEST_F(PartialFileTest, WaitsForNobodyWhoHoldsTheLock) {
  const auto other = fs_.TryLock(options_.lock_path);
  EXPECT_THAT(Open(), StatusIs(Code::kUnavailable, HasSubstr("/locks/x.lock")));
  EXPECT_FALSE(fs_.Exists("/repo")) << "nothing is touched without the lock";
}

TEST_F(PartialFileTest, ReleasesTheLockWhenClosed) {
  {
    const auto file = Open();
    ASSERT_OK(file);
    EXPECT_THAT(Open(), HasCode(Code::kUnavailable));
    ASSERT_OK((*file)->Close(false));
  }
  EXPECT_OK(Open());
  EXPECT_TRUE(fs_.Exists(options_.path));
}

TEST_F(PartialFileTest, CloseCanRemoveFileAndFolder) {
  ASSERT_OK((*Open())->Close(true));
  EXPECT_FALSE(fs_.Exists("/repo/.hfget"));
  EXPECT_TRUE(fs_.Exists("/locks/x.lock")) << "lock files are kept";
}

TEST_F(PartialFileTest, AFullDiskLeavesNothingBehind) {
  fs_.set_free_space(options_.size - 1);
  EXPECT_THAT(Open(), HasCode(Code::kResourceExhausted));
  EXPECT_FALSE(fs_.Exists("/repo/.hfget"));
  fs_.set_free_space(options_.size);
  EXPECT_OK(Open()) << "the lock was released";
}

TEST_F(PartialFileTest, ResumesWhereTheRecordStands) {
  fs_.Put("/repo/.hfget/another.partial", "");  // the folder is durable; its layout sees to that
  {
    const auto file = Open();
    ASSERT_OK(file);
    Land(**file, 0, 'a');
    Land(**file, 1, 'b');
    const auto done = (*file)->Sync();
    ASSERT_OK(done);
    EXPECT_EQ(done->hashed_bytes, 2 * kPieceBytes);
    Record(**file, *done);
  }
  fs_.Crash();
  fs_.ResetCalls();
  const auto file = Open();
  ASSERT_OK(file);
  EXPECT_TRUE((*file)->resumed());
  EXPECT_EQ((*file)->identity(), options_.identity);
  Land(**file, 2, 'c');
  (*file)->hash().Finish();
  FileHasher want(ContentHash::Kind::kSha256, options_.size);
  for (char c : {'a', 'b', 'c'}) want.Update(std::string(kPieceBytes, c));
  EXPECT_EQ(**(*file)->hash().TakeResult(), want.Result());
  EXPECT_EQ(fs_.calls("PRead"), 0) << "the state was taken up, nothing was hashed again";
}

TEST_F(PartialFileTest, AStateThatDoesNotFitCostsAReadNotTheBytes) {
  {
    const auto file = Open();
    ASSERT_OK(file);
    for (PieceIndex piece = 0; piece < 3; ++piece) Land(**file, piece, 'a');
    const auto done = (*file)->Sync();
    ASSERT_OK(done);
    Record(**file, *done);
  }
  options_.hash_state.back() ^= 1;
  options_.hash_state.pop_back();
  const auto file = Open();
  ASSERT_OK(file);
  EXPECT_TRUE((*file)->resumed());
  Hash(**file);
  (*file)->hash().Finish();
  FileHasher want(ContentHash::Kind::kSha256, options_.size);
  want.Update(std::string(3 * kPieceBytes, 'a'));
  EXPECT_EQ(**(*file)->hash().TakeResult(), want.Result());
}

TEST_F(PartialFileTest, AnotherFileOfTheSameNameIsBegunAnew) {
  {
    const auto file = Open();
    ASSERT_OK(file);
    Land(**file, 0, 'a');
    Record(**file, *(*file)->Sync());
  }
  ASSERT_OK(fs_.Remove(options_.path));
  fs_.Put(options_.path, std::string(options_.size, 'x'));
  const auto file = Open();
  ASSERT_OK(file);
  EXPECT_FALSE((*file)->resumed());
  EXPECT_NE((*file)->identity(), options_.identity);
  EXPECT_EQ((*file)->hash().Get().hashed_bytes, 0);
  EXPECT_TRUE(fs_.Content(options_.path) == std::string(options_.size, '\0'));
}

TEST_F(PartialFileTest, AFileOfAnotherLengthIsBegunAnew) {
  Record(**Open(), {});
  ++options_.size;
  EXPECT_FALSE((*Open())->resumed());
  EXPECT_EQ(fs_.Content(options_.path).size(), static_cast<size_t>(options_.size));
}

TEST_F(PartialFileTest, APlantedLinkIsReplacedNotFollowed) {
  fs_.Put("/victim", "precious");
  ASSERT_OK(fs_.MakeDirectories("/repo/.hfget"));
  ASSERT_OK(fs_.Symlink("/victim", options_.path));
  const auto file = Open();
  ASSERT_OK(file);
  Land(**file, 0, 'a');
  EXPECT_EQ(fs_.Content("/victim"), "precious");
}

TEST_F(PartialFileTest, SyncMakesTheNameDurableOnce) {
  const auto file = Open();
  ASSERT_OK(file);
  ASSERT_OK((*file)->Sync());
  ASSERT_OK((*file)->Sync());
  EXPECT_EQ(fs_.calls("Sync"), 2);
  EXPECT_EQ(fs_.calls("SyncDirectory"), 1);
}

TEST_F(PartialFileTest, WithoutSyncTheDiskIsNotAsked) {
  const auto file = Open(/*sync=*/false);
  ASSERT_OK(file);
  Land(**file, 0, 'a');
  EXPECT_EQ((*file)->Sync()->hashed_bytes, kPieceBytes);
  EXPECT_EQ(fs_.calls("Sync") + fs_.calls("SyncDirectory"), 0);
}

TEST_F(PartialFileTest, AFailedSyncIsNeverTriedAgain) {
  const auto file = Open();
  ASSERT_OK(file);
  fs_.Fail("Sync", options_.path, absl::DataLossError("sync: I/O error"));
  EXPECT_THAT((*file)->Sync(), HasCode(Code::kDataLoss));
  EXPECT_THAT((*file)->Sync(), StatusIs(Code::kDataLoss, "sync: I/O error"));
  EXPECT_EQ(fs_.calls("Sync"), 1);
  EXPECT_THAT((*file)->health(), HasCode(Code::kDataLoss));
}

TEST_F(PartialFileTest, AFailedWriteDoesNotCountAsLanded) {
  const auto file = Open();
  ASSERT_OK(file);
  fs_.Fail("PWrite", options_.path, absl::ResourceExhaustedError("disk full"));
  EXPECT_THAT((*file)->Write(0, Filled('a')), HasCode(Code::kResourceExhausted));
  Hash(**file);
  EXPECT_EQ((*file)->hash().Get().hashed_bytes, 0);
  EXPECT_EQ(pool_.available(), 8);
}

TEST_F(PartialFileTest, PacesWriteback) {
  options_.size = 20 * kPieceBytes;
  const auto file = Open();
  ASSERT_OK(file);
  for (PieceIndex piece = 0; piece < 20; ++piece) Land(**file, piece, 'a');
  EXPECT_EQ(fs_.calls("StartWriteback"), 2) << "every 8 MiB";
}

TEST_F(PartialFileTest, AnEmptyFileHasAFileAndAHash) {
  options_.size = 0;
  options_.hash = ContentHash::FromHex("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  const auto file = Open();
  ASSERT_OK(file);
  (*file)->hash().Finish();
  EXPECT_EQ(**(*file)->hash().TakeResult(), options_.hash);
  ASSERT_OK((*file)->Sync());
  EXPECT_EQ(fs_.Content(options_.path), "");
}

// After a power loss at any moment, the bytes that the record speaks of are there.
TEST_F(PartialFileTest, StateNeverLeadsData) {
  const std::string content =
      std::string(kPieceBytes, 'a') + std::string(kPieceBytes, 'b') + std::string(kPieceBytes, 'c');
  fs_.Put("/repo/.hfget/another.partial", "");
  int resumed = 0;
  for (int changes = 0; changes < 30; ++changes) {
    fs_.Crash();
    ASSERT_OK(fs_.Remove(options_.path));
    options_.identity.clear();
    fs_.LosePowerAfter(changes);
    absl::StatusOr<std::unique_ptr<PartialFile>> file = Open();
    for (PieceIndex piece = 0; file.ok() && piece < 3; ++piece) {
      if (!(*file)->Write(piece, Filled("abc"[piece])).ok()) break;
      Hash(**file);
      const absl::StatusOr<SyncDone> done = (*file)->Sync();
      if (done.ok()) Record(**file, *done);
    }
    file = absl::UnknownError("closed");
    fs_.Crash();
    if (options_.identity.empty()) continue;
    ASSERT_TRUE(fs_.Content(options_.path).substr(0, options_.hashed_bytes) ==
                content.substr(0, options_.hashed_bytes))
        << "power lost after " << changes;
    ASSERT_TRUE((*Open())->resumed());
    ++resumed;
  }
  EXPECT_GT(resumed, 5);
}

TEST_F(PartialFileTest, ASyncSaysWhetherOthersWereAtTheFile) {
  auto file = *Open();
  Land(*file, 0, 'a');
  EXPECT_FALSE(file->Sync()->touched);
  fs_.Alter(options_.path, 5, "x");
  EXPECT_TRUE(file->Sync()->touched);
}

TEST_F(PartialFileTest, ASyncOfAFileWhoseNameIsGoneFails) {
  auto file = *Open();
  Land(*file, 0, 'a');
  fs_.Drop(options_.path);
  EXPECT_THAT(file->Sync(), HasCode(Code::kNotFound));
  EXPECT_THAT(file->Sync(), HasCode(Code::kNotFound));
}

TEST_F(PartialFileTest, AFileThatIsAsOldAsItsRecordIsBelieved) {
  CloseRecorded();
  const auto file = *Open();
  EXPECT_TRUE(file->resumed());
  EXPECT_FALSE(file->Sync()->touched);
}

TEST_F(PartialFileTest, AFileThatHasChangedSinceItsRecordIsNot) {
  CloseRecorded();
  fs_.Alter(options_.path, 5, "x");
  const auto file = *Open();
  EXPECT_TRUE(file->resumed());
  EXPECT_TRUE(file->Sync()->touched);
}

TEST_F(PartialFileTest, FindsThePiecesThatAreNotWhatWasWritten) {
  auto file = *Open();
  std::vector<ExpectedPiece> expected;
  for (const PieceIndex piece : {0, 1, 2}) expected.push_back({piece, file->Write(piece, Filled('a'))->digest});
  fs_.Alter(options_.path, kPieceBytes + 5, "x");
  std::string scratch(static_cast<size_t>(kPieceBytes), 0);
  EXPECT_TRUE(file->IsIntact(expected[0], absl::MakeSpan(scratch)));
  EXPECT_FALSE(file->IsIntact(expected[1], absl::MakeSpan(scratch)));
  fs_.Truncate(options_.path, 2 * kPieceBytes);
  EXPECT_FALSE(file->IsIntact(expected[2], absl::MakeSpan(scratch)));
  EXPECT_FALSE(file->IsIntact({99, {}}, absl::MakeSpan(scratch)));
}

}  // namespace
}  // namespace hfget::disk
