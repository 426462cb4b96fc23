#include "daemon/core/source_stats.h"

#include <cmath>
#include <limits>
#include <utility>

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

const absl::Time kBegin = absl::UnixEpoch() + absl::Hours(1);

TEST(SourceStatsTest, AnUntriedSourceIsUnknownAndTrusted) {
  const SourceStats stats;
  EXPECT_EQ(stats.connection_rate(), 0);
  EXPECT_EQ(stats.RateNow(kBegin), 0);
  EXPECT_EQ(stats.latency(), absl::Milliseconds(200));
  EXPECT_EQ(stats.StallAfter(), absl::Seconds(10));
  EXPECT_EQ(stats.success(), 1);
  EXPECT_EQ(stats.bytes(), 0);
}

TEST(SourceStatsTest, TheFirstFlightSetsTheRateAndLaterOnesMoveItByThreeTenths) {
  SourceStats stats;
  stats.OnFlight(4 * kMiB, absl::Seconds(2));
  EXPECT_DOUBLE_EQ(stats.connection_rate(), 2.0 * kMiB);
  stats.OnFlight(12 * kMiB, absl::Seconds(1));
  EXPECT_DOUBLE_EQ(stats.connection_rate(), (0.7 * 2 + 0.3 * 12) * kMiB);
}

TEST(SourceStatsTest, ShortFlightsSayNothingAboutTheRate) {
  SourceStats stats;
  stats.OnFlight(256 * kKiB - 1, absl::Seconds(1));
  stats.OnFlight(kMiB, absl::ZeroDuration());
  stats.OnFlight(0, absl::Seconds(5));
  EXPECT_EQ(stats.connection_rate(), 0);
}

TEST(SourceStatsTest, ARateThatWasMeasuredCountsHoweverSlowItIs) {
  SourceStats stats;
  stats.OnRate(20.0 * kKiB);
  EXPECT_DOUBLE_EQ(stats.connection_rate(), 20.0 * kKiB);
  stats.OnRate(120.0 * kKiB);
  EXPECT_DOUBLE_EQ(stats.connection_rate(), (0.7 * 20 + 0.3 * 120) * kKiB);
  stats.OnRate(0);
  EXPECT_DOUBLE_EQ(stats.connection_rate(), (0.7 * 20 + 0.3 * 120) * kKiB);
}

TEST(SourceStatsTest, SuccessIsAShareThatDecays) {
  SourceStats stats;
  for (int i = 0; i < 100; ++i) stats.OnResult(false);
  EXPECT_LT(stats.success(), 0.01);
  for (int i = 0; i < 16; ++i) stats.OnResult(true);
  EXPECT_GT(stats.success(), 0.6);
  for (int i = 0; i < 1000; ++i) stats.OnResult(true);
  EXPECT_NEAR(stats.success(), 1, 1e-6);
}

TEST(SourceStatsTest, BytesAreCountedAndTheirRateDecays) {
  SourceStats stats;
  for (int i = 0; i <= 1000; ++i) stats.OnBytes(kMiB / 100, kBegin + i * absl::Milliseconds(10));
  const absl::Time end = kBegin + absl::Seconds(10);
  EXPECT_NEAR(stats.RateNow(end), kMiB, 0.02 * kMiB);
  EXPECT_NEAR(stats.RateNow(end + absl::Seconds(2)), kMiB / 2, 0.02 * kMiB);
  EXPECT_EQ(stats.bytes(), 1001 * (kMiB / 100));
}

TEST(SourceStatsTest, LatencyIsTheMeanOfFirstBytes) {
  SourceStats stats;
  stats.OnFirstByte(absl::Milliseconds(80));
  EXPECT_EQ(stats.latency(), absl::Milliseconds(80));
  EXPECT_EQ(stats.StallAfter(), absl::Seconds(2));
}

TEST(SourceStatsTest, ARecordIsTakenUp) {
  SourceStats stats;
  stats.Load(3e6, absl::Seconds(1), absl::Seconds(0.5), 0.75);
  EXPECT_EQ(stats.connection_rate(), 3e6);
  EXPECT_EQ(stats.latency(), absl::Seconds(1));
  EXPECT_EQ(stats.StallAfter(), absl::Seconds(3));
  EXPECT_EQ(stats.success(), 0.75);
}

TEST(SourceStatsTest, ARecordAges) {
  SourceStats yesterday;
  yesterday.Load(3e6, absl::Seconds(1), absl::Seconds(0.5), 0.2, absl::Hours(6));
  EXPECT_EQ(yesterday.connection_rate(), 3e6);
  EXPECT_DOUBLE_EQ(yesterday.success(), 0.6);  // half of its failures are forgiven
  SourceStats old;
  old.Load(3e6, absl::Seconds(1), absl::Seconds(0.5), 0.2, absl::Hours(8 * 24));
  EXPECT_EQ(old.connection_rate(), 0);
  EXPECT_EQ(old.StallAfter(), absl::Seconds(10));
  EXPECT_GT(old.success(), 0.99);
}

TEST(SourceStatsTest, NonsenseInARecordIsLeftOut) {
  const double nan = std::nan("");
  const double infinite = std::numeric_limits<double>::infinity();
  for (const double bad : {nan, infinite, -infinite, -1.0}) {
    SourceStats stats;
    stats.Load(bad, absl::Seconds(-1), absl::ZeroDuration(), bad);
    EXPECT_EQ(stats.connection_rate(), 0) << bad;
    EXPECT_EQ(stats.success(), 1) << bad;
    EXPECT_EQ(stats.StallAfter(), absl::Seconds(10)) << bad;
  }
}

// An infinite mean never comes down again, whatever is observed.
TEST(SourceStatsTest, ATimeThatNobodyWaitsForIsLeftOut) {
  const absl::Duration second = absl::Seconds(1);
  for (const auto& [latency, deviation] : {std::pair(absl::InfiniteDuration(), second), std::pair(second, absl::InfiniteDuration()),
                                           std::pair(second, -second), std::pair(absl::Hours(1), second)}) {
    SourceStats stats;
    stats.Load(1e6, latency, deviation, 1);
    EXPECT_FALSE(stats.times().seen()) << latency << " " << deviation;
    EXPECT_EQ(stats.connection_rate(), 1e6);
  }
}

}  // namespace
}  // namespace hfget::core
