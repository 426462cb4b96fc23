#include "daemon/engine/bench_tally.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::engine {
namespace {

using ::testing::ElementsAre;

BenchSample Sample(int connections, double rate) {
  BenchSample sample;
  sample.connections = connections;
  sample.rate_per_sec = rate;
  return sample;
}

TEST(BenchTally, RatesAreSpreadOverRoundsByConnections) {
  BenchTally tally;
  for (const double rate : {10e6, 12e6, 11e6}) tally.Add(Sample(1, rate));
  for (const double rate : {20e6, 22e6, 21e6}) tally.Add(Sample(4, rate));
  const BenchRow row = tally.Row();
  EXPECT_EQ(row.one_connection.median, 11e6);
  EXPECT_EQ(row.best.median, 21e6);
  EXPECT_EQ(row.best_connections, 4);
  EXPECT_EQ(row.steps.size(), 2u);
}

TEST(BenchTally, AnErrorIsTheRowsOnlyWhenNothingCame) {
  BenchTally tally;
  BenchSample failed = Sample(1, 0);
  failed.error = "connection refused";
  tally.Add(failed);
  EXPECT_EQ(tally.Row().error, "connection refused");
  EXPECT_FALSE(tally.brought());
  tally.Add(Sample(1, 5e6));
  EXPECT_EQ(tally.Row().error, "");
}

TEST(BenchTally, FailedSamplesAreCountedAndTheirReasonIsKept) {
  BenchTally tally;
  tally.Add(Sample(1, 5e6));
  tally.Add(Sample(4, 9e6));
  BenchSample failed = Sample(4, 0);
  failed.error = "connection refused";
  tally.Add(failed);
  BenchSample partly = Sample(4, 9e6);
  partly.error = "it answered 503";
  tally.Add(partly);
  const BenchRow row = tally.Row();
  EXPECT_EQ(row.samples, 4);
  EXPECT_EQ(row.failed, 2);
  EXPECT_EQ(row.trouble, "it answered 503");
  EXPECT_EQ(row.steps.at(4).samples, 3);
  EXPECT_EQ(row.steps.at(4).failed, 2);
  EXPECT_EQ(row.best_connections, 1) << "with four connections two of three fail";
}

TEST(BenchTally, SamplesThatPullsDisturbedCountWhereThereAreNoOthers) {
  BenchTally tally;
  BenchSample disturbed = Sample(1, 2e6);
  disturbed.limits = {"pulls"};
  tally.Add(disturbed);
  EXPECT_EQ(tally.Row().best.median, 2e6);
  tally.Add(Sample(1, 8e6));
  EXPECT_EQ(tally.Row().best.median, 8e6);
  EXPECT_EQ(tally.Row().best.count, 1);
  EXPECT_EQ(tally.Row().failed, 0);
}

TEST(BenchTally, BriefSamplesBehindTheBestRateAreCounted) {
  BenchTally tally;
  BenchSample brief = Sample(4, 9e6);
  brief.brief = true;
  tally.Add(brief);
  tally.Add(Sample(1, 5e6));
  EXPECT_EQ(tally.Row().brief, 1);
}

TEST(BenchTally, WhoIsNotMeasuredSaysWhyAndHasNoSamples) {
  BenchTally tally;
  tally.Refuse(core::ErrorCause::kNotFound, "it has no such repo");
  EXPECT_EQ(tally.Row().error, "it has no such repo");
  EXPECT_EQ(tally.Row().cause, core::ErrorCause::kNotFound);
  EXPECT_EQ(tally.Row().samples, 0);
  EXPECT_TRUE(tally.Row().steps.empty());
}

TEST(BenchTally, EachLimitIsNamedOnce) {
  BenchTally tally;
  BenchSample sample = Sample(1, 5e6);
  sample.limits = {"cpu", "pulls"};
  tally.Add(sample);
  tally.Add(sample);
  EXPECT_THAT(tally.Row().limits, ElementsAre("cpu", "pulls"));
}

TEST(RankRows, PutsThemInOrderWithRankAndReason) {
  std::vector<BenchRow> rows(3);
  rows[0].source = "slow", rows[0].best = {1e6, 1e6, 1e6, 3};
  rows[1].source = "down", rows[1].error = rows[1].trouble = "connection refused";
  rows[2].source = "fast", rows[2].best = {9e6, 9e6, 9e6, 3};
  std::string recommendation;
  RankRows(rows, recommendation);
  EXPECT_EQ(rows[0].source, "fast");
  EXPECT_EQ(rows[0].rank, 1);
  EXPECT_EQ(rows[1].rank, 2);
  EXPECT_EQ(rows[2].rank, 0);
  EXPECT_EQ(rows[2].why, "connection refused");
  EXPECT_EQ(recommendation.find("Use fast, then slow"), 0u);
}

TEST(RankRows, OneThatTheDaemonDoesNotUseHasNoRankWhateverItBrought) {
  std::vector<BenchRow> rows(2);
  rows[0].source = "liar", rows[0].best = {9e6, 9e6, 9e6, 3}, rows[0].out = "its bytes were wrong";
  rows[1].source = "slow", rows[1].best = {1e6, 1e6, 1e6, 3};
  std::string recommendation;
  RankRows(rows, recommendation);
  EXPECT_EQ(rows[0].source, "slow");
  EXPECT_EQ(rows[1].rank, 0);
  EXPECT_EQ(rows[1].why.find("its bytes were wrong; it brought"), 0u);
  EXPECT_EQ(recommendation.find("Use slow:"), 0u);
}

}  // namespace
}  // namespace hfget::engine
