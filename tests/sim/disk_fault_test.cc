// A disk that fails: full, read-only, broken, altered by others. The pull pauses with the cause and goes on when it has gone.
#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/status_matchers.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::ErrorCause;
using core::PullState;
using ::testing::HasSubstr;
using Lose = MemoryFileSystem::Lose;

constexpr int kAlways = std::numeric_limits<int>::max();

class DiskFault : public ::testing::Test {
 protected:
  DiskFault() {
    world_.config.checkpoint_bytes = 4 * kMiB;
    world_.AddSource("official");
    repo_ = &world_.AddRepo();
    repo_->Add("big.bin", 40 * kMiB + 3);
    repo_->Add("config.json", 700, /*lfs=*/false);
  }

  static std::string Folder() { return absl::StrCat(World::kCache, "/models--org--model"); }
  std::string Partial() const { return absl::StrCat(Folder(), "/.hfget/", repo_->files[0].hash().hex, ".partial"); }
  ByteCount sent() { return world_.DataHost("official").sent; }
  // Begins a pull and lets this much of it come.
  std::string PullUntil(ByteCount bytes) {
    const std::string id = world_.Pull(*repo_);
    EXPECT_TRUE(world_.RunUntil([&] { return sent() >= bytes; }));
    return id;
  }
  engine::PullSnapshot ExpectPaused(const std::string& id, const std::string& words) {
    EXPECT_TRUE(world_.RunUntil([&] { return world_.Get(id).state == PullState::kPaused; }, absl::Minutes(2)));
    engine::PullSnapshot pull = world_.Get(id);
    EXPECT_EQ(pull.error.cause, ErrorCause::kDisk);
    EXPECT_THAT(pull.error.message, HasSubstr(words));
    return pull;
  }
  void ExpectDone(const std::string& id) {
    const auto pull = world_.Finish(id, absl::Minutes(5));
    EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
    EXPECT_EQ(pull.error.message, "");
    world_.ExpectPublished(*repo_);
    world_.ExpectNoPartials();
    world_.ExpectQuiet();
    // What was called done is there after a power cut, too.
    world_.Kill(Lose::kUnsyncedEverything);
    world_.ExpectPublished(*repo_);
  }

  World world_;
  FakeRepo* repo_;
};

TEST_F(DiskFault, AFullDiskIsToldBeforeTheFirstByteAndWaitedFor) {
  world_.files.set_free_space(10 * kMiB);
  const std::string id = world_.Pull(*repo_);
  ExpectPaused(id, "40.0 MiB are needed and 10.0 MiB are free");
  EXPECT_EQ(sent(), 0);
  const int asked = world_.Hub("official").requests;
  world_.Run(absl::Minutes(10));
  EXPECT_EQ(world_.Hub("official").requests, asked) << "the hub is asked while the disk is full";
  world_.files.set_free_space(kGiB);
  EXPECT_TRUE(world_.RunUntil([&] { return world_.Get(id).state != PullState::kPaused; }, absl::Seconds(31)));
  ExpectDone(id);
}

TEST_F(DiskFault, ADiskThatFillsUpKeepsWhatIsThere) {
  const std::string id = PullUntil(20 * kMiB);
  world_.files.set_free_space(0);
  world_.files.Fail("PWrite", ".partial", absl::ResourceExhaustedError("write: No space left on device"), kAlways);
  const auto pull = ExpectPaused(id, "No space left on device; free some space: what is there is kept");
  EXPECT_GT(pull.done, 4 * kMiB);
  const ByteCount recorded = world_.recorded();
  EXPECT_GT(recorded, 4 * kMiB);
  world_.Run(absl::Minutes(5));
  EXPECT_EQ(world_.Get(id).state, PullState::kPaused);
  const ByteCount before = sent();
  world_.files.Mend();
  world_.files.set_free_space(kGiB);
  ExpectDone(id);
  EXPECT_LE(sent() - before, repo_->total() - recorded + kMiB);
}

TEST_F(DiskFault, AQuotaThatTheFreeSpaceDoesNotShowIsTriedSeldom) {
  world_.files.Fail("Allocate", ".partial", absl::ResourceExhaustedError("reserve: Disk quota exceeded"), kAlways);
  const std::string id = world_.Pull(*repo_);
  ExpectPaused(id, "quota");
  world_.files.ResetCalls();
  world_.Run(absl::Minutes(10));
  EXPECT_LE(world_.files.calls("Allocate"), 60);  // of two files
  EXPECT_EQ(sent(), 0);
  world_.files.Mend();
  ExpectDone(id);
}

