// Sources that err: whatever one does, the others bring the right bytes, little is wasted and nobody is hammered.
#include <ostream>

#include "gtest/gtest.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::ErrorCause;
using core::PullState;
using Kind = Fault::Kind;
using Where = Fault::Where;

struct FaultCase {
  const char* name;
  bool at_hub;  // else at its data host
  Fault fault;
};
void PrintTo(const FaultCase& c, std::ostream* out) { *out << c.name; }

const FaultCase kCases[] = {
    {"HubRefuses", true, {.kind = Kind::kRefuse, .where = Where::kAny}},
    {"HubConnectTimesOut", true, {.kind = Kind::kConnectTimeout, .where = Where::kResolve}},
    {"HubGivesNoHead", true, {.kind = Kind::kNoHead, .where = Where::kResolve}},
    {"HubAnswers500", true, {.kind = Kind::kStatus, .where = Where::kResolve, .status = 500}},
    {"HubAnswers401", true, {.kind = Kind::kStatus, .where = Where::kResolve, .status = 401}},
    {"HubAnswers403", true, {.kind = Kind::kStatus, .where = Where::kResolve, .status = 403}},
    {"HubAnswers404", true, {.kind = Kind::kStatus, .where = Where::kResolve, .status = 404}},
    {"HubAnswers429", true, {.kind = Kind::kStatus, .where = Where::kResolve, .status = 429, .headers = {{"retry-after", "7"}}}},
    {"HubAnswers503", true, {.kind = Kind::kStatus, .where = Where::kResolve, .status = 503, .headers = {{"retry-after", "7"}}}},
    {"HubRedirectsInALoop", true, {.kind = Kind::kRedirectLoop, .where = Where::kResolve}},
    {"HubSendsToAnotherHub", true, {.kind = Kind::kOtherHub, .where = Where::kResolve}},
    {"HubGivesHtml", true, {.kind = Kind::kHtml, .where = Where::kResolve}},
    {"DataRefused", false, {.kind = Kind::kRefuse}},
    {"DataConnectTimesOut", false, {.kind = Kind::kConnectTimeout}},
    {"DataGivesNoHead", false, {.kind = Kind::kNoHead}},
    {"DataAnswers500", false, {.kind = Kind::kStatus, .status = 500}},
    {"DataAnswers404", false, {.kind = Kind::kStatus, .status = 404}},
    {"DataAnswers429", false, {.kind = Kind::kStatus, .status = 429, .headers = {{"retry-after", "7"}}}},
    {"LinkExpired", false, {.kind = Kind::kExpiredLink}},
    {"Html", false, {.kind = Kind::kHtml}},
    {"WholeFileFor206", false, {.kind = Kind::kWhole}},
    {"WrongContentRange", false, {.kind = Kind::kWrongRange}},
    {"WrongTotal", false, {.kind = Kind::kWrongTotal}},
    {"StallsAtOnce", false, {.kind = Kind::kStall, .after = 0}},
    {"StallsMidway", false, {.kind = Kind::kStall, .after = 1500000}},
    {"ResetsEvery100KB", false, {.kind = Kind::kReset, .after = 100000}},
    {"ResetsEvery700KB", false, {.kind = Kind::kReset, .after = 700000}},
    {"ResetsEvery3MB", false, {.kind = Kind::kReset, .after = 3000000}},
    {"DiesMidway", false, {.kind = Kind::kRefuse, .skip = 3}},
    {"CrawlsMidway", false, {.kind = Kind::kSlow, .after = 500000, .rate = 2000}},
};

class OneOfThreeErrs : public ::testing::TestWithParam<FaultCase> {};

FakeRepo& AddRepo(World& world) {
  FakeRepo& repo = world.AddRepo();
  repo.Add("big.bin", 40 * kMiB + 17);
  repo.Add("middle.bin", 3 * kMiB);
  repo.Add("small.bin", 5000);
  repo.Add("config.json", 600, /*lfs=*/false);
  return repo;
}

