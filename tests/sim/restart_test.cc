// Ends that come too soon: kill -9, power cuts, SIGTERM, cancellation, locks held by others, full disks.
#include <memory>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/status_matchers.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::ErrorCause;
using core::PullState;
using Lose = MemoryFileSystem::Lose;

class Restart : public ::testing::Test {
 protected:
  Restart() {
    world_.config.checkpoint_bytes = 4 * kMiB;
    world_.AddSource("official");
    repo_ = &world_.AddRepo();
    repo_->Add("big.bin", 40 * kMiB + 3);
    repo_->Add("config.json", 700, /*lfs=*/false);
  }

  std::string Partial() const {
    return absl::StrCat(World::kCache, "/models--org--model/.hfget/", repo_->files[0].hash().hex, ".partial");
  }
  std::string Blob() const { return absl::StrCat(World::kCache, "/models--org--model/blobs/", repo_->files[0].hash().hex); }
  std::string Lock() const {
    return absl::StrCat(World::kCache, "/.locks/models--org--model/", repo_->files[0].hash().hex, ".lock");
  }
  std::string PullUntil(ByteCount received) {
    const std::string id = world_.Pull(*repo_);
    EXPECT_TRUE(world_.RunUntil([&] { return world_.DataHost("official").sent >= received; }));
    return id;
  }
  void ExpectDone(const std::string& id) {
    const auto pull = world_.Finish(id, absl::Minutes(5));
    EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
    world_.ExpectPublished(*repo_);
    world_.ExpectNoPartials();
    world_.ExpectQuiet();
  }
  // What the data host sends from now on, as soon as the pull is through.
  ByteCount SentToFinish(const std::string& id) {
    const ByteCount before = world_.DataHost("official").sent;
    ExpectDone(id);
    return world_.DataHost("official").sent - before;
  }

  ByteCount PublishedBytes(const FakeRepo& repo) {
    ByteCount bytes = 0;
    for (const FakeFile& file : repo.files) {
      const std::string blobs = absl::StrCat(World::kCache, "/models--", absl::StrReplaceAll(repo.id.name, {{"/", "--"}}));
      if (world_.files.Exists(absl::StrCat(blobs, "/blobs/", file.hash().hex))) bytes += file.content.size();
    }
    return bytes;
  }

  World world_;
  FakeRepo* repo_;
};

TEST_F(Restart, FetchesNothingAgainThatWasRecorded) {
  const std::string id = PullUntil(25 * kMiB);
  world_.Kill();
  const ByteCount recorded = world_.recorded();
  EXPECT_GE(recorded, 12 * kMiB);  // the rest: a piece a connection, and what came since the last checkpoint
  world_.Start();
  EXPECT_LE(SentToFinish(id), repo_->total() - recorded);
}

TEST_F(Restart, ManyFilesTogetherLoseNoMoreThanOneAlone) {
  world_.config.checkpoint_bytes = 8 * kMiB;
  world_.config.checkpoint_interval = absl::Hours(1);
  world_.Config("official").max_connections = 16;
  world_.DataHost("official").connection_rate = 2 * kMiB;
  FakeRepo& many = world_.AddRepo("org/many");
  for (int i = 0; i < 16; ++i) many.Add(absl::StrCat("shard-", i), 7 * kMiB);
  world_.Pull(many);
  EXPECT_TRUE(world_.RunUntil([&] { return world_.DataHost("official").sent >= 60 * kMiB; }));
  world_.Kill();
  // The rest: what came since the last checkpoint, and during it, and a piece a connection.
  EXPECT_GE(world_.recorded() + PublishedBytes(many), (60 - 8 - 8 - 16) * kMiB);
}

TEST_F(Restart, ComesBackFromAPowerCut) {
  for (const Lose lose : {Lose::kUnsyncedData, Lose::kUnsyncedEverything}) {
    PullUntil(world_.DataHost("official").sent + 9 * kMiB);
    world_.Kill(lose);
    world_.Start();
  }
  ExpectDone(world_.Pull(*repo_));
}

TEST_F(Restart, GoesOnByItselfAsOftenAsItIsKilled) {
  world_.DataHost("official").connection_rate = 2 * kMiB;
  std::string id = world_.Pull(*repo_);
  for (int i = 0; i < 30; ++i) {
    world_.Run(absl::Milliseconds(37 * i));
    world_.Kill();
    world_.Start();
  }
  ExpectDone(id);
}

