#include "daemon/core/bench_ranking.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr double kMiB = 1 << 20;

Spread Of(double mib) { return {mib * kMiB, mib * kMiB, mib * kMiB, 3}; }

BenchStep Step(double mib, int failed = 0) { return {Of(mib), 3, failed}; }

BenchStanding Standing(const char* source, double mib, absl::Duration first_byte = absl::Milliseconds(10)) {
  BenchStanding standing;
  standing.source = source;
  if (mib > 0) standing.best = Step(mib);
  standing.connections = 4;
  standing.first_byte = first_byte;
  return standing;
}

// So many of its three samples failed.
BenchStanding Failing(BenchStanding standing, int failed) {
  standing.best.failed = standing.failed = failed;
  standing.samples = 3;
  standing.trouble = "connection refused";
  return standing;
}

TEST(BestConnections, IsWhereMoreNoLongerHelp) {
  EXPECT_EQ(BestConnections({{1, Step(10)}, {2, Step(20)}, {4, Step(20.5)}, {8, Step(19)}}), 2);
  EXPECT_EQ(BestConnections({{1, Step(10)}, {2, Step(10)}, {4, Step(30)}}), 4);
  EXPECT_EQ(BestConnections({{8, Step(10)}}), 8);
}

TEST(BestConnections, AreNotThoseThatMostlyFail) {
  EXPECT_EQ(BestConnections({{1, Step(10)}, {2, Step(20)}, {4, Step(40, 2)}}), 2);
  EXPECT_EQ(BestConnections({{4, Step(40, 3)}, {8, Step(50, 3)}}), 4);
}

TEST(RankSources, TheFastestGoesFirstAndWhoBroughtNothingLast) {
  EXPECT_THAT(RankSources({Standing("a", 0), Standing("b", 5), Standing("c", 50)}), ElementsAre(2, 1, 0));
}

TEST(RankSources, OfTwoThatAreAboutEquallyFastTheOneThatAnswersSooner) {
  EXPECT_THAT(RankSources({Standing("a", 100, absl::Milliseconds(300)), Standing("b", 95, absl::Milliseconds(20)), Standing("c", 80)}),
              ElementsAre(1, 0, 2));
}

TEST(RankSources, OneThatMostlyFailsIsNotFirst) {
  const std::vector<BenchStanding> standings = {Failing(Standing("shaky", 100), 2), Standing("steady", 50), Standing("down", 0)};
  const std::vector<size_t> order = RankSources(standings);
  EXPECT_THAT(order, ElementsAre(1, 0, 2));
  EXPECT_EQ(WhyThere(standings[0], standings[1]),
            "100 MiB/s with 4 connections, 67 % of steady, failures counted in; 2 of 3 samples failed: connection refused");
  EXPECT_EQ(Recommend(standings, order),
            "Use steady, then shaky: steady brings 50.0 MiB/s with 4 connections, 1.5 times as much as shaky, failures counted in; "
            "of shaky 2 of 3 samples failed: connection refused; nothing came from down.");
}

TEST(RankSources, OneThatMayNotBeUsedIsLastAndNotRecommended) {
  std::vector<BenchStanding> standings = {Standing("liar", 100), Standing("slow", 5), Standing("down", 0)};
  standings[0].out = "its bytes were wrong";
  const std::vector<size_t> order = RankSources(standings);
  EXPECT_THAT(order, ElementsAre(1, 2, 0));
  EXPECT_EQ(WhyThere(standings[0], standings[1]), "its bytes were wrong; it brought 100 MiB/s with 4 connections");
  EXPECT_EQ(Recommend(standings, order),
            "Use slow: slow brings 5.0 MiB/s with 4 connections; nothing came from down; not to be used: liar.");
  standings.resize(1);
  EXPECT_THAT(Recommend(standings, {0}), HasSubstr("No source that may be used brought a byte"));
}

TEST(Recommend, SaysTheOrderAndTheReasonInOneSentence) {
  std::vector<BenchStanding> standings = {Standing("tuna", 98), Standing("official", 20), Standing("pai", 0)};
  EXPECT_EQ(Recommend(standings, RankSources(standings)),
            "Use tuna, then official: tuna brings 98.0 MiB/s with 4 connections, 4.9 times as much as official; nothing came from pai.");
  standings = {Standing("a", 0)};
  EXPECT_THAT(Recommend(standings, RankSources(standings)), HasSubstr("hfget doctor"));
}

TEST(WhyThere, NamesTheShareTheLagAndTheTrouble) {
  const BenchStanding best = Standing("tuna", 100);
  BenchStanding half = Standing("pai", 50);
  half.lags = true;
  EXPECT_EQ(WhyThere(half, best), "50.0 MiB/s with 4 connections, 50 % of tuna; it lags behind the official hub");
  BenchStanding down = Standing("office", 0);
  down.trouble = "connection refused";
  EXPECT_EQ(WhyThere(down, best), "connection refused");
}

}  // namespace
}  // namespace hfget::core
