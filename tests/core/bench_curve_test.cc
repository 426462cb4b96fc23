#include "daemon/core/bench_curve.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

const absl::Time kBegin = absl::UnixEpoch() + absl::Hours(1);

// `rate` bytes a second from `from` to `to` after the begin, a millisecond at a time.
void Flow(BenchCurve& curve, ByteCount rate, absl::Duration from, absl::Duration to) {
  for (absl::Duration at = from; at < to; at += absl::Milliseconds(1)) curve.Add(rate / 1000, kBegin + at);
}

TEST(BenchCurve, TheFirstSecondDoesNotCount) {
  BenchCurve curve(kBegin);
  Flow(curve, 50'000'000, absl::ZeroDuration(), absl::Seconds(1));  // the burst that a limiter lets through
  Flow(curve, 1'000'000, absl::Seconds(1), absl::Seconds(5));
  const auto rate = curve.RateUntil(kBegin + absl::Seconds(5));
  EXPECT_NEAR(rate.per_second, 1'000'000, 10'000);
  EXPECT_FALSE(rate.brief);
}

TEST(BenchCurve, OfAShortSampleTheFirstHalfDoesNotCountAndItSaysSo) {
  BenchCurve curve(kBegin);
  Flow(curve, 1'000'000, absl::ZeroDuration(), absl::Milliseconds(500));
  Flow(curve, 3'000'000, absl::Milliseconds(500), absl::Seconds(1));
  const auto rate = curve.RateUntil(kBegin + absl::Seconds(1));
  EXPECT_NEAR(rate.per_second, 3'000'000, 30'000);
  EXPECT_TRUE(rate.brief);
}

TEST(BenchCurve, SilenceAtTheEndCounts) {
  BenchCurve curve(kBegin);
  Flow(curve, 2'000'000, absl::ZeroDuration(), absl::Seconds(2));
  EXPECT_NEAR(curve.RateUntil(kBegin + absl::Seconds(3)).per_second, 1'000'000, 10'000);
}

// A second's worth at once when a connection begins, and one with each second of the server's clock.
TEST(BenchCurve, OfBurstsWholeOnesCount) {
  for (int phase = 50; phase < 1000; phase += 100) {
    for (int length = 3000; length <= 6000; length += 300) {
      BenchCurve curve(kBegin);
      Flow(curve, 20'000'000, absl::ZeroDuration(), absl::Milliseconds(50));
      for (int at = phase; at < length; at += 1000) {
        Flow(curve, 20'000'000, absl::Milliseconds(at), absl::Milliseconds(std::min(at + 50, length)));
      }
      EXPECT_NEAR(curve.RateUntil(kBegin + absl::Milliseconds(length)).per_second, 1'000'000, 30'000) << phase << " " << length;
    }
  }
}

TEST(BenchCurve, StallsAreNoBursts) {
  BenchCurve curve(kBegin);
  Flow(curve, 2'000'000, absl::ZeroDuration(), absl::Milliseconds(1500));
  Flow(curve, 2'000'000, absl::Milliseconds(2500), absl::Seconds(3));
  Flow(curve, 2'000'000, absl::Milliseconds(3300), absl::Seconds(4));
  EXPECT_NEAR(curve.RateUntil(kBegin + absl::Seconds(9)).per_second, (0.5 + 0.5 + 0.7) * 2'000'000 / 8, 10'000);
}

TEST(BenchCurve, AnInstantHasNoRate) {
  BenchCurve curve(kBegin);
  curve.Add(1000, kBegin);
  EXPECT_EQ(curve.RateUntil(kBegin).per_second, 0);
  EXPECT_TRUE(curve.RateUntil(kBegin).brief);
}

TEST(BenchCurve, WhatLayReadyWhenItBeganIsNoRate) {
  BenchCurve curve(kBegin);
  for (int i = 0; i < 64; ++i) curve.Add(16 * kKiB, kBegin + absl::Microseconds(i));
  EXPECT_EQ(curve.RateUntil(kBegin + absl::Microseconds(64)).per_second, 0) << "over as soon as it began";
  Flow(curve, 3'000'000, absl::Milliseconds(1), absl::Milliseconds(8));
  EXPECT_NEAR(curve.RateUntil(kBegin + absl::Milliseconds(8)).per_second, 3'000'000, 1000);
}

TEST(BenchCurve, StepsAreRatesAndTheLastOneIsCutShort) {
  BenchCurve curve(kBegin);
  Flow(curve, 4'000'000, absl::ZeroDuration(), absl::Milliseconds(250));
  Flow(curve, 8'000'000, absl::Milliseconds(500), absl::Milliseconds(650));
  const auto steps = curve.Steps(kBegin + absl::Milliseconds(650));
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps[0], 4'000'000);
  EXPECT_EQ(steps[1], 0);
  EXPECT_NEAR(static_cast<double>(steps[2]), 8'000'000, 100);
  EXPECT_EQ(curve.bytes(), 2'200'000);
}

TEST(BenchCurve, OneReadInTheLastMillisecondIsNoSpike) {
  BenchCurve curve(kBegin);
  Flow(curve, 4'000'000, absl::ZeroDuration(), absl::Milliseconds(500));
  curve.Add(64 * kKiB, kBegin + absl::Milliseconds(501));
  const auto steps = curve.Steps(kBegin + absl::Milliseconds(501));
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_NEAR(static_cast<double>(steps[1]), (1'000'000 + 64 * kKiB) / 0.251, 10);
  EXPECT_EQ(curve.Steps(kBegin + absl::Milliseconds(100)).size(), 1u) << "a sample that is shorter is one step";
}

}  // namespace
}  // namespace hfget::core
