#include "daemon/core/histogram.h"

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

size_t BoundOf(double seconds) {
  size_t i = 0;
  while (Histogram::kBounds[i] != seconds) ++i;
  return i;
}

TEST(HistogramTest, CountsWhatTookNoLongerThanEachBound) {
  Histogram h;
  for (const double seconds : {0.0005, 0.001, 0.0011, 0.2, 7.0, 1000.0}) h.Observe(absl::Seconds(seconds));
  EXPECT_EQ(h.WithinBound(BoundOf(0.001)), 2);  // the bound itself is within
  EXPECT_EQ(h.WithinBound(BoundOf(0.0025)), 3);
  EXPECT_EQ(h.WithinBound(BoundOf(0.25)), 4);
  EXPECT_EQ(h.WithinBound(BoundOf(10)), 5);
  EXPECT_EQ(h.WithinBound(BoundOf(300)), 5);
  EXPECT_EQ(h.count(), 6);
  EXPECT_NEAR(h.sum_seconds(), 1007.2026, 1e-9);
}

TEST(HistogramTest, WhatLooksShorterThanNothingCountsAsNothing) {
  Histogram h;
  h.Observe(absl::Seconds(-3));
  EXPECT_EQ(h.WithinBound(0), 1);
  EXPECT_EQ(h.sum_seconds(), 0);
}

}  // namespace
}  // namespace hfget::core
