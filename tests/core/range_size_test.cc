#include "daemon/core/range_size.h"

#include <limits>
#include <utility>

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

constexpr double kM = kMiB;

TEST(RangeSizeTest, ThreeSecondsOfTheConnectionsRateWithinBoundsAndItsShareOfWhatIsLeft) {
  struct Case {
    const char* what;
    double rate, total;  // MiB/s
    ByteCount left;
    PieceIndex pieces;
  };
  const Case cases[] = {
      {"3 s of its rate", 5, 20, 100 * kGiB, 15},
      {"never below a piece", 0.01, 20, 100 * kGiB, 1},
      {"never above 64 MiB", 100, 200, 100 * kGiB, 64},
      {"half of its share near the end", 10, 40, 80 * kMiB, 10},
      {"the less is left, the shorter", 10, 40, 40 * kMiB, 5},
      {"down to a piece", 10, 40, 3 * kMiB, 1},
      {"a piece of nothing", 10, 40, 0, 1},
      {"alone: half of the rest", 10, 10, 40 * kMiB, 20},
      {"a total that lags behind counts as its own", 10, 3, 40 * kMiB, 20},
      {"a part of a piece is not asked for", 1.9, 2, 100 * kGiB, 5},
      {"unknown: enough to measure", 0, 40, 100 * kGiB, 2},
      {"nonsense counts as unknown", -1, 40, 100 * kGiB, 2},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(RangePieces(c.rate * kM, c.total * kM, c.left), c.pieces) << c.what;
  }
}

TEST(RangeSizeTest, IsNotShorterThanWhatComesInTheTimeToTheFirstByte) {
  struct Case {
    double latency;  // s
    ByteCount left;
    PieceIndex pieces;
  };
  // 10 of 40 MiB/s.
  const Case cases[] = {
      {0.5, 8 * kMiB, 5},    // its share would be 1
      {0.5, 80 * kMiB, 10},  // its share is more
      {2, 8 * kMiB, 20},
      {9, 8 * kMiB, 60},     // never more than 6 s
  };
  for (const Case& c : cases) {
    EXPECT_EQ(RangePieces(10 * kM, 40 * kM, c.left, absl::Seconds(c.latency)), c.pieces) << c.latency;
  }
}

TEST(RangeSizeTest, IsLongerWhereAWaitForTheFirstByteWouldCostMoreThanAFortieth) {
  for (const auto& [latency_ms, pieces] : {std::pair(20, 30), {75, 30}, {100, 40}, {150, 60}, {1000, 60}}) {
    EXPECT_EQ(RangePieces(10 * kM, 40 * kM, 100 * kGiB, absl::Milliseconds(latency_ms)), pieces) << latency_ms;
  }
}

TEST(RangeSizeTest, StaysWithinBoundsForAnyRate) {
  for (double rate = 1e-9; rate < 1e30; rate *= 10) {
    for (const ByteCount left : {ByteCount{0}, kMiB, 100 * kGiB, std::numeric_limits<ByteCount>::max()}) {
      const PieceIndex pieces = RangePieces(rate, rate * 3, left);
      EXPECT_GE(pieces, 1) << rate;
      EXPECT_LE(pieces, 64) << rate;
    }
  }
  EXPECT_EQ(RangePieces(std::numeric_limits<double>::infinity(), 1, kGiB), 64);
  EXPECT_EQ(RangePieces(1000 * kM, 1000 * kM, kMiB, absl::InfiniteDuration()), 64);
}

}  // namespace
}  // namespace hfget::core
