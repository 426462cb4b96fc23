// Who is asked for the listing, and whose "no" counts.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::ErrorCause;
using core::PullState;
using ::testing::HasSubstr;
using Kind = Fault::Kind;
using Where = Fault::Where;

FakeRepo& AddRepo(World& world) {
  FakeRepo& repo = world.AddRepo();
  repo.Add("big.bin", 3 * kMiB);
  repo.Add("config.json", 600, /*lfs=*/false);
  return repo;
}

TEST(Listing, ComesFromAMirrorWhenTheOfficialHubIsBlocked) {
  for (const Fault& fault : {Fault{.kind = Kind::kRefuse, .where = Where::kAny},
                             Fault{.kind = Kind::kConnectTimeout, .where = Where::kAny},
                             Fault{.kind = Kind::kNoHead, .where = Where::kAny},
                             Fault{.kind = Kind::kStatus, .where = Where::kAny, .status = 502},
                             Fault{.kind = Kind::kHtml, .where = Where::kAny},
                             Fault{.kind = Kind::kStall, .where = Where::kAny, .after = 10},
                             Fault{.kind = Kind::kReset, .where = Where::kAny, .after = 10},
                             Fault{.kind = Kind::kRedirectLoop, .where = Where::kAny},
                             Fault{.kind = Kind::kOtherHub, .where = Where::kAny}}) {
    World world;
    world.AddSource("official").Add(fault);
    world.AddSource("tuna");
    const FakeRepo& repo = AddRepo(world);
    const absl::Time begin = world.clock.Steady();
    const auto pull = world.Finish(world.Pull(repo), absl::Minutes(3));
    EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
    EXPECT_EQ(pull.listing_source, "tuna");
    EXPECT_LT(world.clock.Steady() - begin, absl::Seconds(60)) << static_cast<int>(fault.kind);
    world.ExpectPublished(repo);
  }
}

TEST(Listing, NotFoundByTheAuthorityIsFinal) {
  World world;
  world.AddSource("official").lags_until = absl::InfiniteFuture();
  world.AddSource("tuna");
  const auto pull = world.Finish(world.Pull(AddRepo(world)));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_EQ(pull.error.cause, ErrorCause::kNotFound) << pull.error.message;
  EXPECT_EQ(world.Hub("tuna").requests, 0);
}

TEST(Listing, NotFoundByAMirrorIsNotFinal) {
  World world;
  world.AddSource("mirror").lags_until = absl::InfiniteFuture();
  world.AddSource("tuna");
  const auto pull = world.Finish(world.Pull(AddRepo(world)));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_EQ(pull.listing_source, "tuna");
}

TEST(Listing, NoSourceAtAllIsSaidSoon) {
  World world;
  for (const char* name : {"official", "tuna"}) world.AddSource(name).Add({.kind = Kind::kRefuse, .where = Where::kAny});
  const absl::Time begin = world.clock.Steady();
  const auto pull = world.Finish(world.Pull(AddRepo(world)));
  EXPECT_EQ(pull.error.cause, ErrorCause::kNoSource) << pull.error.message;
  EXPECT_LT(world.clock.Steady() - begin, absl::Seconds(30));
  EXPECT_LE(world.Hub("official").requests, 4);
}

TEST(Listing, IsBelievedOnlyOfTheAuthorityThatWasNamed) {
  World world;
  world.AddSource("official").Add({.kind = Kind::kRefuse, .where = Where::kAny});
  world.AddSource("tuna");
  engine::PullSpec spec = World::Spec(AddRepo(world));
  spec.authority = "official";
  const auto pull = world.Finish(world.Pull(spec));
  EXPECT_EQ(pull.error.cause, ErrorCause::kNoSource) << pull.error.message;
  EXPECT_EQ(world.Hub("tuna").listings, 0);
}

TEST(Listing, AHostilePathIsRefused) {
  World world;
  world.AddSource("official");
  FakeRepo& repo = world.AddRepo();
  repo.Add("../../etc/passwd", 10);
  const auto pull = world.Finish(world.Pull(repo));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_EQ(pull.error.cause, ErrorCause::kHostileListing) << pull.error.message;
}

TEST(Listing, AFileThatIsNotThereIsNamed) {
  World world;
  world.AddSource("official");
  engine::PullSpec spec = World::Spec(AddRepo(world));
  spec.filters.files = {"nothing.bin"};
  const auto pull = world.Finish(world.Pull(spec));
  EXPECT_EQ(pull.error.cause, ErrorCause::kNotFound);
  EXPECT_THAT(pull.error.message, HasSubstr("nothing.bin"));
}

TEST(Listing, AFileThatTheAuthorityHasNotIsFinalWhenNobodyElseHasIt) {
  World world;
  world.AddSource("official").lacks = {"big.bin"};
  world.AddSource("tuna").lacks = {"big.bin"};
  const auto pull = world.Finish(world.Pull(AddRepo(world)));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_EQ(pull.error.cause, ErrorCause::kNotFound) << pull.error.message;
}

TEST(Listing, AFileThatTheAuthorityHasNotComesFromAMirror) {
  World world;
  world.AddSource("official").lacks = {"big.bin"};
  world.AddSource("tuna");
  const FakeRepo& repo = AddRepo(world);
  EXPECT_EQ(world.Finish(world.Pull(repo)).state, PullState::kDone);
  world.ExpectPublished(repo);
}

}  // namespace
}  // namespace hfget::testing
