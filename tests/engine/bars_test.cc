#include "daemon/engine/bars.h"

#include "gtest/gtest.h"

namespace hfget::engine {
namespace {

using core::Failure;

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(1);

PullError Error(core::ErrorCause cause = core::ErrorCause::kNoSource) { return {cause, "why", "tuna", {}}; }

TEST(Bars, ABrokenConnectionBarsNobody) {
  Bars bars;
  for (const Failure f : {Failure::kReset, Failure::kStall, Failure::kConnect, Failure::kServerError, Failure::kRateLimited}) {
    EXPECT_FALSE(bars.OnFailure(1, f, Error(), kNow));
  }
  EXPECT_EQ(bars.Find(1, kNow), nullptr);
}

TEST(Bars, ARefusalOfTheFileIsForGood) {
  for (const Failure f : {Failure::kFiltered, Failure::kGated, Failure::kCredential}) {
    Bars bars;
    EXPECT_TRUE(bars.OnFailure(1, f, Error(), kNow));
    ASSERT_NE(bars.Find(1, kNow + absl::Hours(99)), nullptr);
    EXPECT_TRUE(bars.Find(1, kNow)->final());
    EXPECT_EQ(bars.Find(0, kNow), nullptr);
  }
}

TEST(Bars, AnAbsentFileIsAskedForAgainLaterAndSeldomer) {
  Bars bars;
  absl::Time now = kNow;
  absl::Duration last;
  for (int i = 0; i < 8; ++i) {
    EXPECT_TRUE(bars.OnFailure(1, Failure::kNotHere, Error(), now));
    const Bar* bar = bars.Find(1, now);
    ASSERT_NE(bar, nullptr);
    EXPECT_FALSE(bar->final());
    EXPECT_GE(bar->until - now, last);
    EXPECT_LE(bar->until - now, absl::Minutes(5));
    last = bar->until - now;
    now = bar->until;
    EXPECT_EQ(bars.Find(1, now), nullptr);
  }
}

TEST(Bars, AnAbsenceThatAnAuthoritySpeaksOfIsFinal) {
  Bars bars;
  bars.OnFailure(1, Failure::kNotHere, Error(core::ErrorCause::kNotFound), kNow);
  EXPECT_TRUE(bars.Find(1, kNow)->final());
}

TEST(Bars, WrongAnswersOfSeveralConnectionsAtOnceCountOnce) {
  Bars bars;
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(bars.OnFailure(1, Failure::kWrongAnswer, Error(), kNow));
  EXPECT_FALSE(bars.Find(1, kNow)->final());
}

TEST(Bars, TheFifthWrongAnswerIsTheLast) {
  Bars bars;
  absl::Time now = kNow;
  for (int i = 0; i < 4; ++i) {
    bars.OnFailure(1, Failure::kWrongAnswer, Error(), now);
    ASSERT_FALSE(bars.Find(1, now)->final());
    now = bars.Find(1, now)->until;
  }
  bars.OnFailure(1, Failure::kWrongAnswer, Error(), now);
  EXPECT_TRUE(bars.Find(1, now)->final());
}

TEST(Bars, ExpiredLinksBarOnlyWhenNoBytesComeBetweenThem) {
  Bars bars;
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(bars.OnFailure(1, Failure::kLinkExpired, Error(), kNow));
    EXPECT_FALSE(bars.OnFailure(1, Failure::kLinkExpired, Error(), kNow));
    bars.OnBytes(1);
  }
  bars.OnFailure(1, Failure::kLinkExpired, Error(), kNow);
  bars.OnFailure(1, Failure::kLinkExpired, Error(), kNow);
  EXPECT_TRUE(bars.OnFailure(1, Failure::kLinkExpired, Error(), kNow));
  EXPECT_FALSE(bars.Find(1, kNow)->final());
}

}  // namespace
}  // namespace hfget::engine
