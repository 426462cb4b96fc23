#include "daemon/engine/sources.h"

#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/fake_clock.h"

namespace hfget::engine {
namespace {

using core::Failure;
using core::SourceHealth;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(1);

SourceConfig Config(const std::string& name) {
  SourceConfig config;
  config.name = name;
  config.endpoint = "https://" + name + ".test";
  config.authority = name == "official";
  config.token_policy = config.authority ? core::TokenPolicy::kAlways : core::TokenPolicy::kNever;
  return config;
}

class SourcesTest : public ::testing::Test {
 protected:
  SourcesTest() : sources_(Make({Config("tuna"), Config("official"), Config("pai")})) {}

  Sources Make(std::vector<SourceConfig> configs) {
    EngineConfig config;
    config.sources = std::move(configs);
    return Sources(config, &problems_);
  }
  void Fail(core::SourceIndex i, Failure failure, int times = 1, absl::Time now = kNow) {
    // One a second counts; all of them before `now`.
    for (int n = times; n-- > 0;) sources_.OnFailure(i, failure, {}, "why", now - n * SourceHealth::kBout, rng_);
  }

  std::vector<std::string> problems_;
  std::mt19937_64 rng_{1};
  Sources sources_;
};

TEST_F(SourcesTest, LeavesOutWhatCannotBeUsedAndSaysSo) {
  SourceConfig off = Config("off"), other = Config("other"), wrong = Config("wrong");
  off.enabled = false;
  other.dialect = "klingon";
  wrong.endpoint = "ftp://wrong";
  const Sources sources = Make({Config("tuna"), off, other, wrong});
  ASSERT_EQ(sources.count(), 2);
  EXPECT_EQ(sources.Out(1, kNow), "switched off in the configuration");
  EXPECT_THAT(sources.ListingOrder(kNow), ElementsAre(0));
  EXPECT_THAT(problems_, ElementsAre(HasSubstr("wrong")));
  EXPECT_THAT(sources.Snapshot(kNow), SizeIs(4));
}

TEST_F(SourcesTest, EachHubHasItsOwnListersAndItsOwnTokens) {
  SourceConfig official = Config("official"), scope = Config("scope");
  official.authority = true;
  scope.dialect = "modelscope";
  official.token_policy = scope.token_policy = core::TokenPolicy::kAlways;
  const Sources sources = Make({scope, official});
  EXPECT_THAT(sources.ListingOrder(kNow), ElementsAre(1));
  EXPECT_THAT(sources.ListingOrder(kNow, hub::Hub::kModelScope), ElementsAre(0));
  EXPECT_TRUE(sources.MaySendToken(1));
  EXPECT_FALSE(sources.MaySendToken(0)) << "a Hugging Face token";
  EXPECT_TRUE(sources.MaySendToken(0, hub::Hub::kModelScope));
  EXPECT_FALSE(sources.MaySendToken(1, hub::Hub::kModelScope));
  EXPECT_EQ(sources.HomeOf(0), scope.endpoint);
}

TEST_F(SourcesTest, AsksAuthoritiesFirstThenTheUsableInTheirOrder) {
  EXPECT_THAT(sources_.ListingOrder(kNow), ElementsAre(1, 0, 2));
  Fail(0, Failure::kReset, SourceHealth::kFailuresToEject);
  EXPECT_THAT(sources_.ListingOrder(kNow), ElementsAre(1, 2, 0));
  sources_.at(2).health.Quarantine("lied");
  sources_.at(1).health.Disable("wrong region");
  EXPECT_THAT(sources_.ListingOrder(kNow), ElementsAre(0));
}

TEST_F(SourcesTest, EjectsOnFifthConsecutiveFailure) {
  Fail(0, Failure::kReset, 4);
  EXPECT_TRUE(sources_.Usable(0, kNow));
  sources_.OnSuccess(0, kNow);
  const absl::Time now = kNow + absl::Minutes(1);
  Fail(0, Failure::kReset, 4, now);
  EXPECT_TRUE(sources_.Usable(0, now));
  Fail(0, Failure::kReset, 1, now);
  EXPECT_TRUE(sources_.Usable(0, now)) << "two connections that broke together";
  Fail(0, Failure::kReset, 1, now + SourceHealth::kBout);
  EXPECT_FALSE(sources_.Usable(0, now + SourceHealth::kBout));
  EXPECT_TRUE(sources_.Usable(0, now + absl::Seconds(32)));
}

TEST_F(SourcesTest, TheLastUsableSourceIsNeverEjected) {
  for (core::SourceIndex i : {2, 0, 1}) Fail(i, Failure::kReset, 5, kNow + absl::Seconds(i));
  const absl::Time now = kNow + absl::Seconds(2);
  for (core::SourceIndex i = 0; i < 3; ++i) EXPECT_FALSE(sources_.Usable(i, now));
  sources_.KeepOneUsable(now);
  // The one whose term would have ended first.
  EXPECT_TRUE(sources_.Usable(0, now));
  EXPECT_FALSE(sources_.Usable(1, now));
  EXPECT_FALSE(sources_.Usable(2, now));
}

TEST_F(SourcesTest, KeepsNobodyBackFromAnEjectionWhileAnotherIsUsable) {
  Fail(0, Failure::kReset, 5);
  Fail(1, Failure::kReset, 5);
  sources_.KeepOneUsable(kNow);
  EXPECT_FALSE(sources_.Usable(0, kNow));
  EXPECT_FALSE(sources_.Usable(1, kNow));
}

TEST_F(SourcesTest, NeverTakesBackALiarOrOneThatRests) {
  sources_.at(0).health.Quarantine("lied");
  sources_.at(1).health.Disable("off");
  sources_.OnFailure(2, Failure::kRateLimited, absl::Seconds(7), "429", kNow, rng_);
  sources_.KeepOneUsable(kNow);
  for (core::SourceIndex i = 0; i < 3; ++i) EXPECT_FALSE(sources_.Usable(i, kNow));
  EXPECT_TRUE(sources_.Usable(2, kNow + absl::Seconds(7)));
}

// A line that breaks ends all of them.
TEST_F(SourcesTest, ConnectionsThatBreakTogetherBackOffOnce) {
  for (int i = 0; i < 16; ++i) Fail(0, Failure::kReset);
  EXPECT_EQ(sources_.at(0).not_before, kNow + absl::Milliseconds(250));
}

TEST_F(SourcesTest, BacksOffTwiceAsLongEachTimeUpToTwoSeconds) {
  absl::Time now = kNow;
  for (const double wait : {0.25, 0.5, 1.0, 2.0, 2.0, 2.0}) {
    Fail(0, Failure::kConnect, 1, now);
    EXPECT_EQ(sources_.at(0).not_before, now + absl::Seconds(wait));
    now = sources_.at(0).not_before;
  }
  sources_.OnSuccess(0, kNow);
  EXPECT_LE(sources_.at(0).not_before, kNow);
}

TEST_F(SourcesTest, DoesNotBlameASourceForAFileThatIsNotThere) {
  Fail(0, Failure::kNotHere, 50);
  Fail(0, Failure::kFiltered, 50);
  EXPECT_TRUE(sources_.Usable(0, kNow));
  EXPECT_LE(sources_.at(0).not_before, kNow);
}

TEST_F(SourcesTest, RestsWhenTheWindowIsUsedUpAndNotBefore) {
  sources_.OnHeaders(0, {{"ratelimit", R"("resolvers";r=1;t=60)"}}, kNow);
  EXPECT_TRUE(sources_.Usable(0, kNow));
  sources_.OnHeaders(0, {{"ratelimit", R"("resolvers";r=0;t=60)"}}, kNow);
  EXPECT_FALSE(sources_.Usable(0, kNow + absl::Seconds(60)));
  EXPECT_TRUE(sources_.Usable(0, kNow + absl::Seconds(61)));
}

TEST_F(SourcesTest, SwitchesOffWhatServesOnlyItsOwnRegion) {
  Fail(0, Failure::kWrongRegion);
  EXPECT_EQ(sources_.at(0).health.Get(kNow + absl::Hours(99)), SourceHealth::State::kDisabled);
}

TEST_F(SourcesTest, ShowsATokenToTheOfficialHubOnly) {
  EXPECT_FALSE(sources_.MaySendToken(0));
  EXPECT_TRUE(sources_.MaySendToken(1));
  SourceConfig plain = Config("official"), proven = Config("proven");
  plain.endpoint = "http://official.test";
  proven.token_policy = core::TokenPolicy::kIfProven;
  const Sources others = Make({plain, proven});
  EXPECT_FALSE(others.MaySendToken(0)) << "not over http";
  EXPECT_FALSE(others.MaySendToken(1)) << "not proven";
}

TEST_F(SourcesTest, RemembersPaceAndConvictionsByName) {
  Source& tuna = sources_.at(0);
  tuna.stats.OnFlight(8 * kMiB, absl::Seconds(2));
  tuna.stats.OnFirstByte(absl::Milliseconds(80));
  tuna.convictions.emplace_back().set_evidence("sent wrong bytes");
  Sources later = Make({Config("official"), Config("tuna")});
  later.Load(sources_.ToRecord(0, kNow));
  EXPECT_EQ(later.at(1).stats.connection_rate(), 4.0 * kMiB);
  EXPECT_EQ(later.at(1).stats.latency(), absl::Milliseconds(80));
  EXPECT_EQ(later.at(1).health.Get(kNow), SourceHealth::State::kQuarantined);
  EXPECT_TRUE(later.Usable(0, kNow));
  EXPECT_THAT(later.at(0).convictions, IsEmpty());
}

TEST_F(SourcesTest, OneConnectionUntilItWasSeenToSpeakItsDialect) {
  EXPECT_EQ(sources_.ConnectionsAllowed(0), 1);
  sources_.OnSuccess(0, kNow);
  EXPECT_EQ(sources_.ConnectionsAllowed(0), 2);
}

TEST_F(SourcesTest, WhoNeverSpokeTheDialectIsAskedSeldom) {
  Fail(0, Failure::kWrongAnswer);
  EXPECT_FALSE(sources_.Usable(0, kNow + absl::Minutes(9)));
  EXPECT_TRUE(sources_.Usable(0, kNow + absl::Minutes(10)));
  Fail(0, Failure::kWrongAnswer, 1, kNow + absl::Minutes(10));
  EXPECT_FALSE(sources_.Usable(0, kNow + absl::Minutes(29)));
  EXPECT_TRUE(sources_.Usable(0, kNow + absl::Minutes(30)));
  for (int i = 0; i < 20; ++i) Fail(0, Failure::kWrongAnswer);
  EXPECT_TRUE(sources_.Usable(0, kNow + absl::Hours(24)));
  sources_.OnSuccess(1, kNow);
  Fail(1, Failure::kWrongAnswer);
  EXPECT_TRUE(sources_.Usable(1, kNow)) << "one that did is not a stranger";
}

TEST_F(SourcesTest, ADataHostsFailuresAreNotTheHubs) {
  sources_.OnSuccess(0, kNow);
  for (int i = 5; i-- > 0;) {
    sources_.OnDataHostFailure(0, "cdn.test", Failure::kReset, {}, "why", kNow - i * SourceHealth::kBout, rng_);
  }
  EXPECT_EQ(sources_.at(0).health.Get(kNow), SourceHealth::State::kOk);
  EXPECT_FALSE(sources_.Usable(0, kNow));
  EXPECT_TRUE(sources_.Usable(0, kNow + absl::Seconds(31)));
  EXPECT_EQ(sources_.Snapshot(kNow)[0].state, "ejected");
  sources_.HostOf(0, "other-cdn.test");
  EXPECT_TRUE(sources_.Usable(0, kNow)) << "led elsewhere";
}

TEST_F(SourcesTest, TheLastUsableSourceIsTakenBackThoughItsDataHostIsOut) {
  for (core::SourceIndex i : {0, 1, 2}) {
    for (int n = 5; n-- > 0;) {
      sources_.OnDataHostFailure(i, "cdn.test", Failure::kReset, {}, "why", kNow - n * SourceHealth::kBout, rng_);
    }
  }
  sources_.KeepOneUsable(kNow);
  EXPECT_EQ(sources_.Usable(0, kNow) + sources_.Usable(1, kNow) + sources_.Usable(2, kNow), 1);
}

TEST_F(SourcesTest, ProofOpensTheWayForATokenWhereThePolicyTrusts) {
  SourceConfig trusted = Config("trusted");
  trusted.token_policy = core::TokenPolicy::kIfProven;
  EngineConfig config;
  config.sources = {Config("official"), trusted, Config("tuna")};
  testing::FakeClock clock;
  Sources sources(config, &problems_, &clock);
  for (core::SourceIndex i : {1, 2}) {
    EXPECT_FALSE(sources.MaySendToken(i));
    sources.at(i).proof.Set(core::ProofVerdict::kForwards, "evidence", clock.Wall());
    sources.OnSuccess(i, clock.Steady());
  }
  EXPECT_TRUE(sources.MaySendToken(1));
  EXPECT_FALSE(sources.MaySendToken(2)) << "never";
  EXPECT_EQ(sources.ConnectionsAllowed(1), 1) << "until a real request has gone well";
  sources.OnAuthenticated(1, true, "");
  EXPECT_EQ(sources.ConnectionsAllowed(1), 2);
  Sources later(config, &problems_, &clock);
  later.Load(sources.ToRecord(1, clock.Wall()));
  EXPECT_TRUE(later.MaySendToken(1)) << "over a restart";
  sources.OnAuthenticated(1, false, "401");
  EXPECT_FALSE(sources.MaySendToken(1));
  clock.Advance(absl::Hours(1));
  EXPECT_FALSE(later.MaySendToken(1)) << "expired";
}

TEST_F(SourcesTest, WhatTheUserSwitchedIsRemembered) {
  sources_.Switch(0, false);
  EXPECT_FALSE(sources_.Usable(0, kNow));
  Sources later = Make({Config("tuna"), Config("official")});
  later.Load(sources_.ToRecord(0, kNow));
  EXPECT_FALSE(later.Usable(0, kNow));
  later.Switch(0, true);
  SourceConfig off = Config("tuna");
  off.enabled = false;
  Sources again = Make({off});
  again.Load(later.ToRecord(0, kNow));
  EXPECT_TRUE(again.Usable(0, kNow));
}

TEST_F(SourcesTest, AResetForgetsWhatIsHeldAgainstIt) {
  sources_.at(0).health.Quarantine("lied");
  sources_.at(0).convictions.emplace_back();
  sources_.Reset(0);
  EXPECT_TRUE(sources_.Usable(0, kNow));
  EXPECT_THAT(sources_.at(0).convictions, IsEmpty());
}

TEST_F(SourcesTest, FailuresAreCountedByCauseAndNoResetForgetsThem) {
  Fail(0, Failure::kStall, 2);
  sources_.OnDataHostFailure(0, "cdn.test", Failure::kTls, {}, "why", kNow, rng_);
  sources_.OnCut(0, "broken");
  sources_.at(0).counters.received_bytes = 7;
  sources_.Reset(0);
  const SourceFigures figures = sources_.Figures(kNow)[0];
  EXPECT_EQ(figures.name, "tuna");
  EXPECT_EQ(figures.counters.failures.Get(Failure::kStall), 2);
  EXPECT_EQ(figures.counters.failures.Get(Failure::kTls), 1);
  EXPECT_EQ(figures.counters.failures.Get(Failure::kReset), 1);
  EXPECT_EQ(figures.counters.received_bytes, 7);
}

TEST_F(SourcesTest, FiguresAreOfEverySourceThatIsConfigured) {
  SourceConfig empty = Config("pai");
  empty.endpoint = "";
  const Sources sources = Make({empty, Config("tuna")});
  const std::vector<SourceFigures> figures = sources.Figures(kNow);
  ASSERT_THAT(figures, SizeIs(2));
  EXPECT_EQ(figures[0].name, "tuna");
  EXPECT_EQ(figures[0].state, "unverified");
  EXPECT_FALSE(figures[0].latency);
  EXPECT_EQ(figures[1].name, "pai");
  EXPECT_EQ(figures[1].state, "off");
}

}  // namespace
}  // namespace hfget::engine
