#include "cli/format.h"

#include "gtest/gtest.h"

namespace hfget::cli {
namespace {

constexpr int64_t kMiB = 1024 * 1024;

TEST(FormatBytesTest, KeepsThreeDigitsOrSo) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(-5), "0 B");
  EXPECT_EQ(FormatBytes(1023), "1023 B");
  EXPECT_EQ(FormatBytes(1024), "1.0 KiB");
  EXPECT_EQ(FormatBytes(102 * kMiB), "102 MiB");
  EXPECT_EQ(FormatBytes(INT64_MAX), "8.0 EiB");
}

TEST(FormatBytesTest, NeverRoundsUpToTheNextUnitsNumber) {
  EXPECT_EQ(FormatBytes(1024 * kMiB - 1), "1.0 GiB");
  EXPECT_EQ(FormatBytes(100 * kMiB - 1), "100 MiB");
}

TEST(FormatBytesTest, FitsItsColumn) {
  for (int64_t bytes = 1; bytes < INT64_MAX / 3; bytes = bytes * 3 + 1) {
    EXPECT_LE(FormatBytes(bytes).size(), static_cast<size_t>(kBytesWidth)) << bytes;
    EXPECT_LE(FormatRate(bytes).size(), static_cast<size_t>(kRateWidth)) << bytes;
  }
}

TEST(FormatSpanTest, NamesTwoUnits) {
  EXPECT_EQ(FormatSpan(absl::Milliseconds(2100)), "2.1 s");
  EXPECT_EQ(FormatSpan(absl::Milliseconds(9970)), "10 s");
  EXPECT_EQ(FormatSpan(absl::Seconds(123)), "2 min 03 s");
  EXPECT_EQ(FormatSpan(absl::Seconds(3720)), "1 h 02 min");
  EXPECT_EQ(FormatSpan(absl::Hours(76)), "3 d 4 h");
  EXPECT_EQ(FormatSpan(-absl::Seconds(1)), "0.0 s");
  EXPECT_EQ(FormatSpan(absl::InfiniteDuration()), "for ever");
}

TEST(FormatClockTest, FitsItsColumn) {
  EXPECT_EQ(FormatClock(absl::Seconds(38)), "0:38");
  EXPECT_EQ(FormatClock(absl::Seconds(3723)), "1:02:03");
  EXPECT_EQ(FormatClock(absl::Hours(100)), "4 d 4 h");
  EXPECT_EQ(FormatClock(absl::InfiniteDuration()), "> 99 d");
  for (int64_t s = 1; s < INT64_MAX / 2; s *= 2) {
    EXPECT_LE(FormatClock(absl::Seconds(s)).size(), static_cast<size_t>(kClockWidth)) << s;
  }
}

TEST(FormatPercentTest, SaysHundredOnlyWhenComplete) {
  EXPECT_EQ(FormatPercent(0, 10), "0 %");
  EXPECT_EQ(FormatPercent(99'999'999, 100'000'000), "99 %");
  EXPECT_EQ(FormatPercent(INT64_MAX - 1, INT64_MAX), "99 %");
  EXPECT_EQ(FormatPercent(10, 10), "100 %");
  EXPECT_EQ(FormatPercent(0, 0), "100 %");
}

TEST(FormatFilesTest, KnowsOne) {
  EXPECT_EQ(FormatFiles(1), "1 file");
  EXPECT_EQ(FormatFiles(0), "0 files");
}

}  // namespace
}  // namespace hfget::cli
