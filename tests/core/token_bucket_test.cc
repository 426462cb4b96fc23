#include "daemon/core/token_bucket.h"

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

constexpr ByteCount kRate = 1'000'000;

absl::Time At(double seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

TEST(TokenBucketTest, OpensWhenTheDebtIsPaid) {
  TokenBucket bucket(kRate, At(0));
  EXPECT_EQ(bucket.OpenAt(At(0)), At(0));
  bucket.Take(500'000, At(0));
  EXPECT_EQ(bucket.OpenAt(At(0)), At(0.5));
  EXPECT_EQ(bucket.OpenAt(At(0.2)), At(0.5));
  EXPECT_EQ(bucket.OpenAt(At(0.7)), At(0.7));
}

TEST(TokenBucketTest, SavesNoMoreThanABurst) {
  TokenBucket bucket(kRate, At(0));
  bucket.Take(kRate / 20, At(100));  // what was saved
  EXPECT_EQ(bucket.OpenAt(At(100)), At(100));
  bucket.Take(100'000, At(100));
  EXPECT_EQ(bucket.OpenAt(At(100)), At(100.1));
}

TEST(TokenBucketTest, HoldsTheRateWhateverTheReads) {
  for (const ByteCount read : {100, 16'384, 300'000}) {
    TokenBucket bucket(kRate, At(0));
    absl::Time now = At(0);
    ByteCount passed = 0;
    while (now < At(5)) {
      bucket.Take(read, now);
      passed += read;
      now = bucket.OpenAt(now);
    }
    EXPECT_NEAR(static_cast<double>(passed), 5.0 * kRate, 0.03 * 5 * kRate + read) << read;
  }
}

TEST(TokenBucketTest, AChangedRateCountsFromThenOn) {
  TokenBucket bucket(kRate, At(0));
  bucket.Take(1'000'000, At(0));
  bucket.SetRate(2 * kRate, At(0.5));
  EXPECT_EQ(bucket.OpenAt(At(0.5)), At(0.75));
}

TEST(TokenBucketTest, AClockThatStandsStillPaysNothing) {
  TokenBucket bucket(kRate, At(1));
  bucket.Take(1'000, At(1));
  bucket.Take(1'000, At(0.5));
  EXPECT_EQ(bucket.OpenAt(At(1)), At(1.002));
}

}  // namespace
}  // namespace hfget::core
