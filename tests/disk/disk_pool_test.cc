#include "daemon/disk/disk_pool.h"

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "daemon/disk/digest.h"
#include "daemon/disk/posix_file_system.h"
#include "gmock/gmock.h"
#include "tests/disk/temporary_folder.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::disk {
namespace {

using ::hfget::testing::HasCode;
using ::hfget::testing::MemoryFileSystem;
using ::hfget::testing::TemporaryFolder;
using ::testing::ElementsAre;
using Code = absl::StatusCode;

// Runs a completion where it is posted: enough for a test that only waits.
class InlineExecutor final : public Executor {
 public:
  void Post(Task task) override { task(); }
};

// The answer of an asynchronous call.
template <typename T>
class Answer {
 public:
  absl::AnyInvocable<void(T)> Done() {
    return [this](T value) {
      value_ = std::make_unique<T>(std::move(value));
      ready_.Notify();
    };
  }
  T& Get() {
    ready_.WaitForNotification();
    return *value_;
  }
  bool ready() const { return ready_.HasBeenNotified(); }

 private:
  std::unique_ptr<T> value_;
  absl::Notification ready_;
};

template <typename T>
using StatusAnswer = Answer<absl::StatusOr<T>>;

class DiskPoolTest : public ::testing::Test {
 protected:
  void Start(int threads = 2, bool sync = true) {
    disk_ = NewDiskPool({.threads = threads, .buffers = 8, .digest_key = "key", .sync = sync}, fs_,
                        executor_);
  }

  absl::StatusOr<Opened> Open(OpenPartialOptions options) {
    StatusAnswer<Opened> opened;
    disk_->OpenPartial(std::move(options), opened.Done());
    return opened.Get();
  }
  PartialId OpenNew(const std::string& path, ByteCount size) {
    OpenPartialOptions options;
    options.path = path;
    options.lock_path = path + ".lock";
    options.size = size;
    options.hash = ContentHash::FromHex(std::string(64, 'a'));
    return Open(std::move(options))->id;
  }
  Buffer Filled(char c, ByteCount size = kPieceBytes) {
    Buffer buffer = disk_->buffers().TryTake();
    buffer.Append(std::string(static_cast<size_t>(size), c));
    return buffer;
  }
  absl::StatusOr<WriteDone> Write(PartialId id, PieceIndex piece, char c) {
    StatusAnswer<WriteDone> done;
    disk_->Write(id, piece, Filled(c), done.Done());
    return done.Get();
  }
  absl::StatusOr<ContentHash> Finish(PartialId id) {
    StatusAnswer<ContentHash> done;
    disk_->FinishHash(id, done.Done());
    return done.Get();
  }
  absl::StatusOr<SyncDone> Sync(PartialId id) {
    StatusAnswer<SyncDone> done;
    disk_->Sync(id, done.Done());
    return done.Get();
  }
  absl::Status Close(PartialId id, bool remove) {
    Answer<absl::Status> done;
    disk_->ClosePartial(id, remove, done.Done());
    return done.Get();
  }
  // Keeps the pool's only thread busy until `gate` is notified.
  void Block(absl::Notification& gate) {
    disk_->Run(
        [&gate](FileSystem&) {
          gate.WaitForNotification();
          return absl::OkStatus();
        },
        [](absl::Status) {});
  }
  static std::string Sha256(const std::string& bytes) {
    FileHasher hasher(ContentHash::Kind::kSha256, static_cast<ByteCount>(bytes.size()));
    hasher.Update(bytes);
    return hasher.Result().hex;
  }

