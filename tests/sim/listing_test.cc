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

// Three mirrors, and the official hub as `fault` makes it; no official hub at all without one.
struct Blocked {
  explicit Blocked(const Fault* fault) {
    if (fault != nullptr) world.AddSource("official").Add(*fault);
    for (const char* name : {"tuna", "pai", "hf-mirror"}) {
      world.AddSource(name);
      world.DataHost(name).connection_rate = 2 * kMiB;
    }
    repo = &world.AddRepo();
    repo->Add("big.bin", 100 * kMiB);
  }
  // How long the first byte, and the whole pull, take.
  std::pair<absl::Duration, absl::Duration> Pull() {
    const absl::Time begin = world.clock.Steady();
    const ByteCount before = Sent();
    const std::string id = world.Pull(*repo);
    EXPECT_TRUE(world.RunUntil([&] { return Sent() > before; }));
    const absl::Duration first = world.clock.Steady() - begin;
    EXPECT_TRUE(world.RunUntil([&] { return core::IsTerminal(world.Get(id).state); }));
    EXPECT_EQ(world.Get(id).state, PullState::kDone) << world.Get(id).error.message;
    return {first, world.clock.Steady() - begin};
  }
  ByteCount Sent() {
    ByteCount bytes = 0;
    for (const char* name : {"tuna", "pai", "hf-mirror"}) bytes += world.DataHost(name).sent;
    return bytes;
  }

  World world;
  FakeRepo* repo;
};

TEST(Listing, ABlockedOfficialHubCostsNextToNothing) {
  const absl::Duration absent = Blocked(nullptr).Pull().second;
  for (const Fault& fault : {Fault{.kind = Kind::kConnectTimeout, .where = Where::kAny},
                             Fault{.kind = Kind::kNoHead, .where = Where::kAny},
                             Fault{.kind = Kind::kReset, .where = Where::kAny},
                             Fault{.kind = Kind::kRefuse, .where = Where::kAny}}) {
    Blocked blocked(&fault);
    const auto [first, whole] = blocked.Pull();
    EXPECT_LT(first, absl::Seconds(3)) << static_cast<int>(fault.kind);
    EXPECT_LT(whole, 1.2 * absent) << static_cast<int>(fault.kind);
  }
}

TEST(Listing, ASecondPullDoesNotWaitForWhoWasSilent) {
  const Fault blackhole{.kind = Kind::kConnectTimeout, .where = Where::kAny};
  Blocked blocked(&blackhole);
  EXPECT_GT(blocked.Pull().first, absl::Milliseconds(400));
  FakeRepo& other = blocked.world.AddRepo("org/other");
  other.Add("other.bin", 8 * kMiB);
  blocked.repo = &other;
  EXPECT_LT(blocked.Pull().first, absl::Milliseconds(300));
}

TEST(Listing, OneThatWasSilentIsHeardAgainAfterAMinute) {
  World world;
  FakeHost& official = world.AddSource("official");
  official.Add({.kind = Kind::kNoHead, .where = Where::kListing, .times = 1});
  official.latency = absl::Milliseconds(60);
  world.AddSource("tuna").latency = absl::Milliseconds(5);
  FakeRepo& first = world.AddRepo("org/first");
  first.Add("a.json", 10, /*lfs=*/false);
  EXPECT_EQ(world.Finish(world.Pull(first)).listing_source, "tuna");
  world.Run(absl::Minutes(1));
  EXPECT_EQ(world.Finish(world.Pull(AddRepo(world))).listing_source, "official");
}

TEST(Listing, AMirrorThatIsSoonerDoesNotSpeakForTheHub) {
  World world;
  world.AddSource("official").latency = absl::Milliseconds(180);  // and as long again to connect
  world.AddSource("tuna").latency = absl::Milliseconds(5);
  const auto pull = world.Finish(world.Pull(AddRepo(world)));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_EQ(pull.listing_source, "official");
  EXPECT_TRUE(pull.notices.empty());
}

TEST(Listing, IsMarkedWhenItIsAMirrors) {
  World world;
  world.AddSource("official").Add({.kind = Kind::kConnectTimeout, .where = Where::kAny});
  world.AddSource("tuna");
  const auto pull = world.Finish(world.Pull(AddRepo(world)));
  EXPECT_EQ(pull.listing_source, "tuna");
  ASSERT_EQ(pull.notices.size(), 1u);
  EXPECT_THAT(pull.notices[0], HasSubstr("tuna's"));
  EXPECT_THAT(pull.notices[0], HasSubstr("official: no answer in 400ms"));
}

TEST(Listing, TheAuthoritysNoCountsThoughAMirrorWasSooner) {
  World world;
  FakeHost& official = world.AddSource("official");
  official.latency = absl::Milliseconds(180);
  official.lags_until = absl::InfiniteFuture();
  world.AddSource("tuna").latency = absl::Milliseconds(5);
  const auto pull = world.Finish(world.Pull(AddRepo(world)));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_EQ(pull.error.cause, ErrorCause::kNotFound) << pull.error.message;
}

TEST(Listing, PagesThatDoNotComeAreAskedOfAnother) {
  World world;
  FakeHost& official = world.AddSource("official");
  official.page_rows = 1;
  official.Add({.kind = Kind::kNoHead, .where = Where::kListing, .skip = 2});
  world.AddSource("tuna");
  const auto pull = world.Finish(world.Pull(AddRepo(world)));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_LT(pull.finished - pull.created, absl::Seconds(6));
}

