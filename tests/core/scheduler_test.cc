#include "daemon/core/scheduler.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/scheduler_scene.h"

namespace hfget::core {
namespace {

TEST(SchedulerTest, HasNothingToDoWithoutFiles) {
  Scene s;
  EXPECT_EQ(s.Ask(kA, 10), "nothing");
  EXPECT_FALSE(s.scheduler.HasMissing());
  EXPECT_EQ(s.scheduler.MissingBytes(), 0);
}

TEST(SchedulerTest, LowOffsetsComeFirst) {
  Scene s;
  s.AddFile(20);
  EXPECT_EQ(s.Ask(kA), "fresh 1[0,2)");
  EXPECT_EQ(s.Ask(kB), "fresh 1[2,4)");
  EXPECT_EQ(s.Ask(kA), "fresh 1[4,6)");
}

TEST(SchedulerTest, WhatWasReleasedComesBeforeWhatLiesBehind) {
  Scene s;
  s.AddFile(20);
  const FlightId first = s.Start(kA);
  s.Start(kA);
  s.End(first);
  EXPECT_EQ(s.Ask(kB), "fresh 1[0,2)");
  EXPECT_EQ(s.Ask(kB), "fresh 1[4,6)");
}

TEST(SchedulerTest, FilesAreServedInTheirOrder) {
  Scene s;
  s.AddFile(5);
  s.AddFile(5);
  EXPECT_EQ(s.Ask(kA, 100), "fresh 1[0,5)");
  EXPECT_EQ(s.Ask(kA, 100), "fresh 2[0,1)");
}

TEST(SchedulerTest, ARangeIsThreeSecondsOfTheSourcesRate) {
  Scene s;
  s.AddFile(10'000);
  EXPECT_EQ(s.Ask(kA, 0.1), "fresh 1[0,1)");
  EXPECT_EQ(s.Ask(kA, 4), "fresh 1[1,13)");
  EXPECT_EQ(s.Ask(kA, 1000), "fresh 1[13,77)");
}

TEST(SchedulerTest, RangesShrinkTowardsTheEnd) {
  Scene s;
  s.AddFile(100);
  std::vector<PieceIndex> lengths;
  for (int i = 0; i < 12; ++i) {
    const std::string answer = s.Ask(kA, 10);
    if (answer == "nothing") break;
    lengths.push_back(s.scheduler.Find(s.last)->pieces.size());
  }
  EXPECT_THAT(lengths, ::testing::ElementsAre(30, 17, 8, 5, 4, 3, 2, 1, 1, 1, 1, 1));
}

TEST(SchedulerTest, SmallFilesTakeAQuarterOfTheConnectionsWhileThereAreLargeOnes) {
  Scene s;
  s.AddFile(10'000);
  for (int i = 0; i < 100; ++i) s.AddFile(4);
  std::string kinds;
  for (int i = 0; i < 16; ++i) {
    s.Start(kA, 1);
    kinds += s.scheduler.Find(s.last)->file == 1 ? 'L' : 's';
  }
  EXPECT_EQ(kinds, "sLLLsLLLsLLLsLLL");
}

TEST(SchedulerTest, EachSourceSharesItsOwnConnections) {
  Scene s;
  s.AddFile(10'000);
  for (int i = 0; i < 100; ++i) s.AddFile(0.1);
  for (const SourceIndex source : {kA, kB}) {
    int small = 0;
    for (int i = 0; i < 8; ++i) small += s.scheduler.Find(s.Start(source, 1))->file != 1;
    EXPECT_EQ(small, 2) << source;
  }
}

TEST(SchedulerTest, SmallFilesTakeAllConnectionsWhenNothingElseIsLeft) {
  Scene s;
  for (int i = 0; i < 8; ++i) s.AddFile(0.1);
  for (FileId file = 1; file <= 8; ++file) EXPECT_EQ(s.Ask(kA), absl::StrCat("fresh ", file, "[0,1)"));
}

TEST(SchedulerTest, FourMiBIsSmallAndAByteMoreIsNot) {
  Scene s;
  s.AddFile(4.0 + 1.0 / kMiB);
  s.AddFile(4.0);
  EXPECT_EQ(s.Ask(kA, 100), "fresh 2[0,4)");
  EXPECT_EQ(s.Ask(kA, 100), "fresh 1[0,1)");
}

TEST(SchedulerTest, IneligibleSourcesGetNothing) {
  Scene s;
  const FileId file = s.AddFile(8);
  s.Bar(file, kB);
  s.Bar(file, kC);
  EXPECT_EQ(s.Ask(kB, 10), "nothing");
  const FlightId flight = s.Start(kA, 1);
  s.Fly(2, {{flight, 0.1}});
  for (int i = 0; i < 4; ++i) s.Start(kA, 1);  // all that is left
  EXPECT_EQ(s.Ask(kB, 100), "nothing");        // neither stolen …
  s.Fly(60, {});
  EXPECT_EQ(s.Ask(kC, 100), "nothing");        // … nor raced
}

TEST(SchedulerTest, AnIneligibleSourceServesTheNextFile) {
  Scene s;
  s.Bar(s.AddFile(8), kB);
  s.AddFile(8);
  EXPECT_EQ(s.Ask(kB), "fresh 2[0,2)");
}

// The tail: who takes nothing.

TEST(SchedulerTest, ASourceTooSlowForTheRestTakesNothing) {
  Scene s;
  s.AddFile(20);
  const FlightId fast = s.Start(kA, 10);
  s.Fly(0.5, {{fast, 10}});
  // 15 MiB are left: 1.5 s for the others. A piece at 0.5 MiB/s is 2 s.
  EXPECT_EQ(s.Ask(kB, 0.5), "nothing");
  EXPECT_EQ(s.Ask(kB, 1), "fresh 1[10,11)");
}

TEST(SchedulerTest, LatencyMakesASourceTooSlowToo) {
  Scene s;
  s.AddFile(20);
  const FlightId fast = s.Start(kA, 10);
  s.Fly(0.5, {{fast, 10}});
  EXPECT_EQ(s.Ask(kB, 10, absl::Seconds(3)), "nothing");
}

TEST(SchedulerTest, ASlowSourceTakesItsPartWhileMuchIsLeft) {
  Scene s;
  s.AddFile(1000);
  const FlightId fast = s.Start(kA, 10);
  s.Fly(0.5, {{fast, 10}});
  EXPECT_EQ(s.Ask(kB, 0.1), "fresh 1[30,31)");
}

TEST(SchedulerTest, OnesOwnConnectionsAreNotTheOthers) {
  Scene s;
  s.AddFile(6);
  const FlightId flight = s.Start(kA, 10);
  s.Fly(0.1, {{flight, 10}});
  EXPECT_EQ(s.Ask(kA, 0.01), "fresh 1[3,4)");
}

// The fast ones are busy with another file, and this one is not theirs: waiting for them would be in vain.
TEST(SchedulerTest, TheOnlySourceOfAFileIsNeverTooSlowForIt) {
  Scene s;
  const FileId other = s.AddFile(8);
  s.Bar(s.AddFile(8), kA);
  const FlightId fast = s.Start(kA, 10);
  ASSERT_EQ(s.scheduler.Find(fast)->file, other);
  s.Fly(0.3, {{fast, 10}});
  s.Bar(other, kB);
  EXPECT_EQ(s.Ask(kB, 0.1), "fresh 2[0,1)");
}
TEST(EndTest, ReleasesWhatWasNotWritten) {
  Scene s;
  s.AddFile(12);
  const FlightId flight = s.Start(kA, 2);
  s.Fly(1, {{flight, 3.5}});
  EXPECT_EQ(s.Picture(1), "WWWccc......");
  s.End(flight);
  EXPECT_EQ(s.Picture(1), "WWW.........");
  EXPECT_EQ(s.scheduler.Find(flight), nullptr);
}

TEST(EndTest, LeavesAStolenTailToTheThief) {
  Chase s(6, 1, 1.5);
  const FlightId thief = s.Start(kB, 1.5);
  EXPECT_EQ(s.scheduler.Find(thief)->pieces, (PieceRange{3, 6}));
  s.End(s.victim);
  EXPECT_EQ(s.Picture(1), "W..cccWWWWWWWW");
  s.End(thief);
  EXPECT_EQ(s.Picture(1), "W.....WWWWWWWW");
}

// A race for piece 3, in the middle of which one of the two ends.
struct Race : Chase {
  Race() : Chase(4, 0.2, 17.5) {
    Pass(1.1);  // silent: one that is not would be taken over
    duplicate = Start(kB, 10);
  }
  void Win(FlightId winner) {
    File(1).BeginWrite(3);
    File(1).Written(3);
    End(winner == victim ? duplicate : victim);
    End(winner);
  }
  FlightId duplicate;
};

TEST(EndTest, WhoSurvivesARaceOwnsThePiece) {
  for (const bool original_first : {true, false}) {
    SCOPED_TRACE(original_first);
    Race s;
    const FlightId first = original_first ? s.victim : s.duplicate;
    const FlightId second = original_first ? s.duplicate : s.victim;
    s.End(first);
    EXPECT_EQ(s.Picture(1), "WWWcWWWWWW");
    EXPECT_EQ(s.scheduler.Find(second)->rival, 0u);
    EXPECT_FALSE(s.scheduler.Find(second)->duplicate);
    s.End(second);
    EXPECT_EQ(s.Picture(1), "WWW.WWWWWW");
  }
}

TEST(EndTest, WhoeverWinsARaceThePieceStaysWritten) {
  for (const bool original_wins : {true, false}) {
    Race s;
    s.Win(original_wins ? s.victim : s.duplicate);
    EXPECT_EQ(s.Picture(1), "WWWWWWWWWW");
    EXPECT_TRUE(s.scheduler.flights().empty());
  }
}

TEST(EndTest, ASurvivorThatStallsIsRacedAgain) {
  Race s;
  s.End(s.victim);
  s.Pass(60);
  EXPECT_EQ(s.Ask(kC, 10), absl::StrCat("duplicate 1[3,4) of #", s.duplicate));
}

// Pieces of the loser that were never handed on must not stay claimed for ever.
TEST(EndTest, TheSurvivorOwnsNoMoreThanThePieceOfTheRace) {
  Scene s;
  s.AddFile(8);
  const FlightId original = s.Start(kA, 1000);
  s.Have(1, {4, 8});
  s.scheduler.OnBytes(original, 3 * kMiB + 1, s.now);
  s.Pass(60);
  const FlightId duplicate = s.Start(kB, 10);
  ASSERT_TRUE(s.scheduler.Find(duplicate)->duplicate);
  s.scheduler.End(original);
  EXPECT_EQ(s.Picture(1), "...cWWWW");
}

TEST(EndTest, FlightsThatAreNotThereAreIgnored) {
  Scene s;
  s.AddFile(8);
  const FlightId flight = s.Start(kA);
  s.End(flight);
  s.End(flight);
  s.scheduler.OnBytes(flight, kMiB, s.now);
  EXPECT_EQ(s.Picture(1), "........");
}

TEST(EndTest, FlightsAndFilesAreCounted) {
  Scene s;
  s.AddFile(8);
  s.AddFile(2.5);
  EXPECT_EQ(s.scheduler.MissingBytes(), 10.5 * kMiB);
  s.Start(kA);
  EXPECT_EQ(s.scheduler.Find(s.last)->file, 2u);
  s.Start(kA);
  const FlightId third = s.Start(kB);
  EXPECT_EQ(s.scheduler.FlightsOf(kA), 2);
  EXPECT_EQ(s.scheduler.FlightsOf(kB), 1);
  EXPECT_EQ(s.scheduler.FlightsOfFile(1), 1);
  EXPECT_EQ(s.scheduler.FlightsOfFile(2), 2);
  s.End(third);
  EXPECT_EQ(s.scheduler.FlightsOfFile(2), 1);
}

TEST(EndTest, ARemovedFileIsNotServed) {
  Scene s;
  s.AddFile(8);
  s.AddFile(8);
  s.End(s.Start(kA));
  s.scheduler.RemoveFile(1);
  EXPECT_EQ(s.Ask(kA), "fresh 2[0,2)");
  EXPECT_EQ(s.scheduler.MissingBytes(), 6 * kMiB);
}

// What was measured when its last range ended may be long ago, or nothing.
TEST(FreshTest, ASourceIsAsFastAsItsConnectionsAreNow) {
  Scene known;
  known.AddFile(400);
  const FlightId first = known.Start(kA, 10);
  known.Fly(0.9, {{first, 4}});
  EXPECT_EQ(known.Ask(kA, 10), "fresh 1[30,42)");
  Scene unknown;
  unknown.AddFile(400);
  const FlightId second = unknown.Start(kA, 0);
  unknown.Fly(0.9, {{second, 2}});
  EXPECT_EQ(unknown.Ask(kA, 0), "fresh 1[2,8)");
}

TEST(FreshTest, ASourceThatTurnsOutTooSlowLeavesTheRestToOthers) {
  Scene s;
  s.AddFile(40);
  const FlightId fast = s.Start(kB, 5), slow = s.Start(kA, 0);
  s.Fly(2, {{fast, 5}, {slow, 0.01}});
  EXPECT_THAT(s.Ask(kA, 0), ::testing::Not(::testing::StartsWith("fresh")));
}

}  // namespace
}  // namespace hfget::core
