// The power goes at every single event of a pull. Source: LevelDB's test of recovery from dropped unsynced data
// (reference/codebases.md), with unsynced names dropped as well.
#include <cstdlib>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::PullState;
using Lose = MemoryFileSystem::Lose;

struct Cut {
  Lose lose;
  bool records_survive;  // nobody has asked for them to be on the disk, and yet they are
};

class Power : public ::testing::TestWithParam<Cut> {
 protected:
  // So much happens in a pull of its own repo, in a world of its own.
  static std::unique_ptr<World> NewWorld(const Cut& cut) {
    auto world = std::make_unique<World>(7);
    world->records_survive = cut.records_survive;
    world->config.checkpoint_bytes = kMiB;
    world->config.checkpoint_interval = absl::Milliseconds(200);
    world->AddSource("official");
    FakeRepo& repo = world->AddRepo();
    repo.Add("weights/big.bin", 5 * kMiB + 100);
    repo.Add("small.bin", 500);
    repo.Add("config.json", 70, /*lfs=*/false);
    return world;
  }
};

// World::Kill looks at what is left: no record claims a byte that the disk has lost, nothing visible has wrong bytes.
TEST_P(Power, WhatIsLeftAfterACutAtAnyEventIsTrueAndGoesOn) {
  uint64_t events = 0;
  const char* const some = std::getenv("HFGET_POWER_EVERY");  // for slow builds: every so manieth event only
  const uint64_t every = some == nullptr ? 1 : std::strtoull(some, nullptr, 10);
  uint64_t cuts_after_the_end = 0;
  for (uint64_t cut_at = 1;; cut_at += every) {
    const std::unique_ptr<World> world = NewWorld(GetParam());
    FakeRepo& repo = world->internet.content.repos[0];
    world->Start();
    world->engine().StartPull(World::Spec(repo), [](absl::StatusOr<engine::PullStarted>) {});
    for (uint64_t i = 0; i < cut_at; ++i) world->Step();
    world->Kill(GetParam().lose);
    ASSERT_FALSE(HasFailure()) << "cut at event " << cut_at;
    const bool was_done = world->files.Exists(absl::StrCat(World::kCache, "/models--org--model/refs/main"));
    world->Start();
    const auto pull = world->Finish(world->Pull(repo), absl::Minutes(2));
    EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
    world->ExpectPublished(repo);
    world->ExpectNoPartials();
    world->ExpectQuiet();
    ASSERT_FALSE(HasFailure()) << "cut at event " << cut_at;
    events = cut_at;
    if (was_done && (cuts_after_the_end += every) > 20) break;
  }
  std::printf("cut at each of %d events\n", static_cast<int>(events));
  EXPECT_GT(events, 100u);
}

INSTANTIATE_TEST_SUITE_P(Cuts, Power,
                         ::testing::Values(Cut{Lose::kUnsyncedData, false}, Cut{Lose::kUnsyncedData, true},
                                           Cut{Lose::kUnsyncedEverything, false}, Cut{Lose::kUnsyncedEverything, true}));

}  // namespace
}  // namespace hfget::testing
