// The end of a race: tails are stolen, last pieces are raced.
#include "daemon/core/scheduler.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/scheduler_scene.h"

namespace hfget::core {
namespace {

TEST(StealTest, FreshRangesComeBeforeStealing) {
  Scene s;
  s.AddFile(120);
  const FlightId front = s.Start(kA, 5);
  const FlightId slow = s.Start(kA, 5);
  s.Fly(2, {{front, 5}, {slow, 0.1}});
  EXPECT_THAT(s.Ask(kB, 5), ::testing::StartsWith("fresh"));
}

// At the front of a file of so many MiB, at so many MiB a second, with 15 pieces to fetch.
struct Front : Scene {
  Front(double mib, double mib_per_sec) {
    AddFile(mib);
    front = Start(kA, 5);
    other = Start(kB, 5);
    Fly(1, {{front, mib_per_sec}, {other, 5}});
  }
  FlightId front, other;
};

TEST(UnblockTest, WhoHoldsUpTheHashForLongIsRelieved) {
  Front s(60, 0.5);
  EXPECT_EQ(s.Ask(kC, 5), "steal 1[1,15) of #1");
  EXPECT_THAT(s.Ask(kC, 5), ::testing::StartsWith("fresh"));  // what is left there is one piece
}

TEST(UnblockTest, HalfOfTheTimeThatIsLeftIsNotLong) {
  // 15 pieces at 3 MiB/s take 4 s more; 60 MiB at 8 MiB/s are over in 6.5 s, 150 MiB in 18.
  EXPECT_THAT(Front(60, 3).Ask(kC, 5), ::testing::StartsWith("steal"));
  EXPECT_THAT(Front(150, 3).Ask(kC, 5), ::testing::StartsWith("fresh"));
}

TEST(UnblockTest, TenSecondsAreLongHoweverMuchIsLeft) {
  EXPECT_THAT(Front(4000, 1.3).Ask(kC, 5), ::testing::StartsWith("steal"));
  EXPECT_THAT(Front(4000, 1.5).Ask(kC, 5), ::testing::StartsWith("fresh"));
}

TEST(UnblockTest, OnlyTheFrontCounts) {
  Scene s;
  s.AddFile(60);
  const FlightId front = s.Start(kA, 5), slow = s.Start(kB, 5);
  s.Fly(1, {{front, 5}, {slow, 0.2}});
  s.End(front);
  EXPECT_THAT(s.Ask(kC, 5), ::testing::StartsWith("fresh 1[5,"));
}

TEST(UnblockTest, WhoIsNoFasterRelievesNobody) {
  Front s(60, 0.5);
  EXPECT_THAT(s.Ask(kC, 0), ::testing::StartsWith("fresh"));
  EXPECT_THAT(s.Ask(kC, 0.01), "nothing");
}

TEST(StealTest, TakesTheTailInProportionToTheRates) {
  struct Case {
    double victim, thief;  // MiB/s
    const char* answer;
  };
  const Case cases[] = {
      {1, 1, "steal 1[11,20) of #1"},
      {1, 4, "steal 1[6,20) of #1"},
      {1, 0.5, "steal 1[14,20) of #1"},
      {1, 50, "steal 1[3,20) of #1"},
      {1, 0, "steal 1[11,20) of #1"},  // unknown: as an equal
  };
  for (const Case& c : cases) {
    Chase s(20, c.victim, 2.5);  // in the middle of piece 2
    EXPECT_EQ(s.Ask(kB, c.thief), c.answer) << c.thief;
    EXPECT_EQ(s.scheduler.Find(s.victim)->pieces.end, s.scheduler.Find(s.last)->pieces.begin);
    const double thief = c.thief > 0 ? c.thief : c.victim;
    EXPECT_NEAR(s.SecondsLeft(s.victim, c.victim), s.SecondsLeft(s.last, thief), 1.01 / thief + 0.5) << c.thief;
  }
}

TEST(StealTest, TheVictimIsTheOneThatWouldFinishLast) {
  for (const bool first_is_slow : {true, false}) {
    Scene s;
    s.AddFile(20);
    const FlightId first = s.Start(kA);
    const FlightId second = s.Start(kA);
    s.Have(1, {4, 20});
    const FlightId slow = first_is_slow ? first : second;
    const FlightId fast = first_is_slow ? second : first;
    s.Fly(1, {{fast, 0.4}, {slow, 0.2}});
    EXPECT_EQ(s.Ask(kB, 2), absl::StrCat("steal 1", first_is_slow ? "[1,2)" : "[3,4)", " of #", slow));
  }
}

TEST(StealTest, LeavesAStalledVictimOnlyThePieceThatItIsIn) {
  Chase s(20, 1, 3.5);
  s.Pass(60);
  EXPECT_EQ(s.Ask(kB, 1), "steal 1[4,20) of #1");
  Chase unknown(20, 1, 3.5);
  unknown.Pass(60);
  EXPECT_EQ(unknown.Ask(kB), "steal 1[4,20) of #1");
}

TEST(StealTest, LeavesTheVictimAWholePieceWhenItHasNotBegunIt) {
  Chase s(20, 1, 4);
  EXPECT_EQ(s.Ask(kB, 1000), "steal 1[5,20) of #1");
}

TEST(StealTest, NeverTakesLessThanAPieceNorThePieceThatIsOnItsWay) {
  Chase s(4, 0.5, 5);  // in the middle of piece 2
  EXPECT_EQ(s.Ask(kB, 0.5), "steal 1[3,4) of #1");
  EXPECT_EQ(s.Ask(kC), "nothing");
}

TEST(StealTest, NeverStealsWithoutGain) {
  EXPECT_EQ(Chase(4, 1, 2.5).Ask(kB, 0.5), "nothing");
  EXPECT_EQ(Chase(20, 1, 2.5).Ask(kB, 0.01), "nothing");
  EXPECT_EQ(Chase(20, 1, 2.5).Ask(kB, 1, absl::Seconds(10)), "nothing");
  EXPECT_EQ(Chase(20, 1, 2.5).Ask(kB, 1, absl::Seconds(5)), "steal 1[11,20) of #1");
}

TEST(StealTest, LetsAFlightFinishThatIsNearlyThrough) {
  EXPECT_EQ(Chase(20, 10, 1.75).Ask(kB, 1000), "nothing");
}

TEST(StealTest, DoesNotJudgeAFlightByItsFirstMoments) {
  EXPECT_EQ(Chase(20, 0.5, 0.2).Ask(kB, 10), "nothing");
  EXPECT_EQ(Chase(20, 0.5, 0.3).Ask(kB, 10), "steal 1[1,20) of #1");
}

TEST(StealTest, WaitsForAFirstByteAsLongAsItsSourcesLatencySuggests) {
  EXPECT_EQ(Chase(20, 0, 0.2).Ask(kB, 10), "nothing");
  EXPECT_EQ(Chase(20, 0, 0.3).Ask(kB, 10), "steal 1[1,20) of #1");
  EXPECT_EQ(Chase(20, 0, 3, absl::Seconds(1)).Ask(kB, 10), "nothing");
  EXPECT_EQ(Chase(20, 0, 3.3, absl::Seconds(1)).Ask(kB, 10), "steal 1[1,20) of #1");
}

// TCP begins slowly: the first round trips bring little over a long line.
TEST(StealTest, GivesABodyARoundTripMoreOverALongLine) {
  EXPECT_EQ(Chase(20, 0.1, 0.8, absl::Seconds(0.5)).Ask(kB, 10), "nothing");
  EXPECT_EQ(Chase(20, 0.1, 1.0, absl::Seconds(0.5)).Ask(kB, 10), "steal 1[1,20) of #1");
  EXPECT_EQ(Chase(20, 0.1, 1.1, absl::Seconds(5)).Ask(kB, 10), "nothing");
  EXPECT_EQ(Chase(20, 0.1, 1.4, absl::Seconds(5)).Ask(kB, 10), "steal 1[1,20) of #1");
}

// Until its own pace can be told, a flight is judged by what is known of its source.
TEST(StealTest, RelievesAKnownSlowSourceAtOnce) {
  for (const auto& [mib_per_sec, answer] : std::vector<std::pair<double, std::string>>{
           {0.5, "steal 1[1,2) of #1"}, {0, "nothing"}}) {
    Scene s;
    s.AddFile(20);
    s.Start(kA, 0.7);
    s.Have(1, {2, 20});
    EXPECT_EQ(s.scheduler.Find(1)->pieces, (PieceRange{0, 2}));
    EXPECT_EQ(s.Ask(kB, mib_per_sec), answer) << "an unknown source may be even slower";
  }
}

// The time to the first byte is latency, not pace.
TEST(StealTest, APaceIsMeasuredFromTheFirstByteOn) {
  Chase s(20, 0, 2, absl::Seconds(1));
  s.Fly(1.8, {{s.victim, 10}});
  EXPECT_EQ(s.Ask(kB, 1000), "nothing");  // 2 MiB at 10 MiB/s: 0.2 s
}

TEST(StealTest, TheRestOfABrokenPieceIsNotPace) {
  Chase s(20, 0, 0.1);
  s.scheduler.OnBytes(s.victim, 1'000'000, s.now);  // 984 KiB were there, the rest has come
  s.exact[s.victim] = 1'000'000;
  s.Fly(0.5, {{s.victim, 0.1}});
  EXPECT_EQ(s.Ask(kB, 0.1), "steal 1[11,20) of #1");
}

TEST(StealTest, ASourceMayRelieveItsOwnConnections) {
  EXPECT_EQ(Chase(20, 1, 2.5).Ask(kA, 1), "steal 1[11,20) of #1");
}

TEST(StealTest, StealsAgainFromBoth) {
  Chase s(20, 1, 2.5);
  const FlightId thief = s.Start(kB, 1);
  s.Fly(3, {{s.victim, 1}, {thief, 0.1}});
  EXPECT_EQ(s.Ask(kC, 1), absl::StrCat("steal 1[12,20) of #", thief));
}

// In the middle of the last of four pieces, at 0.2 MiB/s: 2.5 s are left.
TEST(TakeOverTest, TheRestOfTheLastPieceOfASlowFlight) {
  Chase s(4, 0.2, 17.5);
  EXPECT_EQ(s.Ask(kB, 10), "take over 1[3,4) of #1");
  EXPECT_EQ(s.Picture(1), "WWWcWWWWWW");
  EXPECT_EQ(s.scheduler.Find(s.last)->position, s.scheduler.Find(s.victim)->position) << "what it has stays";
  s.End(s.victim);
  EXPECT_EQ(s.Picture(1), "WWWcWWWWWW");
  s.End(s.last);
  EXPECT_EQ(s.Picture(1), "WWW.WWWWWW");
}

TEST(TakeOverTest, OnlyWhenItIsExpectedToWinByAMargin) {
  EXPECT_EQ(Chase(4, 0.2, 17.5).Ask(kB, 0.25), "nothing");
  EXPECT_EQ(Chase(4, 0.2, 17.5).Ask(kB, 0.35), "take over 1[3,4) of #1");
  EXPECT_EQ(Chase(4, 0.2, 17.5).Ask(kB, 10, absl::Seconds(2)), "nothing");
}

// A connection that is throttled after a while may be slower than the next one to the same source.
TEST(TakeOverTest, OfTheSameSourceByAWiderMargin) {
  EXPECT_EQ(Chase(4, 0.2, 17.5).Ask(kA, 0.4), "nothing");
  Scene s;
  s.AddFile(2);
  const FlightId slow = s.Start(kA, 10), fast = s.Start(kA, 10);
  s.Fly(1, {{slow, 0.1}, {fast, 0.9}});
  EXPECT_EQ(s.Ask(kA, 10), absl::StrCat("take over 1[0,1) of #", slow));
}

// It ends by its stall time-out, which counts against its source.
TEST(TakeOverTest, NotFromOneThatIsSilent) {
  Chase s(4, 0.2, 17.5);
  s.Pass(1.1);
  EXPECT_EQ(s.Ask(kB, 10), "duplicate 1[3,4) of #1");
}

TEST(TakeOverTest, NeverByAnIneligibleOrUnknownSource) {
  Chase s(4, 0.2, 17.5);
  EXPECT_EQ(s.Ask(kB, 0), "duplicate 1[3,4) of #1");
  Chase barred(4, 0.2, 17.5);
  barred.Bar(1, kB);
  EXPECT_EQ(barred.Ask(kB, 10), "nothing");
}

TEST(DuplicateTest, OnlyTheLastPieceIsRaced) {
  Chase s(4, 0.2, 15.5 + 2);  // in the middle of the last one
  s.Pass(1.1);                // and silent
  EXPECT_EQ(s.Picture(1), "WWWcWWWWWW");
  EXPECT_EQ(s.Ask(kB, 10), "duplicate 1[3,4) of #1");
  EXPECT_EQ(s.Picture(1), "WWWcWWWWWW");
  EXPECT_TRUE(s.scheduler.Find(s.last)->duplicate);
  EXPECT_FALSE(s.scheduler.Find(s.victim)->duplicate);
  EXPECT_EQ(s.scheduler.Find(s.victim)->rival, s.last);
  EXPECT_EQ(s.scheduler.Find(s.last)->rival, s.victim);
}

TEST(DuplicateTest, OnlyOnce) {
  Chase s(4, 0.2, 17.5);
  s.Pass(1.1);
  s.Start(kB, 10);
  s.Pass(100);
  EXPECT_EQ(s.Ask(kC, 1000), "nothing");
}

TEST(DuplicateTest, NeverFromTheSameSource) {
  Chase s(4, 0.2, 17.5);
  EXPECT_EQ(s.Ask(kA, 1000), "nothing");
}

TEST(DuplicateTest, ByASourceOfUnknownRateOnlyWhereThePieceWouldTakeLong) {
  EXPECT_EQ(Chase(4, 0.2, 18.75).Ask(kB, 0), "nothing") << "1.25 s are left";
  EXPECT_EQ(Chase(4, 0.2, 17.5).Ask(kB, 0), "duplicate 1[3,4) of #1") << "2.5 s are left";
}

TEST(DuplicateTest, ByASourceOfUnknownRateOneAtATime) {
  Scene s;
  for (int i = 0; i < 2; ++i) s.AddFile(1);
  const FlightId a = s.Start(kA, 0.1), c = s.Start(kC, 0.1);
  s.Fly(1, {{a, 0.1}, {c, 0.1}});
  EXPECT_NE(s.Ask(kB, 0), "nothing");
  EXPECT_EQ(s.Ask(kB, 0), "nothing");
}

TEST(DuplicateTest, NeverByAnIneligibleSource) {
  Chase s(4, 0.2, 17.5);
  s.Bar(1, kB);
  EXPECT_EQ(s.Ask(kB, 10), "nothing");
}

TEST(DuplicateTest, OnlyWhenItIsExpectedToWinByAMargin) {
  // Half a piece at what is left of 0.2 MiB/s after a second of silence: 3.7 s.
  const auto ask = [](double mib_per_sec, absl::Duration latency) {
    Chase s(4, 0.2, 17.5);
    s.Pass(1.1);
    return s.Ask(kB, mib_per_sec, latency);
  };
  EXPECT_EQ(ask(0.33, absl::ZeroDuration()), "nothing");
  EXPECT_EQ(ask(0.45, absl::ZeroDuration()), "duplicate 1[3,4) of #1");
  EXPECT_EQ(ask(10, absl::Seconds(3)), "nothing");
}

TEST(DuplicateTest, AFlightThatHasAllItsBytesIsNotRaced) {
  Scene s;
  s.AddFile(5.5);
  s.Have(1, {0, 5});
  const FlightId flight = s.Start(kA, 10);
  s.Fly(1, {{flight, 1}});
  EXPECT_EQ(s.scheduler.Find(flight)->position, s.File(1).file_size());
  s.Pass(60);  // its end has not been told yet
  EXPECT_EQ(s.Ask(kB, 10), "nothing");
}

TEST(DuplicateTest, TheShortPieceAtTheEndIsRacedByItsOwnLength) {
  Scene s;
  s.AddFile(5.1);
  s.Have(1, {0, 5});
  s.Start(kA, 10);
  s.Pass(1);
  EXPECT_EQ(s.Ask(kB, 10), absl::StrCat("duplicate 1[5,6) of #", 1));
}

// The others will be free before it would be through.
TEST(TakeOverTest, NotByOneThatIsSlowerThanTheOthersAreWithAll) {
  for (const auto& [others, answer] : {std::pair(0.5, "nothing"), {0.005, "take over 2[0,1) of #2"}}) {
    Scene s;
    s.AddFile(1);
    s.AddFile(1);
    const FlightId crawling = s.Start(kA, 0.1), other = s.Start(kC, 0.1);
    s.Fly(1, {{crawling, 0.01}, {other, others}});
    EXPECT_EQ(s.Ask(kB, 0.1), answer) << others;
  }
}

// Eight files of a piece, all of them stuck half-way.
struct Stuck : Scene {
  explicit Stuck(double mib_there) {
    std::vector<Line> lines;
    for (int i = 0; i < 8; ++i) {
      AddFile(1);
      lines.push_back({Start(kA, 1), mib_there});
    }
    Fly(1, lines);
    Pass(60);
  }
  int Races() {
    int races = 0;
    while (Ask(kB, 10) != "nothing") ++races;
    return races;
  }
};

TEST(DuplicateTest, RacesThrowAwayAPieceAtMostWhenThereIsLittleToFetch) {
  EXPECT_EQ(Stuck(0.45).Races(), 2);
  EXPECT_EQ(Stuck(0.9).Races(), 1);
  EXPECT_EQ(Stuck(0.1).Races(), 8);
}

// Nothing is thrown away, so there is no budget.
TEST(TakeOverTest, AllThatCrawl) {
  Stuck s(0.9);
  std::vector<Scene::Line> lines;
  for (const auto& [id, flight] : s.scheduler.flights()) lines.push_back({id, 0.001});
  s.Fly(20, lines);
  EXPECT_EQ(s.Races(), 8);
}

TEST(DuplicateTest, TheBudgetGrowsWithWhatThereIsToFetch) {
  Stuck s(0.9);
  PieceMap large(300 * kMiB);
  s.files.push_back(large);
  s.scheduler.AddFile(9, &s.files.back());
  s.Bar(9, kB);
  EXPECT_EQ(s.Races(), 5);  // 1.5 % of 308 MiB
}

TEST(DuplicateTest, ARaceThatIsWonBeforeTheRivalsFirstByteCostsNothing) {
  Scene s;
  for (int i = 0; i < 8; ++i) {
    s.AddFile(1);
    s.Start(kA, 5, absl::Seconds(2));
  }
  for (int i = 0; i < 8; ++i) EXPECT_THAT(s.Ask(kB, 10, absl::Seconds(1)), ::testing::StartsWith("duplicate"));
}

TEST(DuplicateTest, WhatIsThereAlreadyDoesNotRaiseTheBudget) {
  Stuck s(0.9);
  PieceMap resumed(300 * kMiB);
  resumed.LoadDurable(std::string(resumed.DurableBitmap().size(), '\xff'));
  s.files.push_back(resumed);
  s.scheduler.AddFile(9, &s.files.back());
  EXPECT_EQ(s.Races(), 1);
}

}  // namespace
}  // namespace hfget::core