TEST_F(Restart, StopsInTimeAndLosesNothing) {
  const std::string id = PullUntil(25 * kMiB);
  ASSERT_TRUE(world_.Stop());
  const auto started = world_.StartPull(World::Spec(*repo_));
  EXPECT_THAT(started, HasCode(absl::StatusCode::kUnavailable));
  world_.Kill();
  // Whole pieces that had arrived; what was in the midst of one is lost.
  EXPECT_GE(world_.recorded(), 25 * kMiB - 16 * kMiB / 2);
  const ByteCount recorded = world_.recorded();
  world_.Start();
  EXPECT_LE(SentToFinish(id), repo_->total() - recorded);
}

TEST_F(Restart, StopsAtAnyMoment) {
  for (int ms = 0; ms < 2400; ms += 60) {
    World world(ms + 1);
    world.AddSource("official");
    FakeRepo& repo = world.AddRepo();
    repo.Add("big.bin", 12 * kMiB);
    for (int i = 0; i < 12; ++i) repo.Add(absl::StrCat("f", i), 100 + i, i % 2);
    const std::string id = world.Pull(repo);
    world.Run(absl::Milliseconds(ms));
    EXPECT_TRUE(world.Stop()) << "after " << ms << " ms";
    world.Kill();
    world.Start();
    EXPECT_EQ(world.Finish(id).state, PullState::kDone) << "after " << ms << " ms";
    world.ExpectPublished(repo);
    world.ExpectNoPartials();
    world.ExpectQuiet();
  }
}

TEST_F(Restart, ACancelledPullKeepsWhatIsThere) {
  const std::string id = PullUntil(25 * kMiB);
  EXPECT_EQ(world_.Cancel(id, /*discard=*/false).state, PullState::kCancelled);
  world_.Run(absl::Seconds(1));
  world_.ExpectQuiet();
  const ByteCount recorded = world_.recorded();
  EXPECT_GE(recorded, 16 * kMiB);
  EXPECT_LE(SentToFinish(world_.Pull(*repo_)), repo_->total() - recorded);
}

TEST_F(Restart, ADiscardedPullLeavesNothing) {
  const std::string id = PullUntil(25 * kMiB);
  world_.Cancel(id, /*discard=*/true);
  world_.Run(absl::Seconds(1));
  world_.ExpectQuiet();
  world_.ExpectNoPartials();
}

TEST_F(Restart, ADiscardedPullLeavesNothingOfEarlierRunsEither) {
  const std::string id = PullUntil(25 * kMiB);
  world_.Kill();
  auto held = world_.files.TryLock(Lock());  // so that it waits
  ASSERT_OK(held);
  world_.Start();
  world_.Run(absl::Milliseconds(500));
  world_.Cancel(id, /*discard=*/true);
  world_.Run(absl::Seconds(1));
  world_.ExpectQuiet();
  world_.ExpectNoPartials();
}

// At every moment, also while files are being opened or put in their places.
TEST_F(Restart, ACancelledPullCanBePulledAgainAtOnce) {
  for (const bool discard : {false, true}) {
    for (int step = 1; step < 900; step += 11) {
      World world(step);
      world.AddSource("official");
      FakeRepo& repo = world.AddRepo();
      repo.Add("big.bin", 5 * kMiB);
      repo.Add("small.bin", 500);
      const std::string first = world.Pull(repo);
      for (int i = 0; i < step; ++i) world.Step();
      world.Cancel(first, discard);
      const absl::Time begin = world.clock.Steady();
      const std::string second = world.Pull(repo);
      ASSERT_TRUE(world.RunUntil([&] { return core::IsTerminal(world.Get(second).state); }, absl::Minutes(1)))
          << "cancelled at step " << step;
      // It does not wait for a lock that is its own.
      EXPECT_LT(world.clock.Steady() - begin, absl::Seconds(2.5)) << "cancelled at step " << step;
      world.Run(absl::Seconds(1));
      EXPECT_EQ(world.Get(second).state, PullState::kDone);
      world.ExpectPublished(repo);
      world.ExpectNoPartials();
      world.ExpectQuiet();
    }
  }
}