// A listing of many pages, each of which takes its time.
FakeRepo& AddPagedRepo(World& world, std::initializer_list<const char*> sources) {
  for (const char* name : sources) {
    world.Hub(name).page_rows = 5;
    world.Hub(name).latency = absl::Milliseconds(200);
  }
  FakeRepo& repo = world.AddRepo();
  for (int i = 0; i < 60; ++i) repo.Add(absl::StrCat("data/", i / 10, "/", i, ".bin"), 3000 + i, i % 3 == 0);
  return repo;
}

TEST(Listing, FilesAreFetchedWhileItIsRead) {
  World world;
  world.AddSource("official");
  const FakeRepo& repo = AddPagedRepo(world, {"official"});
  const std::string id = world.Pull(repo);
  ASSERT_TRUE(world.RunUntil([&] { return world.Get(id).done_files >= 5; }));
  const auto early = world.Get(id);
  EXPECT_EQ(early.state, PullState::kFetching);
  EXPECT_TRUE(early.listing);
  EXPECT_LT(early.total_files, 60);
  EXPECT_FALSE(early.eta);
  const auto pull = world.Finish(id);
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_FALSE(pull.listing);
  EXPECT_EQ(pull.total_files, 60);
  EXPECT_EQ(pull.fetched, repo.total());
  world.ExpectPublished(repo);
  world.ExpectNoPartials();
  world.ExpectQuiet();
}

TEST(Listing, AnotherSourceReadsItToItsEnd) {
  for (const bool otherwise : {false, true}) {
    World world;
    world.AddSource("official");
    world.AddSource("tuna").lists_backwards = otherwise;
    const FakeRepo& repo = AddPagedRepo(world, {"official", "tuna"});
    const std::string id = world.Pull(repo);
    ASSERT_TRUE(world.RunUntil([&] { return world.Get(id).done_files >= 5; }));
    world.Hub("official").Add({.kind = Kind::kRefuse, .where = Where::kListing});
    const auto pull = world.Finish(id, absl::Minutes(2));
    EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
    EXPECT_EQ(pull.listing_source, "tuna");
    EXPECT_EQ(pull.total_files, 60);
    EXPECT_EQ(pull.done, repo.total());
    EXPECT_LE(pull.wasted, repo.total() / 4);
    world.ExpectPublished(repo);
    world.ExpectNoPartials();
    world.ExpectQuiet();
  }
}

TEST(Listing, ThatBreaksOffFailsThePullAndKeepsWhatCame) {
  World world;
  world.AddSource("official");
  const FakeRepo& repo = AddPagedRepo(world, {"official"});
  const std::string id = world.Pull(repo);
  ASSERT_TRUE(world.RunUntil([&] { return world.Get(id).done_files >= 5; }));
  world.Hub("official").Add({.kind = Kind::kRefuse, .where = Where::kListing, .until = world.clock.Wall() + absl::Minutes(1)});
  const auto failed = world.Finish(id, absl::Minutes(2));
  EXPECT_EQ(failed.state, PullState::kFailed);
  EXPECT_EQ(failed.error.cause, ErrorCause::kNoSource) << failed.error.message;
  world.ExpectQuiet();
  world.Run(absl::Minutes(2));
  const auto pull = world.Finish(world.Pull(repo));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_GT(pull.reused, 0);
  world.ExpectPublished(repo);
}

TEST(Listing, ThatIsHostileOnALaterPageIsRefused) {
  World world;
  world.AddSource("official");
  FakeRepo& repo = AddPagedRepo(world, {"official"});
  repo.Add("data/0/1.bin", 10);  // again
  const auto pull = world.Finish(world.Pull(repo), absl::Minutes(2));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_EQ(pull.error.cause, ErrorCause::kHostileListing) << pull.error.message;
  EXPECT_FALSE(world.files.Exists(absl::StrCat(World::kCache, "/models--org--model/refs/main")));
  world.ExpectQuiet();
}

TEST(Listing, IsReadAgainAfterADeathInItsMidst) {
  World world;
  world.AddSource("official");
  const FakeRepo& repo = AddPagedRepo(world, {"official"});
  const std::string id = world.Pull(repo);
  ASSERT_TRUE(world.RunUntil([&] { return world.Get(id).done_files >= 5; }));
  world.Kill();
  world.Start();
  const auto pull = world.Finish(id, absl::Minutes(2));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_GT(pull.reused, 0);
  world.ExpectPublished(repo);
  world.ExpectNoPartials();
}

TEST(Listing, WhatItsFirstPagesDoNotHaveItsLastMay) {
  World world;
  world.AddSource("official");
  const FakeRepo& repo = AddPagedRepo(world, {"official"});
  engine::PullSpec spec = World::Spec(repo);
  spec.filters.files = {"data/5/59.bin"};
  const auto pull = world.Finish(world.Pull(spec));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_EQ(pull.total_files, 1);
  spec.filters.files = {"data/0/1.bin", "data/9/90.bin"};
  const auto failed = world.Finish(world.Pull(spec));
  EXPECT_EQ(failed.error.cause, ErrorCause::kNotFound) << failed.error.message;
  EXPECT_THAT(failed.error.message, HasSubstr("data/9/90.bin"));
}

}  // namespace
}  // namespace hfget::testing