TEST_F(DiskFault, ATransientErrorOfAnyCallIsNoMoreThanAPause) {
  for (const char* call : {"PWrite", "Sync", "PRead", "Rename", "Symlink", "SyncDirectory", "Allocate", "OpenForWrite",
                           "MakeDirectories", "WriteFileAtomically", "LStat", "TryLock", "Stat", "FreeSpace", "Remove"}) {
    for (const absl::Status& status : {absl::DataLossError("Input/output error"), absl::InternalError("Stale file handle"),
                                       absl::PermissionDeniedError("Read-only file system"),
                                       absl::ResourceExhaustedError("No space left on device")}) {
      for (const int times : {1, 3}) {
        SCOPED_TRACE(absl::StrCat(call, " ", status.ToString(), " ", times));
        World world(times);
        world.config.checkpoint_bytes = kMiB;
        world.AddSource("official");
        FakeRepo& repo = world.AddRepo();
        repo.Add("big.bin", 6 * kMiB + 3);
        repo.Add("config.json", 700, /*lfs=*/false);
        const std::string id = world.Pull(repo);
        ASSERT_TRUE(world.RunUntil([&] { return world.DataHost("official").sent >= 2 * kMiB; }));
        world.files.Fail(call, "", status, times);
        const auto pull = world.Finish(id, absl::Minutes(5));
        EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
        world.ExpectPublished(repo);
        world.ExpectNoPartials();
        world.ExpectQuiet();
        world.Kill(Lose::kUnsyncedEverything);
        world.ExpectPublished(repo);
        ASSERT_FALSE(HasFailure());
      }
    }
  }
}

TEST_F(DiskFault, WhatAFailedSyncMayHaveLostIsFetchedAgain) {
  const std::string id = PullUntil(10 * kMiB);
  const ByteCount recorded = world_.recorded();
  const ByteCount before = sent();
  world_.files.Fail("Sync", ".partial", absl::DataLossError("sync: Input/output error"));
  ExpectPaused(id, "cannot sync the partial file");
  ExpectDone(id);  // and the power cut at its end would show what was only believed to be there
  EXPECT_GE(sent() - before, 40 * kMiB - recorded - 8 * kMiB);
}

TEST_F(DiskFault, ABlockThatCannotBeReadBackIsFetchedAgainAlone) {
  world_.pace.write = absl::Milliseconds(40);  // pieces land out of order, and are read back for the hash
  world_.config.max_connections = 16;
  const std::string id = PullUntil(20 * kMiB);
  world_.files.Fail("PRead", ".partial", absl::DataLossError("read: Input/output error"), 2);
  ExpectDone(id);
  EXPECT_LE(sent(), repo_->total() + 6 * kMiB);
}

TEST_F(DiskFault, AReadOnlyDiskIsWaitedForOnceItWasWritable) {
  const std::string id = PullUntil(10 * kMiB);
  for (const char* call : {"PWrite", "Sync", "OpenForWrite", "WriteFileAtomically", "Rename"}) {
    world_.files.Fail(call, World::kCache, absl::PermissionDeniedError("Read-only file system"), kAlways);
  }
  ExpectPaused(id, "Read-only file system");
  const ByteCount before = sent();
  world_.Run(absl::Minutes(10));
  EXPECT_EQ(world_.Get(id).state, PullState::kPaused);
  EXPECT_EQ(sent(), before);
  world_.files.Mend();
  ExpectDone(id);
}

TEST_F(DiskFault, ATargetThatNeverWasWritableFails) {
  world_.files.Fail("WriteFileAtomically", World::kCache, absl::PermissionDeniedError("Permission denied"), kAlways);
  const auto pull = world_.Finish(world_.Pull(*repo_), absl::Minutes(1));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_EQ(pull.error.cause, ErrorCause::kDisk);
}

TEST_F(DiskFault, AFolderThatIsDeletedUnderneathIsMadeAgain) {
  const std::string id = PullUntil(20 * kMiB);
  world_.files.Drop(Folder());
  ExpectDone(id);
}

TEST_F(DiskFault, ACacheThatIsDeletedAtTheEndIsFetchedAgain) {
  const std::string id = PullUntil(39 * kMiB);
  world_.files.Drop(World::kCache);
  ExpectDone(id);
}

TEST_F(DiskFault, BytesAlteredByOthersAreFetchedAgainAlone) {
  world_.honest = false;
  const std::string id = PullUntil(20 * kMiB);
  world_.Run(absl::Milliseconds(100));
  world_.files.Alter(Partial(), 3 * kMiB + 5, "altered");  // the hash has passed it
  ExpectDone(id);
  EXPECT_LE(sent(), repo_->total() + 2 * kMiB);
  world_.Start();
  EXPECT_NE(world_.StateOf("official"), "quarantined");
}

