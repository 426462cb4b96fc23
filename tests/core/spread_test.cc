#include "daemon/core/spread.h"

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

TEST(Spread, LiesBetweenValuesInProportion) {
  const Spread spread = SpreadOf({40, 10, 20, 30});
  EXPECT_EQ(spread.count, 4);
  EXPECT_DOUBLE_EQ(spread.median, 25);
  EXPECT_DOUBLE_EQ(spread.p10, 13);
  EXPECT_DOUBLE_EQ(spread.p90, 37);
}

TEST(Spread, OfOneValueIsThatValue) {
  const Spread spread = SpreadOf({7});
  EXPECT_EQ(spread.median, 7);
  EXPECT_EQ(spread.p10, 7);
  EXPECT_EQ(spread.p90, 7);
}

TEST(Spread, OfNoneSaysSo) { EXPECT_EQ(SpreadOf({}).count, 0); }

}  // namespace
}  // namespace hfget::core
