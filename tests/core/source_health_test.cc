#include "daemon/core/source_health.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace hfget::core {
namespace {

using State = SourceHealth::State;

// A source on a timeline of its own.
class SourceHealthTest : public ::testing::Test {
 protected:
  static constexpr bool kRemote = false;
  static constexpr bool kLocal = true;

  void Pass(double seconds) { now_ += absl::Seconds(seconds); }
  // Far enough from one another to count. True when one of them ejected.
  bool Fail(int times, bool local = kRemote) {
    bool ejected = false;
    for (int i = 0; i < times; ++i) {
      if (Now() == State::kOk) now_ += SourceHealth::kBout;
      ejected |= health_.Fail(local, now_, rng_);
    }
    return ejected;
  }
  void Succeed() { health_.Success(now_); }
  State Now() const { return health_.Get(now_); }
  double SecondsOut() const { return absl::ToDoubleSeconds(health_.ReturnsAt(now_) - now_); }
  // Ejects it, waits until it is back, and tells how long that took.
  double Eject() {
    EXPECT_TRUE(Fail(5));
    const double seconds = SecondsOut();
    Pass(seconds);
    EXPECT_EQ(Now(), State::kOk);
    return seconds;
  }

  std::mt19937_64 rng_{7};
  absl::Time now_ = absl::UnixEpoch() + absl::Hours(1);
  SourceHealth health_;
};

// `seconds`, or up to 2 % more.
::testing::AssertionResult IsTermOf(double term, double seconds) {
  if (term >= seconds - 1e-6 && term <= seconds * 1.02 + 1e-6) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << term << " s where " << seconds << " s and jitter were expected";
}

TEST_F(SourceHealthTest, EjectsOnFifthConsecutiveFailure) {
  EXPECT_FALSE(Fail(4));
  EXPECT_EQ(Now(), State::kOk);
  EXPECT_TRUE(Fail(1));
  EXPECT_EQ(Now(), State::kEjected);
  EXPECT_FALSE(health_.Usable(now_));
}

TEST_F(SourceHealthTest, ComesBackAfterThirtySecondsAndJitter) {
  Fail(5);
  Pass(29);
  EXPECT_EQ(Now(), State::kEjected);
  Pass(2);
  EXPECT_EQ(Now(), State::kOk);
}

TEST_F(SourceHealthTest, JitterIsUpToTwoPercentAndNotAlwaysTheSame) {
  double least = 1e9, most = 0;
  for (int i = 0; i < 50; ++i) {
    health_ = SourceHealth();
    Fail(5);
    EXPECT_TRUE(IsTermOf(SecondsOut(), 30));
    least = std::min(least, SecondsOut());
    most = std::max(most, SecondsOut());
  }
  EXPECT_GT(most - least, 0.3);
}

TEST_F(SourceHealthTest, ConnectionsThatBreakTogetherAreOneFailure) {
  for (int i = 0; i < 16; ++i) {
    EXPECT_FALSE(health_.Fail(kRemote, now_, rng_));
    Pass(0.01);
  }
  EXPECT_FALSE(Fail(3));
  EXPECT_TRUE(Fail(1));
}

TEST_F(SourceHealthTest, ASuccessBetweenFailuresBeginsTheCountAnew) {
  Fail(4);
  Succeed();
  EXPECT_FALSE(Fail(4));
  EXPECT_TRUE(Fail(1));
}

TEST_F(SourceHealthTest, LocalAndRemoteFailuresAreCountedApart) {
  EXPECT_FALSE(Fail(4, kRemote));
  EXPECT_FALSE(Fail(4, kLocal));
  EXPECT_EQ(Now(), State::kOk);
  EXPECT_TRUE(Fail(1, kLocal));
}

TEST_F(SourceHealthTest, TermsGrowByThirtySecondsUpToThreeHundred) {
  for (int i = 1; i <= 12; ++i) EXPECT_TRUE(IsTermOf(Eject(), std::min(30 * i, 300))) << "ejection " << i;
}

TEST_F(SourceHealthTest, OneBoutEjectsOnce) {
  Fail(5);
  const double term = SecondsOut();
  EXPECT_FALSE(Fail(20));
  EXPECT_EQ(SecondsOut(), term);
}

TEST_F(SourceHealthTest, ASingleFailureAfterTheReturnDoesNotEjectAgain) {
  Fail(5);
  Fail(10);  // stragglers
  Pass(31);
  EXPECT_FALSE(Fail(4));
  EXPECT_TRUE(Fail(1));
}

TEST_F(SourceHealthTest, TermsShrinkByOneStepForEveryHealthyThirtySeconds) {
  for (int i = 0; i < 3; ++i) Eject();  // the next would be 120 s
  for (int i = 0; i < 2; ++i) {
    Pass(30);
    Succeed();
  }
  EXPECT_TRUE(IsTermOf(Eject(), 60));
}

TEST_F(SourceHealthTest, ManySuccessesInAMomentAreOneHealthyMoment) {
  for (int i = 0; i < 3; ++i) Eject();
  Pass(29);
  for (int i = 0; i < 100; ++i) Succeed();
  EXPECT_TRUE(IsTermOf(Eject(), 120));
}

// A night without a network: whoever asked then must not pay for it all the next day.
TEST_F(SourceHealthTest, TermsShrinkFromTheLongestOneServed) {
  for (int i = 0; i < 500; ++i) {
    Fail(5);
    health_.Return();
  }
  Pass(300 * 1.02);
  for (int i = 0; i < 10; ++i) {
    Pass(30);
    Succeed();
  }
  EXPECT_TRUE(IsTermOf(Eject(), 30));
}

TEST_F(SourceHealthTest, ASuccessDuringEjectionDoesNotEndIt) {
  Fail(5);
  Succeed();
  EXPECT_EQ(Now(), State::kEjected);
}

TEST_F(SourceHealthTest, ARestIsNotAFailure) {
  for (int i = 0; i < 20; ++i) {
    health_.Rest(absl::Seconds(7), now_);
    EXPECT_EQ(Now(), State::kResting);
    EXPECT_DOUBLE_EQ(SecondsOut(), 7);
    Pass(7);
    EXPECT_EQ(Now(), State::kOk);
  }
  EXPECT_FALSE(Fail(4));
  EXPECT_TRUE(Fail(1));
  EXPECT_TRUE(IsTermOf(SecondsOut(), 30));
}

TEST_F(SourceHealthTest, AShorterRestDoesNotCutALongerOne) {
  health_.Rest(absl::Seconds(60), now_);
  health_.Rest(absl::Seconds(5), now_);
  EXPECT_DOUBLE_EQ(SecondsOut(), 60);
}

TEST_F(SourceHealthTest, ReturnsWhenBothRestAndEjectionAreOver) {
  Fail(5);
  health_.Rest(absl::Seconds(10), now_);
  EXPECT_EQ(Now(), State::kResting);
  Pass(11);
  EXPECT_EQ(Now(), State::kEjected);
  health_.Rest(absl::Seconds(100), now_);
  EXPECT_DOUBLE_EQ(SecondsOut(), 100);
}

TEST_F(SourceHealthTest, WrongBytesAreNeverForgottenByTime) {
  health_.Quarantine("sent wrong bytes");
  Pass(1e6);
  Succeed();
  health_.Return();
  EXPECT_EQ(Now(), State::kQuarantined);
  EXPECT_EQ(health_.reason(), "sent wrong bytes");
  EXPECT_EQ(health_.ReturnsAt(now_), absl::InfiniteFuture());
  health_.Reset();
  EXPECT_EQ(Now(), State::kOk);
  EXPECT_EQ(health_.reason(), "");
}

TEST_F(SourceHealthTest, ADisabledSourceStaysOff) {
  health_.Disable("wrong region");
  Pass(1e6);
  Succeed();
  health_.Return();
  EXPECT_EQ(Now(), State::kDisabled);
  EXPECT_EQ(health_.reason(), "wrong region");
  EXPECT_EQ(health_.ReturnsAt(now_), absl::InfiniteFuture());
}

TEST_F(SourceHealthTest, TheLastUsableSourceIsTakenBackWithACleanCount) {
  Fail(5);
  health_.Return();
  EXPECT_EQ(Now(), State::kOk);
  EXPECT_EQ(health_.ReturnsAt(now_), absl::InfinitePast());
  EXPECT_FALSE(Fail(4));
  EXPECT_TRUE(Fail(1));
  EXPECT_TRUE(IsTermOf(SecondsOut(), 60));
}

}  // namespace
}  // namespace hfget::core
