#include "daemon/core/hedge.h"

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

StallTimeout Usually(absl::Duration mean, absl::Duration deviation) {
  StallTimeout times;
  times.Load(mean, deviation);
  return times;
}

TEST(HedgeTest, NobodyWaitsForAFailingSource) {
  const Hedge hedge = HedgeFor(Usually(absl::Milliseconds(100), absl::Milliseconds(10)), true);
  EXPECT_EQ(hedge.ask_next_after, absl::ZeroDuration());
  EXPECT_EQ(hedge.prefer_for, absl::ZeroDuration());
}

TEST(HedgeTest, AnUnknownSourceIsPreferredForLessThanHalfASecond) {
  const Hedge hedge = HedgeFor(StallTimeout(), false);
  EXPECT_EQ(hedge.ask_next_after, absl::Milliseconds(150));
  EXPECT_EQ(hedge.prefer_for, absl::Milliseconds(400));
}

TEST(HedgeTest, AKnownOneForTwiceItsUsualTime) {
  const Hedge hedge = HedgeFor(Usually(absl::Milliseconds(200), absl::Milliseconds(30)), false);
  EXPECT_EQ(hedge.ask_next_after, absl::Milliseconds(260));
  EXPECT_EQ(hedge.prefer_for, absl::Milliseconds(520));
}

TEST(HedgeTest, StaysWithinBounds) {
  const Hedge fast = HedgeFor(Usually(absl::Milliseconds(1), absl::ZeroDuration()), false);
  EXPECT_EQ(fast.ask_next_after, absl::Milliseconds(50));
  EXPECT_EQ(fast.prefer_for, absl::Milliseconds(250));
  const Hedge slow = HedgeFor(Usually(absl::Seconds(3), absl::Seconds(1)), false);
  EXPECT_EQ(slow.ask_next_after, absl::Milliseconds(300));
  EXPECT_EQ(slow.prefer_for, absl::Seconds(1));
}

}  // namespace
}  // namespace hfget::core
