#include "daemon/base/clock.h"

#include "gtest/gtest.h"

namespace hfget {
namespace {

TEST(ClockTest, SteadyTimeNeverGoesBack) {
  absl::Time last = RealClock().Steady();
  for (int i = 0; i < 10000; ++i) {
    const absl::Time now = RealClock().Steady();
    ASSERT_GE(now, last);
    last = now;
  }
}

}  // namespace
}  // namespace hfget
