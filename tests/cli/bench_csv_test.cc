#include "cli/bench_csv.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "tests/cli/bench_samples.h"

namespace hfget::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

size_t Commas(const std::string& line) { return std::count(line.begin(), line.end(), ','); }

TEST(BenchCsvTest, EveryLineHasTheColumnsOfTheHeader) {
  const BenchRun run = testing::SampleBench();
  EXPECT_THAT(BenchCsvHeader(), EndsWith("data_first_byte_seconds\r\n"));
  for (const v1::BenchSample& sample : run.samples) {
    EXPECT_EQ(Commas(BenchCsvLine(run.plan, sample)), Commas(BenchCsvHeader()));
    EXPECT_THAT(BenchCsvLine(run.plan, sample), EndsWith("\r\n"));
  }
  for (const v1::BenchPoint& point : testing::SampleBenchHistory(2)) {
    EXPECT_EQ(Commas(BenchHistoryCsvLine(point)), Commas(BenchHistoryCsvHeader()));
  }
}

TEST(BenchCsvTest, QuotesWhatWouldBreakALine) {
  v1::BenchSample sample;
  sample.mutable_error()->set_message("a \"b\", c\nd");
  EXPECT_THAT(BenchCsvLine({}, sample), HasSubstr(",\"a \"\"b\"\", c d\","));
}

TEST(BenchCsvTest, WhatASourceSaysIsNoFormulaAndHidesNothing) {
  for (const char* text : {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1"}) {
    v1::BenchSample sample;
    sample.mutable_error()->set_message(text);
    EXPECT_THAT(BenchCsvLine({}, sample), HasSubstr(absl::StrCat(",'", text[0] == '\t' ? " =1" : text, ","))) << text;
  }
  v1::BenchSample sample;
  sample.mutable_error()->set_message("a\x1b[31m\xe2\x80\xae" "b");
  EXPECT_THAT(BenchCsvLine({}, sample), HasSubstr(",a?[31m?b,"));
  EXPECT_THAT(BenchCsvLine({}, sample), Not(HasSubstr("'"))) << "numbers and plain words stay as they are";
}

TEST(BenchCsvTest, WhatIsNotKnownIsEmpty) {
  EXPECT_THAT(BenchCsvLine({}, {}), StartsWith(",,,,,0,0,0,,0,false,,,,,"));
  EXPECT_THAT(BenchCsvLine(testing::SampleBenchPlan(), testing::SampleBench().samples[0]), Not(HasSubstr(",nan")));
}

}  // namespace
}  // namespace hfget::cli