  MemoryFileSystem fs_;
  InlineExecutor executor_;
  std::unique_ptr<Disk> disk_;
};

TEST_F(DiskPoolTest, WritesHashesSyncsAndCloses) {
  Start();
  const PartialId id = OpenNew("/d/f", 2 * kPieceBytes);
  ASSERT_OK(Write(id, 1, 'b'));
  ASSERT_OK(Write(id, 0, 'a'));
  const auto hash = Finish(id);
  ASSERT_OK(hash);
  EXPECT_EQ(hash->hex, Sha256(std::string(kPieceBytes, 'a') + std::string(kPieceBytes, 'b')));
  EXPECT_EQ(Sync(id)->hashed_bytes, 2 * kPieceBytes);
  EXPECT_OK(Close(id, false));
  EXPECT_EQ(fs_.Content("/d/f").size(), static_cast<size_t>(2 * kPieceBytes));
  EXPECT_EQ(disk_->buffers().available(), 8);
}

TEST_F(DiskPoolTest, AnswersInOrderOnOneThread) {
  Start(/*threads=*/1);
  const PartialId id = OpenNew("/d/f", 3 * kPieceBytes);
  std::vector<std::string> order;
  absl::BlockingCounter left(3);
  absl::Notification gate;
  Block(gate);
  for (PieceIndex piece : {2, 0}) {
    disk_->Write(id, piece, Filled('a'), [&, piece](absl::StatusOr<WriteDone>) {
      order.push_back(absl::StrCat("write ", piece));
      left.DecrementCount();
    });
  }
  disk_->Sync(id, [&](absl::StatusOr<SyncDone> done) {
    order.push_back(absl::StrCat("sync ", done->hashed_bytes > 0));
    left.DecrementCount();
  });
  gate.Notify();
  left.Wait();
  EXPECT_THAT(order, ElementsAre("write 2", "write 0", "sync 1"));
}

// While one thread is in a file, the other one does something else.
TEST_F(DiskPoolTest, WritesOfOneFileDoNotKeepTwoThreads) {
  Start(2);
  const PartialId id = OpenNew("/d/f", 2 * kPieceBytes);
  const PartialId other = OpenNew("/d/g", kPieceBytes);
  absl::Notification gate;
  StatusAnswer<WriteDone> second;
  disk_->Write(id, 0, Filled('a'), [&gate](absl::StatusOr<WriteDone>) { gate.WaitForNotification(); });
  disk_->Write(id, 1, Filled('b'), second.Done());
  ASSERT_OK(Write(other, 0, 'c'));
  EXPECT_EQ(fs_.calls("PWrite"), 2);
  EXPECT_FALSE(second.ready());
  gate.Notify();
  ASSERT_OK(second.Get());
  EXPECT_EQ(fs_.calls("PWrite"), 3);
  EXPECT_OK(Finish(id));
  EXPECT_OK(Close(id, false));
}

TEST_F(DiskPoolTest, SyncAndFinishWaitForWritesAskedBefore) {
  fs_.Put("/d/other", "");
  Start(/*threads=*/1);
  const PartialId id = OpenNew("/d/f", kPieceBytes);
  absl::Notification gate;
  Block(gate);
  StatusAnswer<WriteDone> written;
  StatusAnswer<SyncDone> synced;
  StatusAnswer<ContentHash> hash;
  disk_->Write(id, 0, Filled('a'), written.Done());
  disk_->Sync(id, synced.Done());
  disk_->FinishHash(id, hash.Done());
  gate.Notify();
  ASSERT_OK(hash.Get());
  EXPECT_EQ(hash.Get()->hex, Sha256(std::string(kPieceBytes, 'a')));
  ASSERT_OK(synced.Get());
  fs_.Crash();
  EXPECT_TRUE(fs_.Content("/d/f") == std::string(kPieceBytes, 'a'));
}

TEST_F(DiskPoolTest, CloseWaitsForWritesAndThenRemoves) {
  Start(/*threads=*/1);
  const PartialId id = OpenNew("/d/f", 2 * kPieceBytes);
  absl::Notification gate;
  Block(gate);
  StatusAnswer<WriteDone> written;
  Answer<absl::Status> closed;
  disk_->Write(id, 1, Filled('a'), written.Done());
  disk_->ClosePartial(id, /*remove=*/true, closed.Done());
  EXPECT_FALSE(closed.ready());
  gate.Notify();
  EXPECT_OK(closed.Get());
  EXPECT_TRUE(written.ready());
  EXPECT_OK(written.Get());
  EXPECT_FALSE(fs_.Exists("/d/f"));
}

TEST_F(DiskPoolTest, CloseCutsAHashShort) {
  Start(/*threads=*/1);
  const PartialId id = OpenNew("/d/f", 64 * kPieceBytes);
  absl::Notification gate;
  Block(gate);
  StatusAnswer<ContentHash> hash;
  disk_->FinishHash(id, hash.Done());
  Answer<absl::Status> closed;
  disk_->ClosePartial(id, false, closed.Done());
  gate.Notify();
  EXPECT_OK(closed.Get());
  EXPECT_THAT(hash.Get(), HasCode(Code::kCancelled));
}

TEST_F(DiskPoolTest, RefusesAnIdThatIsNotOpen) {
  Start();
  const PartialId id = OpenNew("/d/f", kPieceBytes);
  ASSERT_OK(Close(id, false));
  EXPECT_THAT(Write(id, 0, 'a'), HasCode(Code::kFailedPrecondition));
  EXPECT_THAT(Finish(id), HasCode(Code::kFailedPrecondition));
  EXPECT_THAT(Sync(id), HasCode(Code::kFailedPrecondition));
  EXPECT_THAT(Close(id, false), HasCode(Code::kFailedPrecondition));
  StatusAnswer<Buffer> read;
  disk_->Read(id, 0, Buffer(), read.Done());
  EXPECT_THAT(read.Get(), HasCode(Code::kFailedPrecondition));
  disk_->ResetHash(id);
  EXPECT_EQ(disk_->buffers().available(), 8);
}

TEST_F(DiskPoolTest, AHashAfterAFailedSyncIsNotBelieved) {
  Start();
  const PartialId id = OpenNew("/d/f", kPieceBytes);
  ASSERT_OK(Write(id, 0, 'a'));
  fs_.Fail("Sync", "/d/f", absl::DataLossError("I/O error"));
  EXPECT_THAT(Sync(id), HasCode(Code::kDataLoss));
  EXPECT_THAT(Finish(id), HasCode(Code::kDataLoss));
}

TEST_F(DiskPoolTest, BlamedPiecesAreSubstitutedAndHashedAgain) {
  Start();
  const PartialId id = OpenNew("/d/f", 3 * kPieceBytes);
  for (PieceIndex piece = 0; piece < 3; ++piece)
    ASSERT_OK(Write(id, piece, piece == 1 ? 'X' : 'a'));
  const std::string want = Sha256(std::string(3 * kPieceBytes, 'a'));
  EXPECT_NE(Finish(id)->hex, want);
  disk_->ResetHash(id);
  ASSERT_OK(Write(id, 1, 'a'));
  EXPECT_EQ(Finish(id)->hex, want);
}

TEST_F(DiskPoolTest, CatchesUpAfterAResumeBeforeAnythingArrives) {
  fs_.Put("/d/f", std::string(3 * kPieceBytes, 'a'));
  Start();
  OpenPartialOptions options;
  options.path = "/d/f";
  options.size = 3 * kPieceBytes;
  options.hash = ContentHash::FromHex(std::string(64, 'a'));
  const auto first = Open(options);
  ASSERT_OK(first);
  for (PieceIndex piece : {1, 2}) ASSERT_OK(Write(first->id, piece, 'a'));
  options.identity = first->identity;
  ASSERT_OK(Close(first->id, false));
  options.landed = {{1, 3}};
  const auto second = Open(options);
  ASSERT_OK(second);
  ASSERT_TRUE(second->resumed);
  ASSERT_OK(Write(second->id, 0, 'a'));
  EXPECT_EQ(Finish(second->id)->hex, Sha256(std::string(3 * kPieceBytes, 'a')));
}

TEST_F(DiskPoolTest, RunsOtherWorkAndTellsItsStatus) {
  Start();
  Answer<absl::Status> done;
  disk_->Run([](FileSystem& fs) { return fs.Stat("/never").status(); }, done.Done());
  EXPECT_THAT(done.Get(), HasCode(Code::kNotFound));
}

TEST_F(DiskPoolTest, DestructionFinishesWritesAndCancelsHashes) {
  Start(/*threads=*/1);
  const PartialId id = OpenNew("/d/f", 64 * kPieceBytes);
  absl::Notification gate;
  Block(gate);
  StatusAnswer<WriteDone> written;
  StatusAnswer<ContentHash> hash;
  disk_->Write(id, 63, Filled('z'), written.Done());
  disk_->FinishHash(id, hash.Done());
  std::thread release([&] { gate.Notify(); });
  disk_.reset();
  release.join();
  ASSERT_TRUE(written.ready());
  EXPECT_OK(written.Get());
  ASSERT_TRUE(hash.ready());
  EXPECT_EQ(fs_.Content("/d/f").back(), 'z');
  EXPECT_NE(*fs_.TryLock("/d/f.lock"), nullptr) << "the lock is free again";
}

// Real files, all threads, all orders; the seed is printed when it fails.
TEST(DiskPoolOnDisk, ManyFilesInRandomOrderHaveTheRightHash) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937 random(seed);
  TemporaryFolder dir;
  PosixFileSystem fs;
  InlineExecutor executor;
  std::unique_ptr<Disk> disk =
      NewDiskPool({.threads = 3, .buffers = 6, .digest_key = "key", .sync = true}, fs, executor);

