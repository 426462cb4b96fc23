#include "daemon/core/score.h"

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

TEST(ScoreTest, IsTheRateOfASourceThatAnswersAtOnceAndAlways) {
  EXPECT_DOUBLE_EQ(ScoreOf(5.0 * kMiB, absl::ZeroDuration(), 1), 5.0 * kMiB);
}

TEST(ScoreTest, IsUnknownWithTheRate) { EXPECT_EQ(ScoreOf(0, absl::Milliseconds(5), 1), 0); }

TEST(ScoreTest, CountsTheWaitForEveryRange) {
  EXPECT_DOUBLE_EQ(ScoreOf(10.0 * kMiB, absl::Seconds(3), 1), 5.0 * kMiB);  // 30 MiB in 3 + 3 s
}

TEST(ScoreTest, CountsFailuresAsNothing) { EXPECT_DOUBLE_EQ(ScoreOf(8.0 * kMiB, absl::ZeroDuration(), 0.5), 4.0 * kMiB); }

TEST(ScoreTest, SmallRangesSufferMostFromTheWait) {
  const double slow = ScoreOf(0.1 * kMiB, absl::Seconds(1), 1) / (0.1 * kMiB);
  const double fast = ScoreOf(100.0 * kMiB, absl::Seconds(1), 1) / (100.0 * kMiB);
  EXPECT_GT(slow, 0.9);  // a MiB takes 10 s anyway
  EXPECT_LT(fast, 0.5);  // 64 MiB would take 0.64 s
}

}  // namespace
}  // namespace hfget::core
