#include "cli/bench_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
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
using ::testing::Lt;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::ResultOf;
using ::testing::SizeIs;
using testing::SampleBench;

std::vector<std::string> BenchLines(const std::string& text) { return absl::StrSplit(text, '\n', absl::SkipEmpty()); }

BenchStyle AtWidth(int width) { return {.width = width}; }

// A run whose every name is as long as a hub may make it.
BenchRun LongNames() {
  BenchRun run = SampleBench();
  for (v1::BenchRow& row : *run.report.mutable_rows()) {
    row.set_source(std::string(70, 's'));
    row.set_data_host_name(std::string(90, 'd'));
  }
  return run;
}

TEST(BenchTextTest, FitsEveryTerminal) {
  for (const BenchRun& run : {SampleBench(), LongNames()}) {
    for (const int width : {40, 60, 80, 100, 120, 200}) {
      for (const bool unicode : {true, false}) {
        const BenchStyle style = {.width = width, .color = true, .unicode = unicode};
        EXPECT_THAT(BenchLines(BenchText(run, style)), Each(ResultOf(DisplayWidth, Le(width)))) << width;
        EXPECT_THAT(RenderBench(run, {width, 24, true, unicode}), Each(ResultOf(DisplayWidth, Lt(width)))) << width;
      }
    }
  }
}

TEST(BenchTextTest, IsAsciiWhereTheTerminalIs) {
  const auto is_ascii = [](const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isascii(static_cast<unsigned char>(c)); });
  };
  EXPECT_TRUE(is_ascii(BenchText(SampleBench(), {.width = 120, .unicode = false})));
  EXPECT_TRUE(is_ascii(absl::StrJoin(RenderBench(SampleBench(), {.width = 100, .unicode = false}), "\n")));
  EXPECT_TRUE(is_ascii(BenchRoundText(SampleBench(), absl::UnixEpoch(), {.unicode = false})));
}

TEST(BenchTextTest, NothingIsColoredWithoutColor) {
  EXPECT_THAT(BenchText(SampleBench(), {.width = 120, .color = true}), HasSubstr("\x1b["));
  EXPECT_THAT(BenchText(SampleBench(), AtWidth(120)), Not(HasSubstr("\x1b")));
  EXPECT_THAT(absl::StrJoin(RenderBench(SampleBench(), {.width = 100}), "\n"), Not(HasSubstr("\x1b")));
}

TEST(BenchTextTest, SourcesStandInTheRecommendedOrderAndThoseThatAreDownSayWhy) {
  const std::string text = BenchText(SampleBench(), AtWidth(120));
  EXPECT_LT(text.find("1  tuna"), text.find("2  official"));
  EXPECT_LT(text.find("2  official"), text.find("pai: connection refused"));
  EXPECT_LT(text.find("pai: connection refused"), text.find("Use tuna first"));
  EXPECT_THAT(text, AllOf(HasSubstr("×8"), HasSubstr("36 ms / 54 ms"), HasSubstr("proven"), HasSubstr("lags: it has 01234567"),
                          HasSubstr("480 requests left for 4 min"), HasSubstr("held back here by cpu"), HasSubstr("(4.0 GiB)")));
}

TEST(BenchTextTest, BarsAreInProportion) {
  const std::string text = BenchText(SampleBench(), {.width = 100, .unicode = false});
  std::vector<int> bars;
  for (const std::string& line : BenchLines(text)) {
    if (line[0] >= '1' && line[0] <= '4' && line[1] == ' ') bars.push_back(static_cast<int>(std::count(line.begin(), line.end(), '#')));
  }
  ASSERT_THAT(bars, SizeIs(4));
  EXPECT_TRUE(std::is_sorted(bars.rbegin(), bars.rend()));
  EXPECT_GT(bars[0], 3 * bars[3]);
  EXPECT_GT(bars[3], 0);
}

TEST(BenchTextTest, ColumnsThatSayLessGiveWayFirst) {
  const auto header = [](int width) {
    const std::vector<std::string> lines = BenchLines(BenchText(SampleBench(), AtWidth(width)));
    return *std::find_if(lines.begin(), lines.end(), [](const std::string& line) { return line[0] == '#'; });
  };
  EXPECT_THAT(header(140), AllOf(HasSubstr("TOKEN"), HasSubstr("LAG"), HasSubstr("P10"), HasSubstr("1ST BYTE")));
  EXPECT_THAT(header(80), AllOf(Not(HasSubstr("TOKEN")), HasSubstr("BEST"), HasSubstr("1ST BYTE")));
  EXPECT_THAT(header(40), AllOf(HasSubstr("SOURCE"), HasSubstr("BEST"), Not(HasSubstr("1ST BYTE"))));
}