TEST_P(OneOfThreeErrs, AndThePullEndsWellWithLittleWaste) {
  World world;
  for (const char* name : {"official", "tuna", "pai"}) {
    world.AddSource(name);
    world.DataHost(name).connection_rate = kMiB;
  }
  FakeHost& bad = GetParam().at_hub ? world.Hub("tuna") : world.DataHost("tuna");
  bad.Add(GetParam().fault);
  const FakeRepo& repo = AddRepo(world);
  const auto pull = world.Finish(world.Pull(repo), absl::Minutes(3));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_GT(bad.faults[0].hits, 0);
  world.ExpectPublished(repo);
  world.ExpectNoPartials();
  world.ExpectQuiet();
  EXPECT_LT(world.DataHost("official").sent + world.DataHost("tuna").sent + world.DataHost("pai").sent,
            repo.total() + repo.total() / 20);
  EXPECT_LE(bad.busiest_second(), 40);
  EXPECT_NE(world.StateOf("tuna"), "quarantined");
}

INSTANTIATE_TEST_SUITE_P(Each, OneOfThreeErrs, ::testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

class TheOnlySourceErrs : public ::testing::TestWithParam<FaultCase> {};

// Three times each, then never again: what a bad minute is.
TEST_P(TheOnlySourceErrs, ForAWhileAndThePullGoesOn) {
  World world;
  world.AddSource("mirror");
  world.DataHost("mirror").connection_rate = 2 * kMiB;
  Fault fault = GetParam().fault;
  if (fault.where == Where::kAny) fault.where = Where::kResolve;
  fault.times = 3;
  FakeHost& bad = GetParam().at_hub ? world.Hub("mirror") : world.DataHost("mirror");
  bad.Add(fault);
  const FakeRepo& repo = AddRepo(world);
  const auto pull = world.Finish(world.Pull(repo), absl::Minutes(12));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_EQ(bad.faults[0].hits, 3);
  world.ExpectPublished(repo);
  world.ExpectNoPartials();
  world.ExpectQuiet();
}

// Without those that are final: a refusal for the file, another region for the source.
std::vector<FaultCase> PassingFaults() {
  std::vector<FaultCase> cases;
  for (const FaultCase& c : kCases) {
    const int status = c.fault.kind == Kind::kStatus ? c.fault.status : 0;
    if (c.fault.kind != Kind::kOtherHub && status != 401 && status != 403) cases.push_back(c);
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Each, TheOnlySourceErrs, ::testing::ValuesIn(PassingFaults()),
                         [](const auto& info) { return std::string(info.param.name); });

// A body that is longer than the range was: what lies behind the range is not waited for.
TEST(Fault, LeavesAWholeFileWhereTheRangeEnds) {
  World world;
  world.AddSource("official");
  world.DataHost("official").Add({.kind = Kind::kWhole, .times = 1});
  FakeRepo& repo = world.AddRepo();
  repo.Add("big.bin", 60 * kMiB);
  EXPECT_EQ(world.Finish(world.Pull(repo)).state, PullState::kDone);
  EXPECT_LT(world.DataHost("official").sent, 61 * kMiB);
  world.ExpectPublished(repo);
}

TEST(Fault, AsksForANewLinkWhenTheOldOneHasExpired) {
  World world;
  FakeHost& hub = world.AddSource("official");
  hub.link_life = absl::Seconds(40);
  world.DataHost("official").host_rate = kMiB;
  FakeRepo& repo = world.AddRepo();
  repo.Add("big.bin", 60 * kMiB);
  const auto pull = world.Finish(world.Pull(repo));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_LT(hub.requests, 30);
  EXPECT_EQ(pull.wasted, 0);
}

TEST(Fault, RestsAsLongAsTheRateLimitSays) {
  World world;
  FakeHost& hub = world.AddSource("official");
  hub.quota = 20;
  FakeRepo& repo = world.AddRepo();
  for (int i = 0; i < 50; ++i) repo.Add(absl::StrCat("f", i), 2000);
  world.config.give_up_after = absl::Minutes(10);
  const auto pull = world.Finish(world.Pull(repo));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_EQ(hub.requests, 52);  // two for the listing
  EXPECT_EQ(hub.over_quota, 0);
}

TEST(Fault, ManyConnectionsTogetherStayWithinTheRateLimit) {
  World world(7);
  FakeHost& hub = world.AddSource("official");
  hub.latency = absl::Milliseconds(80);
  hub.shape.latency_spread = 0.8;  // answers cross each other
  hub.quota = 300;
  world.AddSource("tuna");
  FakeRepo& repo = world.AddRepo();
  for (int i = 0; i < 900; ++i) repo.Add(absl::StrCat("f", i), 2000 + i);
  const auto pull = world.Finish(world.Pull(repo));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_GT(hub.busiest_second(), 30);  // over one connection no more than 12
  EXPECT_EQ(hub.over_quota, 0);
}

TEST(Fault, WaitsForTheListingWhenTheOnlySourceIsRateLimited) {
  World world;
  FakeHost& hub = world.AddSource("official");
  hub.Add({.kind = Kind::kStatus, .where = Where::kListing, .times = 1, .status = 429, .headers = {{"retry-after", "40"}}});
  const FakeRepo& repo = AddRepo(world);
  const auto pull = world.Finish(world.Pull(repo));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_EQ(hub.listings, 3);
}

TEST(Fault, AsksAMirrorThatLaggedAgain) {
  World world;
  world.AddSource("official");
  world.AddSource("tuna");
  world.Hub("tuna").lags_until = world.clock.Wall() + absl::Seconds(20);
  world.DataHost("official").Add({.kind = Kind::kRefuse});
  const FakeRepo& repo = AddRepo(world);
  const auto pull = world.Finish(world.Pull(repo));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_EQ(pull.listing_source, "official");
  EXPECT_LT(world.Hub("tuna").requests, 60);
}

TEST(Fault, DoesNotAskAMirrorThatLagsForEveryFile) {
  World world;
  world.AddSource("official");
  world.AddSource("tuna").lags_until = absl::InfiniteFuture();
  FakeRepo& repo = world.AddRepo();
  for (int i = 0; i < 200; ++i) repo.Add(absl::StrCat("small/", i), 20000, /*lfs=*/false);
  const auto pull = world.Finish(world.Pull(repo));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_LT(world.Hub("tuna").requests, 20);  // as many as were on their way when the first answer came
  EXPECT_EQ(world.StateOf("tuna"), "ok");
}

TEST(Fault, GoesOnWhenTheNetComesBack) {
  World world;
  const absl::Time back = world.clock.Wall() + absl::Minutes(3);
  for (const char* name : {"official", "tuna"}) {
    world.AddSource(name);
    world.DataHost(name).Add({.kind = Kind::kConnectTimeout, .skip = 3, .until = back});
  }
  const FakeRepo& repo = AddRepo(world);
  const auto pull = world.Finish(world.Pull(repo));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_LT(world.clock.Wall() - back, absl::Minutes(1));
}

TEST(Fault, GivesUpInTimeWhenNobodySendsAndHammersNobody) {
  for (const Kind kind : {Kind::kRefuse, Kind::kConnectTimeout, Kind::kNoHead, Kind::kStall, Kind::kStatus, Kind::kHtml,
                          Kind::kExpiredLink, Kind::kRedirectLoop, Kind::kWrongRange}) {
    World world;
    for (const char* name : {"official", "tuna"}) {
      world.AddSource(name);
      world.DataHost(name).Add({.kind = kind});
    }
    const FakeRepo& repo = AddRepo(world);
    const absl::Time begin = world.clock.Steady();
    const auto pull = world.Finish(world.Pull(repo), absl::Minutes(10));
    EXPECT_EQ(pull.state, PullState::kFailed);
    EXPECT_EQ(pull.error.cause, ErrorCause::kNoSource) << pull.error.message;
    EXPECT_LT(world.clock.Steady() - begin, world.config.give_up_after + absl::Seconds(30));
    for (const char* name : {"official", "tuna"}) {
      EXPECT_LE(world.DataHost(name).requests, 300) << "kind " << static_cast<int>(kind);
      EXPECT_LE(world.Hub(name).requests, 300) << "kind " << static_cast<int>(kind);
      EXPECT_LE(world.DataHost(name).busiest_second(), 40) << "kind " << static_cast<int>(kind);
    }
    EXPECT_LT(world.turns(), 40000u);
    world.ExpectQuiet();
  }
}

TEST(Fault, TakesAllFromTheOneThatIsLeft) {
  World world;
  for (const char* name : {"official", "tuna", "pai"}) world.AddSource(name);
  world.DataHost("official").Add({.kind = Kind::kRefuse, .skip = 2});
  world.DataHost("tuna").Add({.kind = Kind::kStall, .skip = 1, .after = 200000});
  const FakeRepo& repo = AddRepo(world);
  const auto pull = world.Finish(world.Pull(repo), absl::Minutes(3));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_GT(world.DataHost("pai").sent, repo.total() / 2);
}

}  // namespace
}  // namespace hfget::testing
