// How close the race comes to the sum of all rates.
#include "gtest/gtest.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::PullState;

struct Line {
  const char* name;
  double mib_per_sec;  // of one connection
  int connections;
};

void AddLine(World& world, const Line& line) {
  world.AddSource(line.name);
  world.Config(line.name).max_connections = line.connections;
  world.DataHost(line.name).connection_rate = static_cast<ByteCount>(line.mib_per_sec * kMiB);
}

double Sum(const std::vector<Line>& lines) {
  double sum = 0;
  for (const Line& line : lines) sum += line.mib_per_sec * line.connections;
  return sum;
}

// Seconds that a file of `size` took over these lines, from the first byte asked for.
double Race(const std::vector<Line>& lines, ByteCount size, ByteCount* wasted) {
  World world;
  for (const Line& line : lines) AddLine(world, line);
  FakeRepo& repo = world.AddRepo();
  repo.Add("big.bin", size);
  const std::string id = world.Pull(repo);
  world.RunUntil([&] { return world.Get(id).state == PullState::kFetching; });
  const absl::Time begin = world.clock.Steady();
  EXPECT_TRUE(world.RunUntil([&] { return world.Get(id).state == PullState::kDone; }));
  *wasted = world.Get(id).wasted;
  return absl::ToDoubleSeconds(world.clock.Steady() - begin);
}

TEST(Rate, ThreeUnequalSourcesTakeLittleMoreThanTheSumOfTheirRates) {
  const std::vector<Line> lines = {{"official", 10, 4}, {"tuna", 5, 4}, {"pai", 0.5, 4}};
  const ByteCount size = 300 * kMiB;
  ByteCount wasted = 0;
  const double seconds = Race(lines, size, &wasted);
  EXPECT_LT(seconds, 1.15 * size / kMiB / Sum(lines));
  EXPECT_LT(wasted, size / 50);
}

TEST(Rate, OneSlowConnectionBesideAFastOneCostsNothing) {
  const std::vector<Line> lines = {{"official", 20, 1}, {"tuna", 0.1, 1}};
  const ByteCount size = 100 * kMiB;
  ByteCount wasted = 0;
  const double seconds = Race(lines, size, &wasted);
  EXPECT_LT(seconds, 1.15 * size / kMiB / Sum(lines));
}

TEST(Rate, ASharedLineIsFilled) {
  World world;
  world.AddSource("official");
  FakeHost& data = world.DataHost("official");
  data.connection_rate = 2 * kMiB;
  data.host_rate = 12 * kMiB;
  FakeRepo& repo = world.AddRepo();
  repo.Add("big.bin", 120 * kMiB);
  const absl::Time begin = world.clock.Steady();
  const std::string id = world.Pull(repo);
  ASSERT_TRUE(world.RunUntil([&] { return world.Get(id).state == PullState::kDone; }));
  EXPECT_LT(absl::ToDoubleSeconds(world.clock.Steady() - begin), 1.3 * 10);
  EXPECT_LE(data.peak_active, 16);
}

TEST(Rate, ManySmallFilesAreSpreadOverTheSources) {
  World world;
  for (const char* name : {"official", "tuna", "pai"}) world.AddSource(name);
  FakeRepo& repo = world.AddRepo();
  for (int i = 0; i < 300; ++i) repo.Add(absl::StrCat("f", i), 4000);
  EXPECT_EQ(world.Finish(world.Pull(repo)).state, PullState::kDone);
  for (const char* name : {"official", "tuna", "pai"}) EXPECT_GT(world.DataHost(name).requests, 50) << name;
}

}  // namespace
}  // namespace hfget::testing
