// What the engine counts: the figures of GetStats against what the simulated net and disk know to be true.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::Failure;
using core::PullState;
using ::testing::ElementsAre;
using ::testing::Pair;
using Kind = Fault::Kind;
using Where = Fault::Where;

const engine::SourceFigures& Of(const engine::Stats& stats, const std::string& name) {
  for (const engine::SourceFigures& source : stats.sources) {
    if (source.name == name) return source;
  }
  ADD_FAILURE() << "no source " << name;
  return stats.sources.front();
}

TEST(Stats, APullThatGoesWellLeavesItsBytesAndNothingUnderWay) {
  World world;
  world.AddSource("official");
  world.AddSource("tuna");
  FakeRepo& repo = world.AddRepo();
  repo.Add("big.bin", 30 * kMiB + 5);
  repo.Add("small.json", 700, /*lfs=*/false);
  const auto pull = world.Finish(world.Pull(repo));
  ASSERT_EQ(pull.state, PullState::kDone) << pull.error.message;
  world.Run(absl::Minutes(1));
  const engine::Stats stats = world.Stats();
  EXPECT_EQ(Of(stats, "official").counters.received_bytes + Of(stats, "tuna").counters.received_bytes, pull.fetched);
  for (const auto& share : pull.shares) EXPECT_EQ(Of(stats, share.source).counters.received_bytes, share.bytes) << share.source;
  EXPECT_GT(Of(stats, "official").counters.range_requests, 0);
  EXPECT_EQ(stats.counters.wasted_bytes, pull.wasted);
  EXPECT_EQ(stats.counters.published_bytes, repo.total());
  EXPECT_EQ(stats.counters.published_files, 2);
  EXPECT_EQ(stats.counters.verify_time.count(), 2);
  EXPECT_EQ(stats.counters.verify_failures, 0);
  EXPECT_GT(stats.counters.store_time.count(), 0);
  EXPECT_EQ(stats.counters.pulls_accepted, 1);
  EXPECT_THAT(stats.counters.pulls_ended, ElementsAre(Pair(PullState::kDone, 1)));
  EXPECT_THAT(stats.pulls, ElementsAre(Pair(PullState::kDone, 1)));
  // Of the moment.
  EXPECT_LT(Of(stats, "official").rate_bytes_per_sec, 1);
  EXPECT_EQ(Of(stats, "official").connections, 0);
  EXPECT_EQ(Of(stats, "official").state, "ok");
  EXPECT_EQ(stats.open_files, 0);
  EXPECT_EQ(stats.checkpoint_lag, absl::ZeroDuration());
  EXPECT_EQ(stats.buffer_bytes, world.buffers * kMiB);
  EXPECT_EQ(stats.buffer_bytes_used, 0);
}

TEST(Stats, WhileBytesComeTheMomentIsShown) {
  World world;
  world.AddSource("official");
  world.DataHost("official").connection_rate = kMiB;
  FakeRepo& repo = world.AddRepo();
  repo.Add("big.bin", 200 * kMiB);
  world.Pull(repo);
  engine::Stats stats;
  ASSERT_TRUE(world.RunUntil([&] {
    stats = world.Stats();
    return stats.buffer_bytes_used > 0 && Of(stats, "official").rate_bytes_per_sec > kMiB;
  }));
  EXPECT_GT(Of(stats, "official").connections, 1);
  EXPECT_TRUE(Of(stats, "official").latency);
  EXPECT_EQ(stats.open_files, 1);
  EXPECT_THAT(stats.pulls, ElementsAre(Pair(PullState::kFetching, 1)));
}

TEST(Stats, RetriesAreCountedByTheirCauseAtTheSourceThatFailed) {
  World world;
  world.AddSource("official");
  world.AddSource("tuna");
  world.DataHost("tuna").Add({.kind = Kind::kReset, .times = 2, .after = 100000});
  world.DataHost("tuna").Add({.kind = Kind::kStatus, .skip = 5, .times = 1, .status = 500});
  FakeRepo& repo = world.AddRepo();
  for (int i = 0; i < 40; ++i) repo.Add(absl::StrCat("f", i), 2 * kMiB);
  ASSERT_EQ(world.Finish(world.Pull(repo)).state, PullState::kDone);
  const engine::Stats stats = world.Stats();
  const engine::SourceCounters& tuna = Of(stats, "tuna").counters;
  EXPECT_EQ(tuna.range_retries.Get(Failure::kReset), 2);
  EXPECT_EQ(tuna.range_retries.Get(Failure::kServerError), 1);
  EXPECT_EQ(tuna.failures.Get(Failure::kReset), 2);
  EXPECT_EQ(Of(stats, "official").counters.range_retries.Get(Failure::kReset), 0);
}

TEST(Stats, AListingThatFailsIsAFailureAndNoRetryOfARange) {
  World world;
  world.AddSource("official");
  world.AddSource("tuna");
  world.Hub("official").Add({.kind = Kind::kRefuse, .where = Where::kListing});
  FakeRepo& repo = world.AddRepo();
  repo.Add("f", 1000);
  ASSERT_EQ(world.Finish(world.Pull(repo)).state, PullState::kDone);
  const engine::Stats stats = world.Stats();
  EXPECT_GT(Of(stats, "official").counters.failures.Get(Failure::kConnect), 0);
  EXPECT_EQ(Of(stats, "official").counters.range_retries.Get(Failure::kConnect), 0);
}

