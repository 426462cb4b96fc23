#include "daemon/core/rate_meter.h"

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

const absl::Time kBegin = absl::UnixEpoch() + absl::Hours(1);

// `bytes` every 10 ms for so long, beginning 10 ms after `now`. Returns the end.
absl::Time Feed(RateMeter& meter, ByteCount bytes, absl::Duration length, absl::Time now) {
  for (const absl::Time end = now + length; now < end;) {
    now += absl::Milliseconds(10);
    meter.Add(bytes, now);
  }
  return now;
}

TEST(RateMeterTest, HasNothingToSayBeforeItBegan) {
  RateMeter meter;
  EXPECT_FALSE(meter.started());
  EXPECT_EQ(meter.PerSecond(kBegin), 0);
  EXPECT_EQ(meter.Weight(kBegin), 0);
  meter.Add(1000, kBegin);
  EXPECT_TRUE(meter.started());
  EXPECT_EQ(meter.PerSecond(kBegin), 0);
}

TEST(RateMeterTest, DoesNotTakeTheFirstSecondsForSlowOnes) {
  for (const absl::Duration length : {absl::Milliseconds(100), absl::Seconds(1), absl::Seconds(30)}) {
    RateMeter meter;
    meter.Start(kBegin);
    const absl::Time end = Feed(meter, 10'000, length, kBegin);
    EXPECT_NEAR(meter.PerSecond(end), 1'000'000, 10'000) << length;
  }
}

TEST(RateMeterTest, SilenceCountsAsZeroByHalfLives) {
  RateMeter meter(absl::Seconds(2));
  meter.Start(kBegin);
  const absl::Time end = Feed(meter, 10'000, absl::Seconds(60), kBegin);
  EXPECT_NEAR(meter.PerSecond(end + absl::Seconds(2)), 500'000, 5'000);
  EXPECT_NEAR(meter.PerSecond(end + absl::Seconds(4)), 250'000, 5'000);
  EXPECT_LT(meter.PerSecond(end + absl::Minutes(2)), 1);
}

TEST(RateMeterTest, RecentSecondsCountMost) {
  RateMeter meter(absl::Seconds(2));
  meter.Start(kBegin);
  absl::Time now = Feed(meter, 10'000, absl::Seconds(60), kBegin);
  now = Feed(meter, 20'000, absl::Seconds(2), now);
  EXPECT_NEAR(meter.PerSecond(now), 1'500'000, 20'000);
  now = Feed(meter, 20'000, absl::Seconds(20), now);
  EXPECT_NEAR(meter.PerSecond(now), 2'000'000, 20'000);
}

TEST(RateMeterTest, WeightGrowsToOneAndAHalfHalfLives) {
  RateMeter meter(absl::Seconds(2));
  meter.Start(kBegin);
  EXPECT_NEAR(meter.Weight(kBegin + absl::Milliseconds(250)), 0.24, 0.01);
  EXPECT_NEAR(meter.Weight(kBegin + absl::Hours(1)), 2.885, 0.01);
}

TEST(RateMeterTest, ReadingChangesNothing) {
  RateMeter meter;
  meter.Start(kBegin);
  const absl::Time end = Feed(meter, 10'000, absl::Seconds(1), kBegin);
  const double before = meter.PerSecond(end);
  meter.PerSecond(end + absl::Hours(1));
  EXPECT_EQ(meter.PerSecond(end), before);
}

TEST(RateMeterTest, ATimeThatStandsStillOrGoesBackIsNoTime) {
  RateMeter meter;
  meter.Start(kBegin);
  const absl::Time end = Feed(meter, 10'000, absl::Seconds(1), kBegin);
  const double before = meter.PerSecond(end);
  EXPECT_EQ(meter.PerSecond(end - absl::Seconds(5)), before);
  meter.Add(10'000, end - absl::Seconds(5));
  EXPECT_GT(meter.PerSecond(end), before);
}

}  // namespace
}  // namespace hfget::core
