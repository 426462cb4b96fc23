// Sources that lie: the liar is found by evidence, and nobody else is.
#include "gtest/gtest.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::ErrorCause;
using core::PullState;
using Kind = Fault::Kind;

std::unique_ptr<World> MakeWorld(uint64_t seed, const std::vector<const char*>& names) {
  auto world = std::make_unique<World>(seed);
  world->honest = false;
  for (const char* name : names) {
    world->AddSource(name);
    world->DataHost(name).connection_rate = 2 * kMiB;
  }
  return world;
}

void ExpectDone(World& world, const FakeRepo& repo) {
  const auto pull = world.Finish(world.Pull(repo), absl::Minutes(5));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message << ", seed " << world.seed();
  world.ExpectPublished(repo);
  world.ExpectNoPartials();
  world.ExpectQuiet();
}

TEST(Blame, FindsTheOneThatFlipsAByteAndNoOther) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    auto world = MakeWorld(seed, {"official", "tuna", "pai"});
    for (ByteCount mib = 0; mib < 24; mib += 2) world->DataHost("tuna").Add({.kind = Kind::kFlip, .offset = mib * kMiB + 500});
    FakeRepo& repo = world->AddRepo();
    repo.Add("big.bin", 24 * kMiB + 99);
    ExpectDone(*world, repo);
    EXPECT_EQ(world->StateOf("tuna"), "quarantined") << "seed " << seed;
    EXPECT_NE(world->StateOf("official"), "quarantined") << "seed " << seed;
    EXPECT_NE(world->StateOf("pai"), "quarantined") << "seed " << seed;
    EXPECT_LT(world->received(), 2 * repo.total()) << "seed " << seed;
  }
}

TEST(Blame, FindsTheOneThatSendsGarbageInSmallFiles) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    auto world = MakeWorld(seed, {"official", "tuna", "pai"});
    world->DataHost("pai").Add({.kind = Kind::kGarbage});
    FakeRepo& repo = world->AddRepo();
    for (int i = 0; i < 40; ++i) repo.Add(absl::StrCat("f", i), 3000 + i);
    ExpectDone(*world, repo);
    EXPECT_EQ(world->StateOf("pai"), "quarantined") << "seed " << seed;
    EXPECT_EQ(world->StateOf("official"), "ok") << "seed " << seed;
    EXPECT_EQ(world->StateOf("tuna"), "ok") << "seed " << seed;
  }
}

TEST(Blame, FindsTwoLiarsAmongThree) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    auto world = MakeWorld(seed, {"official", "tuna", "pai"});
    world->DataHost("tuna").Add({.kind = Kind::kGarbage});
    world->DataHost("pai").Add({.kind = Kind::kGarbage});
    FakeRepo& repo = world->AddRepo();
    repo.Add("big.bin", 16 * kMiB);
    ExpectDone(*world, repo);
    EXPECT_EQ(world->StateOf("tuna"), "quarantined") << "seed " << seed;
    EXPECT_EQ(world->StateOf("pai"), "quarantined") << "seed " << seed;
    EXPECT_EQ(world->StateOf("official"), "ok") << "seed " << seed;
  }
}

// Its connections break in the middle of pieces, which others then finish: no innocent takes the blame.
TEST(Blame, NeverConvictsWhoFinishedALiarsPiece) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    auto world = MakeWorld(seed, {"official", "tuna"});
    world->DataHost("tuna").Add({.kind = Kind::kGarbage});
    world->DataHost("tuna").Add({.kind = Kind::kReset, .after = 1700000});
    FakeRepo& repo = world->AddRepo();
    repo.Add("big.bin", 16 * kMiB);
    ExpectDone(*world, repo);
    EXPECT_EQ(world->StateOf("official"), "ok") << "seed " << seed;
  }
}

// Connections break within a piece, so that one who went on with a liar's bytes may have to go on once more.
TEST(Blame, NeverConvictsWhoWentOnTwiceWithALiarsPiece) {
  for (uint64_t seed = 1; seed <= 24; ++seed) {
    auto world = MakeWorld(seed, {"official", "tuna", "pai"});
    world->DataHost("tuna").Add({.kind = Kind::kGarbage});
    for (const char* name : {"tuna", "pai"}) world->DataHost(name).Add({.kind = Kind::kReset, .after = 400000});
    FakeRepo& repo = world->AddRepo();
    repo.Add("big.bin", 16 * kMiB);
    ExpectDone(*world, repo);
    EXPECT_NE(world->StateOf("official"), "quarantined") << "seed " << seed;
    EXPECT_NE(world->StateOf("pai"), "quarantined") << "seed " << seed;
  }
}

TEST(Blame, ALiarStaysQuarantinedAfterARestart) {
  auto world = MakeWorld(1, {"official", "tuna"});
  world->DataHost("tuna").Add({.kind = Kind::kGarbage});
  FakeRepo& repo = world->AddRepo();
  repo.Add("big.bin", 16 * kMiB);
  ExpectDone(*world, repo);
  world->Kill();
  world->Start();
  EXPECT_EQ(world->StateOf("tuna"), "quarantined");
}

TEST(Blame, SaysCorruptWhenTheOnlySourceLies) {
  auto world = MakeWorld(1, {"official"});
  world->DataHost("official").Add({.kind = Kind::kFlip, .offset = 1000});
  FakeRepo& repo = world->AddRepo();
  repo.Add("big.bin", 8 * kMiB);
  const auto pull = world->Finish(world->Pull(repo), absl::Minutes(5));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_EQ(pull.error.cause, ErrorCause::kCorrupt) << pull.error.message;
  EXPECT_LE(world->DataHost("official").sent, 16 * kMiB);
  EXPECT_NE(world->StateOf("official"), "quarantined");  // there is no better copy to prove it by
  world->ExpectNoPartials();
  world->ExpectQuiet();
  // The worthless bytes are gone: when the source is well again, so is the pull.
  world->DataHost("official").faults.clear();
  EXPECT_EQ(world->Finish(world->Pull(repo)).state, PullState::kDone);
}

TEST(Blame, RecoversWhenTheOnlySourceLiedOnce) {
  auto world = MakeWorld(1, {"official"});
  world->DataHost("official").Add({.kind = Kind::kFlip, .times = 2, .offset = 1000});
  FakeRepo& repo = world->AddRepo();
  repo.Add("big.bin", 8 * kMiB);
  const auto pull = world->Finish(world->Pull(repo), absl::Minutes(5));
  EXPECT_TRUE(pull.state == PullState::kDone || pull.error.cause == ErrorCause::kCorrupt) << pull.error.message;
}

// What a liar sent before a restart is found by the recorded provenance.
TEST(Blame, FindsALiarWhoseBytesAreFromBeforeARestart) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    auto world = MakeWorld(seed, {"official", "tuna"});
    world->config.checkpoint_bytes = 2 * kMiB;
    world->DataHost("tuna").Add({.kind = Kind::kGarbage});
    FakeRepo& repo = world->AddRepo();
    repo.Add("big.bin", 24 * kMiB);
    const std::string id = world->Pull(repo);
    ASSERT_TRUE(world->RunUntil([&] { return world->recorded() > 12 * kMiB; }));
    world->Kill();
    world->Start();
    const auto pull = world->Finish(id, absl::Minutes(5));
    EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message << ", seed " << seed;
    world->ExpectPublished(repo);
    EXPECT_EQ(world->StateOf("tuna"), "quarantined") << "seed " << seed;
    EXPECT_NE(world->StateOf("official"), "quarantined") << "seed " << seed;
  }
}

}  // namespace
}  // namespace hfget::testing
