#include "daemon/core/latency_window.h"

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

TEST(LatencyWindowTest, IsZeroBeforeAnything) { EXPECT_EQ(LatencyWindow().Percentile(0.95), absl::ZeroDuration()); }

TEST(LatencyWindowTest, GivesTheNearestRank) {
  LatencyWindow window;
  for (int i = 100; i >= 1; --i) window.Observe(absl::Milliseconds(i));
  EXPECT_EQ(window.Percentile(0.95), absl::Milliseconds(95));
  EXPECT_EQ(window.Percentile(0.5), absl::Milliseconds(50));
  EXPECT_EQ(window.Percentile(1), absl::Milliseconds(100));
}

TEST(LatencyWindowTest, ForgetsWhatIsOld) {
  LatencyWindow window;
  window.Observe(absl::Seconds(9));
  for (size_t i = 0; i < LatencyWindow::kLast; ++i) window.Observe(absl::Milliseconds(1));
  EXPECT_EQ(window.Percentile(1), absl::Milliseconds(1));
}

}  // namespace
}  // namespace hfget::core
