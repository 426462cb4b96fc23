// The map of a pull's pieces against what the simulated net has sent.
#include <algorithm>
#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::PullState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(PieceMap, SaysWhoBroughtAndWhoBringsWhat) {
  World world;
  for (const char* source : {"official", "tuna"}) {
    world.AddSource(source);
    world.DataHost(source).connection_rate = kMiB;
  }
  FakeRepo& repo = world.AddRepo();
  repo.Add("big.bin", 200 * kMiB);
  const std::string id = world.Pull(repo);
  ASSERT_TRUE(world.RunUntil([&] { return world.Get(id).fetched > 40 * kMiB; }));
  const engine::PieceMapSnapshot map = world.PieceMap(id);
  EXPECT_THAT(map.sources, ElementsAre("official", "tuna"));
  ASSERT_EQ(map.files.size(), 1u);
  EXPECT_EQ(map.files[0].path, "big.bin");
  ASSERT_EQ(map.files[0].cells.size(), 200u);
  std::map<std::string, ByteCount> brought;
  int in_flight = 0;
  for (const core::PieceCell& cell : map.files[0].cells) {
    in_flight += cell.in_flight;
    EXPECT_EQ(cell.source >= 0, cell.in_flight || cell.done_percent > 0);
    if (!cell.in_flight && cell.done_percent == 100) brought[map.sources[cell.source]] += kMiB;
  }
  EXPECT_GE(in_flight, 4);  // two sources of two connections and more
  for (const auto& share : world.Get(id).shares) {
    EXPECT_GT(brought[share.source], 0) << share.source;
    EXPECT_LE(brought[share.source], share.bytes) << share.source;
  }
}

TEST(PieceMap, HasNoMoreCellsThanWereAskedFor) {
  World world;
  world.AddSource("official");
  world.DataHost("official").connection_rate = kMiB;
  FakeRepo& repo = world.AddRepo();
  repo.Add("big.bin", 200 * kMiB);
  const std::string id = world.Pull(repo);
  ASSERT_TRUE(world.RunUntil([&] { return world.Get(id).fetched > 10 * kMiB; }));
  EXPECT_EQ(world.PieceMap(id, 7).files.at(0).cells.size(), 7u);
}

TEST(PieceMap, APullThatHasEndedHasNoFilesUnderWay) {
  World world;
  world.AddSource("official");
  FakeRepo& repo = world.AddRepo();
  repo.Add("big.bin", 3 * kMiB);
  const auto pull = world.Finish(world.Pull(repo));
  ASSERT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_THAT(world.PieceMap(pull.id).files, IsEmpty());
}

}  // namespace
}  // namespace hfget::testing