TEST_F(Restart, ALockHeldByAnotherProgramIsWaitedFor) {
  auto held = world_.files.TryLock(Lock());
  ASSERT_OK(held);
  const std::string id = world_.Pull(*repo_);
  world_.Run(absl::Minutes(7));
  EXPECT_EQ(world_.Get(id).state, PullState::kFetching);
  EXPECT_EQ(world_.Get(id).files.at(0).state, engine::FileSnapshot::State::kLocked);
  held->reset();
  ExpectDone(id);
}

TEST_F(Restart, WhatWasRecordedOutlivesAWaitForALock) {
  const std::string id = PullUntil(25 * kMiB);
  world_.Kill();
  const ByteCount recorded = world_.recorded();
  auto held = world_.files.TryLock(Lock());
  world_.Start();
  world_.Run(absl::Seconds(3));
  world_.Cancel(id, /*discard=*/false);
  world_.Run(absl::Seconds(1));
  held->reset();
  EXPECT_LE(SentToFinish(world_.Pull(*repo_)), repo_->total() - recorded);
}

// The other program's blob is the whole one; ours is half a file, and must never take its place.
TEST_F(Restart, WhatTheHolderOfTheLockHasPublishedIsAdopted) {
  const std::string id = PullUntil(25 * kMiB);
  world_.Kill();
  auto held = world_.files.TryLock(Lock());
  ASSERT_OK(held);
  world_.Start();
  world_.Run(absl::Seconds(3));
  std::string bytes;
  const FakeContent& content = repo_->files[0].content;
  while (static_cast<ByteCount>(bytes.size()) < content.size()) {
    const absl::string_view more = content.View(bytes.size(), 64 * kKiB);
    bytes.append(more.data(), more.size());
  }
  world_.files.Put(Blob(), bytes);
  held->reset();
  EXPECT_LE(SentToFinish(id), 1000);
}

TEST_F(Restart, AStoreThatFailsPausesThePullAndAcceptsNoOther) {
  const std::string id = PullUntil(10 * kMiB);
  world_.store().failure = absl::InternalError("the store is broken");
  ASSERT_TRUE(world_.RunUntil([&] { return world_.Get(id).state == PullState::kPaused; }));
  EXPECT_EQ(world_.Get(id).error.cause, ErrorCause::kDisk);
  EXPECT_THAT(world_.Get(id).error.message, ::testing::HasSubstr("the store is broken"));
  FakeRepo& other = world_.AddRepo("org/other");
  other.Add("weights.bin", 2 * kMiB);
  repo_ = &world_.internet.content.repos[0];
  EXPECT_FALSE(world_.StartPull(World::Spec(other)).ok());
  world_.store().failure = absl::OkStatus();
  ExpectDone(id);
}

TEST_F(Restart, ARenameThatFailsKeepsTheVerifiedBytes) {
  const std::string id = PullUntil(10 * kMiB);
  world_.files.Fail("Rename", Blob(), absl::PermissionDeniedError("read-only"));
  ASSERT_TRUE(world_.RunUntil([&] { return world_.Get(id).state == PullState::kPaused; }));
  EXPECT_LE(SentToFinish(id), 700);
}

// The power goes in the middle of whatever the disk does, at each of its changes.
TEST_F(Restart, SurvivesAPowerCutAtEveryChangeOfTheDisk) {
  for (const Lose lose : {Lose::kUnsyncedData, Lose::kUnsyncedEverything}) {
    for (int changes = 1; changes < 70; ++changes) {
      World world(changes);
      world.config.checkpoint_bytes = kMiB;
      world.AddSource("official");
      FakeRepo& repo = world.AddRepo();
      repo.Add("big.bin", 3 * kMiB + 100);
      repo.Add("small.bin", 500);
      world.Start();
      world.files.LosePowerAfter(changes);
      world.Pull(repo);
      world.RunUntil([&] { return world.files.power_lost(); }, absl::Seconds(20));
      world.Kill(lose);
      world.Start();
      const auto pull = world.Finish(world.Pull(repo), absl::Minutes(2));
      EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message << ", after " << changes << " changes";
      world.ExpectPublished(repo);
      world.ExpectQuiet();
      ASSERT_FALSE(::testing::Test::HasFailure()) << "after " << changes << " changes";
    }
  }
}

}  // namespace
}  // namespace hfget::testing
