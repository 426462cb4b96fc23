#include "cli/bench_history_text.h"

#include "absl/strings/str_split.h"
#include "cli/text.h"
#include "gmock/gmock.h"
#include "tests/cli/bench_samples.h"

namespace hfget::cli {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;
using ::testing::ResultOf;
using ::testing::StartsWith;

std::vector<std::string> HistoryLines(const std::string& text) { return absl::StrSplit(text, '\n', absl::SkipEmpty()); }

TEST(BenchHistoryTextTest, FitsEveryTerminal) {
  for (const int width : {40, 60, 80, 120, 200}) {
    for (const bool unicode : {true, false}) {
      const std::string text = BenchHistoryText(testing::SampleBenchHistory(), {.width = width, .color = true, .unicode = unicode});
      EXPECT_THAT(HistoryLines(text), Each(ResultOf(DisplayWidth, Le(width)))) << width;
    }
  }
}

TEST(BenchHistoryTextTest, ARowASourceTheFastestFirst) {
  const std::vector<std::string> lines = HistoryLines(BenchHistoryText(testing::SampleBenchHistory(), {.width = 120}));
  EXPECT_THAT(lines[0], AllOf(HasSubstr("LAST"), HasSubstr("MEDIAN"), HasSubstr("BEST"), HasSubstr("FAILED")));
  EXPECT_THAT(lines[1], AllOf(StartsWith("tuna"), HasSubstr("█"), Not(HasSubstr("×"))));
  EXPECT_THAT(lines[5], AllOf(StartsWith("pai"), HasSubstr("××××"), Not(HasSubstr("█"))));
  EXPECT_THAT(lines[6], HasSubstr("2026-01-01 00:00 – 2026-01-03 23:00 UTC"));
}

TEST(BenchHistoryTextTest, OnePointIsEnoughAndNoneIsSaid) {
  EXPECT_THAT(BenchHistoryText(testing::SampleBenchHistory(1), {.width = 80}), HasSubstr("tuna"));
  EXPECT_EQ(BenchHistoryText({}, {}), "no bench is remembered: hfget bench\n");
}

}  // namespace
}  // namespace hfget::cli
