#include "daemon/base/types.h"

#include "gtest/gtest.h"

namespace hfget {
namespace {

TEST(TypesTest, PiecesCoverAFileWithoutRest) {
  EXPECT_EQ(PieceCount(0), 0);
  EXPECT_EQ(PieceCount(1), 1);
  EXPECT_EQ(PieceCount(kPieceBytes), 1);
  EXPECT_EQ(PieceCount(kPieceBytes + 1), 2);
  EXPECT_EQ(PieceCount(500 * kGiB), 512000);
}

TEST(TypesTest, TheLastPieceIsShort) {
  EXPECT_EQ(BytesOf({0, 1}, 10), (ByteRange{0, 10}));
  EXPECT_EQ(BytesOf({1, 3}, 2 * kMiB + 5), (ByteRange{kMiB, 2 * kMiB + 5}));
  EXPECT_EQ(BytesOf({0, 2}, 5 * kMiB).size(), 2 * kMiB);
}

TEST(TypesTest, EmptyRanges) {
  EXPECT_TRUE((ByteRange{5, 5}.empty()));
  EXPECT_TRUE((PieceRange{}.empty()));
  EXPECT_FALSE((PieceRange{0, 1}.empty()));
  EXPECT_EQ((PieceRange{2, 7}.size()), 5);
}

}  // namespace
}  // namespace hfget
