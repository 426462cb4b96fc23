#include "cli/bench_html.h"

#include "gmock/gmock.h"
#include "tests/cli/bench_samples.h"

namespace hfget::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const BenchPlace kSamplePlace{"node17 (Linux)", absl::FromUnixSeconds(1767230000)};

size_t CountOf(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

TEST(BenchHtmlTest, SaysWhatIsRecommendedWhereAndWhen) {
  EXPECT_THAT(BenchHtml(testing::SampleBench(), kSamplePlace),
              AllOf(HasSubstr("Use tuna first"), HasSubstr("node17 (Linux)"), HasSubstr("2026-01-01 00:00 UTC"),
                    HasSubstr("org/model@abcdef12"),
                    HasSubstr("Not to be used now: connection refused"), Not(HasSubstr("Interrupted"))));
}

TEST(BenchHtmlTest, HasThreeFiguresAndEverySample) {
  const std::string page = BenchHtml(testing::SampleBench(), kSamplePlace);
  EXPECT_EQ(CountOf(page, "<figure>"), 3u);
  EXPECT_EQ(CountOf(page, "<svg viewBox=\"0 0 320"), 4u);  // a panel for each source that brought bytes
  EXPECT_EQ(CountOf(page.substr(page.find("Every sample")), "<tr>"), 61u);
}

TEST(BenchHtmlTest, CountsThatASourceWasMeasuredWithBesideThePlansAreDrawn) {
  BenchRun run = testing::SampleBench();
  const std::string as_planned = BenchHtml(run, kSamplePlace);
  for (v1::BenchRow::Step& step : *run.report.mutable_rows(0)->mutable_steps()) {
    if (step.connections() == 8) step.set_connections(6);
  }
  const std::string page = BenchHtml(run, kSamplePlace);
  EXPECT_THAT(page, AllOf(HasSubstr("tuna ×6: "), HasSubstr(">6</text>")));
  EXPECT_EQ(CountOf(page, "class=\"mark"), CountOf(as_planned, "class=\"mark"));
}

TEST(BenchHtmlTest, WhatOfABriefSampleCountsIsSaidWhereItIsMarked) {
  BenchRun run = testing::SampleBench();
  run.report.mutable_rows(0)->set_brief(3);
  EXPECT_THAT(BenchHtml(run, kSamplePlace), AllOf(HasSubstr("</b> ×8*"), HasSubstr("(*, brief) the first half does not")));
  EXPECT_THAT(BenchHtml(testing::SampleBench(), kSamplePlace), Not(HasSubstr("×8*")));
}

TEST(BenchHtmlTest, ABenchThatWasInterruptedSaysSo) {
  BenchRun run = testing::SampleBench();
  run.samples.resize(7);
  run.report.set_complete(false);
  EXPECT_THAT(BenchHtml(run, kSamplePlace), HasSubstr("Interrupted: this is what 7 of 60 samples say"));
}

TEST(BenchHtmlTest, OneInWhichNothingCameHasNoChart) {
  BenchRun run = testing::SampleBench();
  run.samples.clear();
  run.report.clear_rows();
  EXPECT_EQ(CountOf(BenchHtml(run, kSamplePlace), "<figure>"), 0u);
  EXPECT_THAT(BenchHtml(BenchRun(), kSamplePlace), HasSubstr("Nothing can be recommended yet."));
}

TEST(BenchHtmlTest, HistoryHasAPanelASource) {
  const std::string page = BenchHistoryHtml(testing::SampleBenchHistory(), kSamplePlace);
  EXPECT_THAT(page, AllOf(HasSubstr("tuna was the fastest"), HasSubstr("class=\"cross\"")));
  EXPECT_EQ(CountOf(page, "<svg viewBox=\"0 0 320"), 5u);
  EXPECT_THAT(BenchHistoryHtml({}, kSamplePlace), HasSubstr("No bench is remembered"));
}

}  // namespace
}  // namespace hfget::cli
