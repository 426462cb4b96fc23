#include "daemon/core/stall_timeout.h"

#include <vector>

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

absl::Duration After(const std::vector<int>& milliseconds) {
  StallTimeout timeout;
  for (const int ms : milliseconds) timeout.Observe(absl::Milliseconds(ms));
  return timeout.Get();
}

TEST(StallTimeoutTest, IsMeanPlusFourDeviationsBetweenTwoAndTwentySeconds) {
  struct Case {
    const char* what;
    std::vector<int> observed;
    int milliseconds;
  };
  const Case cases[] = {
      {"nothing observed", {}, 10'000},
      {"first: R + 4 * R/2", {1000}, 3000},
      {"floor", {10}, 2000},
      {"ceiling", {60'000}, 20'000},
      {"second, equal: deviation 3/4 of 500", {1000, 1000}, 1000 + 4 * 375},
      {"second, later: deviation 500 + (800 - 500)/4, mean 1000 + 800/8", {1000, 1800}, 1100 + 4 * 575},
      {"second, sooner: deviation likewise, mean 1000 - 800/8", {1000, 200}, 900 + 4 * 575},
  };
  for (const Case& c : cases) EXPECT_EQ(After(c.observed), absl::Milliseconds(c.milliseconds)) << c.what;
}

TEST(StallTimeoutTest, ASteadySourceIsGivenUpSoonerThanAnErraticOneOfTheSameMean) {
  std::vector<int> steady(100, 3000), erratic;
  for (int i = 0; i < 100; ++i) erratic.push_back(i % 2 == 0 ? 1000 : 5000);
  EXPECT_LT(After(steady), absl::Seconds(3.1));
  EXPECT_GT(After(erratic), absl::Seconds(9));
}

TEST(StallTimeoutTest, OneOutlierIsForgotten) {
  std::vector<int> observed = {1000, 15'000};
  EXPECT_GT(After(observed), absl::Seconds(15));
  observed.insert(observed.end(), 30, 1000);
  EXPECT_LT(After(observed), absl::Seconds(2.1));
}

TEST(StallTimeoutTest, LoadedFiguresCountAsObserved) {
  StallTimeout timeout;
  EXPECT_FALSE(timeout.seen());
  timeout.Load(absl::Seconds(3), absl::Seconds(1));
  EXPECT_TRUE(timeout.seen());
  EXPECT_EQ(timeout.Get(), absl::Seconds(7));
  timeout.Load(absl::InfiniteDuration(), absl::InfiniteDuration());
  EXPECT_EQ(timeout.Get(), absl::Seconds(20));
}

}  // namespace
}  // namespace hfget::core
