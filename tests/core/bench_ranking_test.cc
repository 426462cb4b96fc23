#include "daemon/core/bench_ranking.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr double kMiB = 1 << 20;

Spread Of(double mib) { return {mib * kMiB, mib * kMiB, mib * kMiB, 3}; }

BenchStanding Standing(const char* source, double mib, absl::Duration first_byte = absl::Milliseconds(10)) {
  return {.source = source, .best = mib > 0 ? Of(mib) : Spread(), .connections = 4, .first_byte = first_byte, .lags = false, .trouble = ""};
}

TEST(BestConnections, IsWhereMoreNoLongerHelp) {
  EXPECT_EQ(BestConnections({{1, Of(10)}, {2, Of(20)}, {4, Of(20.5)}, {8, Of(19)}}), 2);
  EXPECT_EQ(BestConnections({{1, Of(10)}, {2, Of(10)}, {4, Of(30)}}), 4);
  EXPECT_EQ(BestConnections({{8, Of(10)}}), 8);
}

TEST(RankSources, TheFastestGoesFirstAndWhoBroughtNothingLast) {
  EXPECT_THAT(RankSources({Standing("a", 0), Standing("b", 5), Standing("c", 50)}), ElementsAre(2, 1, 0));
}

TEST(RankSources, OfTwoThatAreAboutEquallyFastTheOneThatAnswersSooner) {
  EXPECT_THAT(RankSources({Standing("a", 100, absl::Milliseconds(300)), Standing("b", 95, absl::Milliseconds(20)), Standing("c", 80)}),
              ElementsAre(1, 0, 2));
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