TEST(BenchTextTest, WithoutATerminalThereAreAllColumnsAndNoBars) {
  const std::string text = BenchText(SampleBench(), {});
  EXPECT_THAT(text, AllOf(HasSubstr("TOKEN"), HasSubstr("LAG"), Not(HasSubstr("━"))));
}

TEST(BenchTextTest, ASpreadOfOneRoundIsNone) {
  BenchRun run = SampleBench();
  for (v1::BenchRow& row : *run.report.mutable_rows()) row.mutable_best()->set_count(1);
  EXPECT_THAT(BenchText(run, {}), Not(HasSubstr("64.8–67.2")));
  EXPECT_THAT(BenchText(SampleBench(), {}), HasSubstr("64.8–67.2"));
}

TEST(BenchTextTest, BriefSamplesAreMarkedAndTheMarkIsExplained) {
  BenchRun run = SampleBench();
  EXPECT_THAT(BenchText(run, {}), AllOf(Not(HasSubstr("×8*")), Not(HasSubstr("less than 2 s"))));
  run.report.mutable_rows(0)->set_brief(3);
  EXPECT_THAT(BenchText(run, {}), AllOf(HasSubstr("×8*"), HasSubstr("*: of samples of less than 2 s, of which the second half counts")));
}

TEST(BenchTextTest, WhetherItLagsIsLeftOpenWhereNobodyKnows) {
  v1::BenchRow row;
  row.set_commit(testing::kCommit);
  EXPECT_EQ(LagWord(row), "-");
  row.set_lag_known(true);
  EXPECT_EQ(LagWord(row), "no");
  row.set_lags(true);
  EXPECT_EQ(LagWord(row), "yes");
}

TEST(BenchTextTest, OneThatBroughtBytesAndIsNotUsedIsNotSaidToBeDown) {
  BenchRun run = SampleBench();
  run.report.mutable_rows(0)->set_rank(0);
  run.report.mutable_rows(0)->set_why("the daemon does not use it: its bytes were wrong; it brought 92.0 MiB/s with 8 connections");
  EXPECT_THAT(BenchText(run, {}), HasSubstr("✗  tuna: the daemon does not use it: its bytes were wrong"));
  EXPECT_THAT(BenchRoundText(run, absl::UnixEpoch(), {}), AllOf(HasSubstr("tuna: not used"), HasSubstr("pai: down")));
}

TEST(BenchTextTest, WhatASourceSaysReachesNoTerminal) {
  BenchRun run = SampleBench();
  for (v1::BenchRow& row : *run.report.mutable_rows()) {
    row.set_source("\x1b]0;x\x07");
    row.set_why("\x1b[2J\n");
    row.set_data_host_name("\x1b[31m");
  }
  run.report.set_recommendation("\x1b[2J");
  run.plan.set_file("\x1b[2J");
  run.progress.set_source("\x1b[2J");
  for (const std::string& text : {BenchText(run, AtWidth(100)), BenchText(run, {}), BenchProgressText(run),
                                  BenchRoundText(run, absl::UnixEpoch(), {}),
                                  absl::StrJoin(RenderBench(run, {.width = 100}), "")}) {
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  }
}

TEST(BenchTextTest, WhileItRunsTheSampleUnderWayIsBelowTheTable) {
  BenchRun run = SampleBench();
  run.report.set_samples(6);
  run.report.set_complete(false);
  run.progress.set_source("tuna");
  run.progress.set_round(2);
  run.progress.set_connections(4);
  run.progress.set_rate_bytes_per_sec(48 * testing::kMiB);
  const std::vector<std::string> lines = RenderBench(run, {.width = 100});
  EXPECT_THAT(lines.front(), HasSubstr("SOURCE"));
  EXPECT_THAT(lines.back(), HasSubstr("sample 7 of 60 · tuna · round 2 · ×4 · 48.0 MiB/s"));
  EXPECT_EQ(BenchProgressText(run), "bench org/model: sample 7 of 60: tuna, round 2, 4 connections, 48.0 MiB/s");
  EXPECT_THAT(RenderBench(run, {.width = 100, .height = 5}), SizeIs(4));
  EXPECT_THAT(RenderBench(BenchRun(), {.width = 100}), SizeIs(1));
}

TEST(BenchTextTest, ARoundIsOneLine) {
  const std::string text = BenchRoundText(SampleBench(), absl::FromUnixSeconds(1767225600), {});
  EXPECT_THAT(text, MatchesRegex("2026-01-01 00:00:00  tuna [0-9.]+ MiB/s ×8 · official .* ×8 · .* · pai: down"));
  EXPECT_EQ(DisplayWidth(BenchRoundText(SampleBench(), absl::UnixEpoch(), AtWidth(50))), 50);
}

}  // namespace
}  // namespace hfget::cli
