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
  rows[1].source = "down", rows[1].error = "connection refused";
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

}  // namespace
}  // namespace hfget::engine
