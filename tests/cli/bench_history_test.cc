#include "cli/bench_history.h"

#include "gmock/gmock.h"
#include "tests/cli/bench_samples.h"

namespace hfget::cli {
namespace {

v1::BenchPoint Point(const std::string& source, int64_t at, double rate) {
  v1::BenchPoint point;
  point.set_source(source);
  point.mutable_at()->set_seconds(at);
  point.set_best_bytes_per_sec(rate);
  return point;
}

TEST(BenchHistoryTest, FailuresCountForTheLastOneAndNotForTheMedian) {
  const std::vector<SourceHistory> histories =
      HistoryBySource({Point("a", 30, 0), Point("a", 10, 4), Point("b", 10, 100), Point("a", 20, 8), Point("c", 10, 0)});
  ASSERT_EQ(histories.size(), 3u);
  EXPECT_EQ(histories[0].source, "b");
  EXPECT_EQ(histories[1].source, "a");
  EXPECT_EQ(histories[1].median, 6);
  EXPECT_EQ(histories[1].best, 8);
  EXPECT_EQ(histories[1].last, 0);
  EXPECT_EQ(histories[1].failed, 1);
  EXPECT_EQ(histories[1].points.front().at().seconds(), 10);
  EXPECT_EQ(histories[2].median, 0);
}

TEST(BenchHistoryTest, ThePeriodSpansAllPoints) {
  const BenchPeriod period = PeriodOf({Point("a", 30, 1), Point("b", 10, 1)});
  EXPECT_EQ(period.begin, absl::FromUnixSeconds(10));
  EXPECT_EQ(period.end, absl::FromUnixSeconds(30));
}

}  // namespace
}  // namespace hfget::cli