  struct Transfer {
    PartialId id;
    std::string path, content;
    std::vector<PieceIndex> order;
    StatusAnswer<ContentHash> hash;
  };
  std::vector<std::unique_ptr<Transfer>> transfers;
  for (ByteCount size :
       {ByteCount{0}, ByteCount{1}, kPieceBytes, 9 * kPieceBytes + 5, 12 * kPieceBytes}) {
    auto t = std::make_unique<Transfer>();
    t->path = dir / absl::StrCat("f", size);
    t->content.resize(size);
    for (char& c : t->content) c = static_cast<char>(random());
    for (PieceIndex piece = 0; piece < PieceCount(size); ++piece) t->order.push_back(piece);
    std::shuffle(t->order.begin(), t->order.end(), random);
    OpenPartialOptions options;
    options.path = t->path;
    options.size = size;
    options.hash = ContentHash::FromHex(std::string(64, 'a'));
    StatusAnswer<Opened> opened;
    disk->OpenPartial(options, opened.Done());
    ASSERT_OK(opened.Get());
    t->id = opened.Get()->id;
    transfers.push_back(std::move(t));
  }
  for (size_t step = 0; step < 13; ++step) {
    for (auto& t : transfers) {
      if (step >= t->order.size()) continue;
      const ByteRange range = BytesOf({t->order[step], t->order[step] + 1}, t->content.size());
      Buffer buffer;
      while (!(buffer = disk->buffers().TryTake())) std::this_thread::yield();
      buffer.Append(absl::string_view(t->content).substr(range.begin, range.size()));
      disk->Write(t->id, t->order[step], std::move(buffer),
                  [](absl::StatusOr<WriteDone> done) { EXPECT_OK(done); });
      if (random() % 4 == 0) {
        disk->Sync(t->id, [](absl::StatusOr<SyncDone> done) { EXPECT_OK(done); });
      }
    }
  }
  for (auto& t : transfers) disk->FinishHash(t->id, t->hash.Done());
  for (auto& t : transfers) {
    ASSERT_OK(t->hash.Get());
    EXPECT_EQ(t->hash.Get()->hex, *HashFile(fs, t->path, *t->hash.Get()));
    EXPECT_TRUE(*fs.ReadFile(t->path, 100 * kMiB) == t->content);
  }
  disk.reset();
}

TEST_F(DiskPoolTest, FindsDamageAfterTheWritesThatWereAskedFor) {
  Start();
  const PartialId id = OpenNew("/x.partial", 100 * kPieceBytes);
  std::vector<ExpectedPiece> expected;
  for (PieceIndex piece = 0; piece < 100; ++piece) {
    StatusAnswer<WriteDone> done;
    disk_->Write(id, piece, Filled('a'), done.Done());
    expected.push_back({piece, done.Get()->digest});
  }
  fs_.Alter("/x.partial", 70 * kPieceBytes, "x");
  StatusAnswer<std::vector<PieceIndex>> damaged;
  disk_->FindDamage(id, expected, damaged.Done());
  EXPECT_THAT(*damaged.Get(), ElementsAre(70));
  StatusAnswer<std::vector<PieceIndex>> closed;
  disk_->FindDamage(id + 1, expected, closed.Done());
  EXPECT_THAT(closed.Get(), HasCode(Code::kFailedPrecondition));
}

}  // namespace
}  // namespace hfget::disk
