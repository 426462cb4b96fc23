#include "daemon/core/bench_retention.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::core {
namespace {

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(24 * 365 * 50);

// As one that is taken every 15 minutes for `days`, and thinned at each.
std::vector<absl::Time> Kept(int days) {
  std::vector<absl::Time> kept;
  for (absl::Time at = kNow - absl::Hours(24 * days); at <= kNow; at += absl::Minutes(15)) {
    kept.push_back(at);
    const std::vector<size_t> outlived = BenchOutlived(kept, at);
    for (auto it = outlived.rbegin(); it != outlived.rend(); ++it) kept.erase(kept.begin() + static_cast<ptrdiff_t>(*it));
  }
  return kept;
}

TEST(BenchRetention, KeepsAllOfTwoDays) {
  EXPECT_EQ(Kept(1).size(), 97u);
  EXPECT_TRUE(BenchOutlived({kNow - absl::Hours(47), kNow - absl::Hours(47) + absl::Seconds(1), kNow}, kNow).empty());
}

TEST(BenchRetention, OlderOnesAreFewerAndNoneIsOlderThanNinetyDays) {
  const std::vector<absl::Time> kept = Kept(120);
  EXPECT_GE(kept.front(), kNow - kBenchLife);
  // 2 days all, 12 days hourly, 76 days in six hours.
  EXPECT_NEAR(static_cast<double>(kept.size()), 192 + 288 + 304, 12);
}

TEST(BenchRetention, WhatWasKeptOnceIsKeptWhileItsSpacingHolds) {
  const std::vector<absl::Time> kept = Kept(30);
  EXPECT_TRUE(BenchOutlived(kept, kNow).empty());
}

}  // namespace
}  // namespace hfget::core
