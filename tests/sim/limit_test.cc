// Limits that a user sets: on the rate and on the connections, of a pull, of a source, of the daemon.
#include <algorithm>

#include "gtest/gtest.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::PullState;

class Limit : public ::testing::Test {
 protected:
  Limit() {
    for (const char* name : {"official", "tuna"}) world_.AddSource(name);
    FakeRepo& repo = world_.AddRepo();
    repo.Add("weights.bin", 200 * kMiB);
    repo.Add("config.json", 600, /*lfs=*/false);
  }
  FakeRepo& repo() { return world_.internet.content.repos.front(); }

  // Over five seconds from the first megabyte on, so that neither the listing nor the burst counts. Units: bytes per second
  double RateOf(engine::PullSpec spec) {
    world_.Pull(std::move(spec));
    EXPECT_TRUE(world_.RunUntil([&] { return world_.received() > kMiB; }));
    const ByteCount before = world_.received();
    const absl::Time begin = world_.clock.Steady();
    world_.Run(absl::Seconds(5));
    return static_cast<double>(world_.received() - before) / absl::ToDoubleSeconds(world_.clock.Steady() - begin);
  }
  int MostConnections(const engine::PullSpec& spec) {
    int most = 0;
    const std::string id = world_.Pull(spec);
    EXPECT_TRUE(world_.RunUntil([&] {
      most = std::max(most, world_.engine().racer().connections());
      return core::IsTerminal(world_.Get(id).state);
    }));
    return most;
  }

  World world_;
};

constexpr double kRate = 3'000'000;

TEST_F(Limit, OfAPullHoldsWithinThreePercentOverFiveSeconds) {
  engine::PullSpec spec = World::Spec(repo());
  spec.max_bytes_per_sec = static_cast<ByteCount>(kRate);
  EXPECT_NEAR(RateOf(std::move(spec)), kRate, 0.03 * kRate);
}

TEST_F(Limit, OfTheDaemonHoldsOverAllSources) {
  world_.config.max_bytes_per_sec = static_cast<ByteCount>(kRate);
  EXPECT_NEAR(RateOf(World::Spec(repo())), kRate, 0.03 * kRate);
}

TEST_F(Limit, OfASourceHoldsOverAllItsConnections) {
  for (const char* name : {"official", "tuna"}) world_.Config(name).max_bytes_per_sec = static_cast<ByteCount>(kRate / 2);
  EXPECT_NEAR(RateOf(World::Spec(repo())), kRate, 0.03 * kRate);
}

TEST_F(Limit, TheLowestOneCounts) {
  world_.config.max_bytes_per_sec = static_cast<ByteCount>(2 * kRate);
  engine::PullSpec spec = World::Spec(repo());
  spec.max_bytes_per_sec = static_cast<ByteCount>(kRate);
  EXPECT_NEAR(RateOf(std::move(spec)), kRate, 0.03 * kRate);
}

TEST_F(Limit, AnEqualPullChangesIt) {
  engine::PullSpec slow = World::Spec(repo());
  slow.max_bytes_per_sec = 100'000;
  world_.Pull(slow);
  world_.Run(absl::Seconds(5));
  engine::PullSpec faster = World::Spec(repo());
  faster.max_bytes_per_sec = static_cast<ByteCount>(kRate);
  EXPECT_NEAR(RateOf(std::move(faster)), kRate, 0.03 * kRate);
}

TEST_F(Limit, IsRememberedOverARestart) {
  engine::PullSpec spec = World::Spec(repo());
  spec.max_bytes_per_sec = static_cast<ByteCount>(kRate);
  world_.Pull(spec);
  world_.Run(absl::Seconds(3));
  world_.Kill();
  world_.Start();
  world_.Run(absl::Seconds(2));
  const ByteCount before = world_.received();
  world_.Run(absl::Seconds(5));
  EXPECT_NEAR(static_cast<double>(world_.received() - before) / 5, kRate, 0.03 * kRate);
}

TEST_F(Limit, NothingIsRacedWhereItIsTheLimitThatTakesTime) {
  for (const bool daemons : {false, true}) {
    World world;
    for (const char* name : {"official", "tuna", "pai"}) world.AddSource(name);
    FakeRepo& small = world.AddRepo();
    small.Add("weights.bin", 5 * kMiB);
    engine::PullSpec spec = World::Spec(small);
    (daemons ? world.config.max_bytes_per_sec : spec.max_bytes_per_sec) = 500'000;
    const auto pull = world.Finish(world.Pull(std::move(spec)));
    EXPECT_EQ(pull.state, PullState::kDone);
    EXPECT_EQ(pull.wasted, 0);
  }
}

TEST_F(Limit, NobodyIsBlamedForIt) {
  engine::PullSpec spec = World::Spec(repo());
  spec.max_bytes_per_sec = 10'000'000;
  const auto pull = world_.Finish(world_.Pull(std::move(spec)));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_LE(pull.wasted, pull.total / 50);
  for (const auto& source : world_.SourceList()) {
    EXPECT_EQ(source.state, "ok") << source.name;
    EXPECT_EQ(source.stalls, 0) << source.name;
  }
  world_.ExpectQuiet();
}

TEST_F(Limit, OnConnectionsOfAPull) {
  engine::PullSpec spec = World::Spec(repo());
  spec.max_connections = 3;
  EXPECT_EQ(MostConnections(spec), 3);
  world_.ExpectPublished(repo());
}

TEST_F(Limit, OnConnectionsOfASource) {
  for (const char* name : {"official", "tuna"}) world_.Config(name).max_connections = 2;
  EXPECT_EQ(MostConnections(World::Spec(repo())), 4);
}

}  // namespace
}  // namespace hfget::testing