TEST_F(DiskFault, BytesAlteredWhileTheDaemonWasAwayAreFetchedAgainAlone) {
  for (const bool stopped : {true, false}) {
    World world(stopped);
    world.honest = false;
    world.config.checkpoint_bytes = 4 * kMiB;
    world.AddSource("official");
    FakeRepo& repo = world.AddRepo();
    repo.Add("big.bin", 40 * kMiB + 3);
    const std::string id = world.Pull(repo);
    ASSERT_TRUE(world.RunUntil([&] { return world.DataHost("official").sent >= 20 * kMiB; }));
    if (stopped) {
      ASSERT_TRUE(world.Stop());
    }
    world.Kill();
    const ByteCount recorded = world.recorded();
    const ByteCount before = world.DataHost("official").sent;
    world.files.Alter(absl::StrCat(Folder(), "/.hfget/", repo.files[0].hash().hex, ".partial"), kMiB + 5, "altered");
    world.Start();
    EXPECT_EQ(world.Finish(id, absl::Minutes(5)).state, PullState::kDone);
    world.ExpectPublished(repo);
    EXPECT_LE(world.DataHost("official").sent - before, repo.total() - recorded + 3 * kMiB);
  }
}

TEST_F(DiskFault, AFileThatWasCutOffIsMadeWholeAgain) {
  world_.honest = false;
  const std::string id = PullUntil(30 * kMiB);
  world_.files.Truncate(Partial(), 7 * kMiB);
  ExpectDone(id);
}

TEST_F(DiskFault, AnEqualPullTriesTheDiskAtOnce) {
  world_.files.set_free_space(10 * kMiB);
  const std::string id = world_.Pull(*repo_);
  ExpectPaused(id, "needed");
  world_.Run(absl::Minutes(3));
  world_.files.set_free_space(kGiB);
  const auto again = world_.StartPull(World::Spec(*repo_));
  ASSERT_OK(again.status());
  EXPECT_TRUE(again->joined);
  EXPECT_NE(again->pull.state, PullState::kPaused);
  ExpectDone(id);
}

TEST_F(DiskFault, APausedPullCanBeCancelledAndLeavesNothing) {
  const std::string id = PullUntil(20 * kMiB);
  world_.files.Fail("PWrite", ".partial", absl::ResourceExhaustedError("No space left on device"), kAlways);
  world_.files.set_free_space(0);
  ExpectPaused(id, "No space");
  EXPECT_EQ(world_.Cancel(id, /*discard=*/true).state, PullState::kCancelled);
  world_.Run(absl::Seconds(2));
  world_.ExpectNoPartials();
  world_.ExpectQuiet();
}

TEST_F(DiskFault, ARestartTriesAPausedPullAgain) {
  const std::string id = PullUntil(20 * kMiB);
  world_.files.set_free_space(0);
  world_.files.Fail("PWrite", ".partial", absl::ResourceExhaustedError("No space left on device"), kAlways);
  ExpectPaused(id, "No space");
  world_.Kill();  // which mends the disk
  world_.files.set_free_space(kGiB);
  world_.Start();
  ExpectDone(id);
}

// The pause was recorded as a state that the next run did not know: the pull was left where it was.
TEST_F(DiskFault, AStopAndAStartTakeAPausedPullUp) {
  const std::string id = PullUntil(20 * kMiB);
  world_.files.set_free_space(0);
  world_.files.Fail("PWrite", ".partial", absl::ResourceExhaustedError("No space left on device"), kAlways);
  ExpectPaused(id, "No space");
  ASSERT_TRUE(world_.Stop());
  world_.Kill();  // which mends the disk
  world_.files.set_free_space(kGiB);
  world_.Start();
  ExpectDone(id);
}

TEST_F(DiskFault, APausedPullKeepsNobodyElseWaiting) {
  world_.config.max_active_pulls = 1;
  world_.files.Fail("Allocate", "models--org--model", absl::ResourceExhaustedError("Disk quota exceeded"), kAlways);
  const std::string first = world_.Pull(*repo_);
  ExpectPaused(first, "quota");
  FakeRepo& other = world_.AddRepo("org/other");
  other.Add("weights.bin", 2 * kMiB);
  EXPECT_EQ(world_.Finish(world_.Pull(other), absl::Minutes(1)).state, PullState::kDone);
  world_.files.Mend();
  EXPECT_EQ(world_.Finish(first, absl::Minutes(2)).state, PullState::kDone);
}

}  // namespace
}  // namespace hfget::testing