TEST(Stats, WrongBytesAreAVerifyFailureWasteAndAConviction) {
  World world;
  world.honest = false;
  world.AddSource("official");
  world.AddSource("tuna");
  world.DataHost("tuna").Add({.kind = Kind::kGarbage});
  FakeRepo& repo = world.AddRepo();
  for (int i = 0; i < 20; ++i) repo.Add(absl::StrCat("f", i), 300000 + i);
  const auto pull = world.Finish(world.Pull(repo));
  ASSERT_EQ(pull.state, PullState::kDone) << pull.error.message;
  const engine::Stats stats = world.Stats();
  EXPECT_GT(stats.counters.verify_failures, 0);
  EXPECT_GT(stats.counters.wasted_bytes, 0);
  EXPECT_EQ(stats.counters.wasted_bytes, pull.wasted);
  EXPECT_EQ(Of(stats, "tuna").state, "quarantined");
  EXPECT_GE(Of(stats, "tuna").convictions, 1);
}

TEST(Stats, CheckpointLagIsTheAgeOfTheOldestByteThatIsNotRecorded) {
  World world;
  world.config.checkpoint_interval = absl::Seconds(5);
  world.pace.sync = absl::Seconds(2);
  world.AddSource("official");
  world.DataHost("official").connection_rate = 2 * kMiB;
  world.DataHost("official").host_rate = 2 * kMiB;
  FakeRepo& repo = world.AddRepo();
  repo.Add("big.bin", 100 * kMiB);
  world.Pull(repo);
  absl::Duration longest;
  const absl::Time end = world.clock.Steady() + absl::Seconds(30);
  while (world.clock.Steady() < end) {
    world.Step();
    longest = std::max(longest, world.Stats().checkpoint_lag);
  }
  // Due after 5 s, and recorded only when the sync has ended: the bytes are at stake until then.
  EXPECT_GT(longest, absl::Seconds(5.9));
  EXPECT_LT(longest, absl::Seconds(8.5));
  const engine::Stats stats = world.Stats();
  EXPECT_GE(stats.counters.checkpoint_time.count(), 3);
  EXPECT_GT(stats.counters.checkpoint_time.sum_seconds() / stats.counters.checkpoint_time.count(), 0.9);
}

TEST(Stats, TheQueueIsThoseThatWaitAndTheAgeOfTheFirst) {
  World world;
  world.config.max_active_pulls = 1;
  world.AddSource("official");
  world.DataHost("official").host_rate = 100 * kKiB;
  world.AddRepo("org/a").Add("a.bin", 20 * kMiB);
  world.AddRepo("org/b").Add("b.bin", 20 * kMiB);
  world.AddRepo("org/c").Add("c.bin", 20 * kMiB);
  for (const FakeRepo& repo : {world.internet.content.repos[0], world.internet.content.repos[1], world.internet.content.repos[2]}) {
    world.Pull(repo);
    world.Run(absl::Seconds(3));
  }
  world.Run(absl::Seconds(4));
  const engine::Stats stats = world.Stats();
  EXPECT_EQ(stats.pulls.at(PullState::kQueued), 2);
  EXPECT_GT(stats.oldest_queued, absl::Seconds(9.5));
  EXPECT_LT(stats.oldest_queued, absl::Seconds(10.5));
  EXPECT_EQ(stats.max_active_pulls, 1);
}

TEST(Stats, JoinsFailuresAndCancellationsAreCountedAndDryRunsAreNot) {
  World world;
  world.AddSource("official");
  world.DataHost("official").host_rate = 100 * kKiB;
  FakeRepo& repo = world.AddRepo();
  repo.Add("a.bin", 20 * kMiB);
  const std::string id = world.Pull(repo);
  EXPECT_EQ(world.Pull(repo), id);
  world.Cancel(id, false);
  engine::PullSpec none = World::Spec(repo);
  none.repo.name = "org/none";
  EXPECT_EQ(world.Finish(world.Pull(none)).state, PullState::kFailed);
  engine::PullSpec dry = World::Spec(repo);
  dry.dry_run = true;
  EXPECT_EQ(world.Finish(world.Pull(dry)).state, PullState::kDone);
  const engine::Stats stats = world.Stats();
  EXPECT_EQ(stats.counters.pulls_accepted, 2);
  EXPECT_EQ(stats.counters.pulls_joined, 1);
  EXPECT_THAT(stats.counters.pulls_ended, ElementsAre(Pair(PullState::kFailed, 1), Pair(PullState::kCancelled, 1)));
  EXPECT_THAT(stats.counters.pulls_failed, ElementsAre(Pair(core::ErrorCause::kNotFound, 1)));
  EXPECT_THAT(stats.pulls, ElementsAre(Pair(PullState::kFailed, 1), Pair(PullState::kCancelled, 1)));
}

TEST(Stats, ConnectionsThatWaitForABufferAreCounted) {
  World world;
  world.buffers = 2;
  world.pace.write = absl::Milliseconds(400);
  world.AddSource("official");
  FakeRepo& repo = world.AddRepo();
  repo.Add("big.bin", 20 * kMiB);
  const std::string id = world.Pull(repo);
  ASSERT_TRUE(world.RunUntil([&] { return world.Stats().waiting_for_buffers > 0; }));
  EXPECT_EQ(world.Stats().buffer_bytes_used, 2 * kMiB);
  world.Finish(id);
  EXPECT_GT(world.Stats().counters.buffer_waits, 0);
  EXPECT_EQ(world.Stats().waiting_for_buffers, 0);
}

}  // namespace
}  // namespace hfget::testing
