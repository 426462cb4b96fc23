#include "daemon/core/scheduler.h"

#include <cmath>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::core {
namespace {

constexpr SourceIndex kA = 0, kB = 1, kC = 2;

// Files 1, 2, … of so many MiB, and the flights over them. Answers are lines such as "fresh 1[0,2)": file 1, pieces 0 and 1.
struct Scene : Scheduler::World {
  struct Line {
    FlightId flight;
    double mib_per_sec;
  };

  bool MayServe(FileId file, SourceIndex source) const override {
    return barred.count({file, source}) == 0;
  }

  FileId AddFile(double mib) {
    files.emplace_back(static_cast<ByteCount>(mib * kMiB));
    scheduler.AddFile(files.size(), &files.back());
    return files.size();
  }
  PieceMap& File(FileId file) { return files[file - 1]; }
  // These pieces are there already.
  void Have(FileId file, PieceRange pieces) {
    for (PieceIndex p = pieces.begin; p < pieces.end; ++p) {
      File(file).BeginWrite(p);
      File(file).Written(p);
    }
  }
  void Bar(FileId file, SourceIndex source) { barred.insert({file, source}); }

  // What this source is told to do. `last` is the new flight.
  std::string Ask(SourceIndex source, double mib_per_sec = 0, absl::Duration latency = absl::ZeroDuration()) {
    const auto a = scheduler.Next({source, mib_per_sec * kMiB, latency}, now);
    EXPECT_TRUE(scheduler.Consistent());
    if (!a) return "nothing";
    last = a->flight;
    const Flight& f = *scheduler.Find(a->flight);
    EXPECT_EQ(f.source, source);
    const std::string range = absl::StrCat(f.file, "[", f.pieces.begin, ",", f.pieces.end, ")");
    switch (a->kind) {
      case Assignment::Kind::kFresh: return absl::StrCat("fresh ", range);
      case Assignment::Kind::kSteal: return absl::StrCat("steal ", range, " of #", a->victim);
      case Assignment::Kind::kDuplicate: return absl::StrCat("duplicate ", range, " of #", a->victim);
    }
    return "?";
  }
  FlightId Start(SourceIndex source, double mib_per_sec = 0, absl::Duration latency = absl::ZeroDuration()) {
    EXPECT_NE(Ask(source, mib_per_sec, latency), "nothing");
    return last;
  }

  // Bytes come steadily over these flights; pieces that are whole are written at once.
  void Fly(double seconds, const std::vector<Line>& lines) {
    for (const absl::Time end = now + absl::Seconds(seconds); now < end;) {
      const absl::Duration step = std::min(absl::Milliseconds(10), end - now);
      now += step;
      for (const Line& line : lines) {
        Arrive(line.flight, line.mib_per_sec * kMiB * absl::ToDoubleSeconds(step));
      }
    }
  }
  void Arrive(FlightId id, double bytes) {
    const Flight& f = *scheduler.Find(id);
    PieceMap& pieces = File(f.file);
    exact[id] += bytes;
    const ByteCount end = BytesOf(f.pieces, pieces.file_size()).end;
    const ByteCount to = std::min<ByteCount>(end, f.pieces.begin * kPieceBytes + std::llround(exact[id]));
    PieceIndex whole = f.position / kPieceBytes;
    scheduler.OnBytes(id, to, now);
    for (; whole < f.pieces.end && BytesOf({whole, whole + 1}, pieces.file_size()).end <= to; ++whole) {
      if (pieces.state(whole) > PieceMap::State::kClaimed) continue;
      pieces.BeginWrite(whole);
      pieces.Written(whole);
    }
  }
  void Pass(double seconds) { Fly(seconds, {}); }
  void End(FlightId flight) {
    scheduler.End(flight);
    EXPECT_TRUE(scheduler.Consistent());
  }
  // One letter a piece: . missing, c claimed, W written.
  std::string Picture(FileId file) {
    std::string picture;
    for (PieceIndex p = 0; p < File(file).count(); ++p) {
      picture += ".cwWD"[static_cast<int>(File(file).state(p))];
    }
    return picture;
  }

  std::deque<PieceMap> files;
  std::set<std::pair<FileId, SourceIndex>> barred;
  std::map<FlightId, double> exact;
  Scheduler scheduler{*this};
  absl::Time now = absl::UnixEpoch() + absl::Hours(1);
  FlightId last = 0;
};

// --- fresh ---

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

// --- the tail: who takes nothing ---

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

// --- steal ---

// One file whose first half is on its way in one flight; the other half is there.
struct Chase : Scene {
  Chase(PieceIndex length, double mib_per_sec, double seconds, absl::Duration latency = absl::ZeroDuration()) {
    AddFile(2 * length + 2);  // a connection alone takes half of what is left
    Have(1, {length, length + 1});
    victim = Start(kA, 1000, latency);
    EXPECT_EQ(scheduler.Find(victim)->pieces, (PieceRange{0, length}));
    Have(1, {length + 1, 2 * length + 2});
    if (mib_per_sec > 0) Fly(seconds, {{victim, mib_per_sec}});
    else Pass(seconds);
  }
  double SecondsLeft(FlightId flight, double mib_per_sec) {
    const Flight& f = *scheduler.Find(flight);
    return (f.pieces.end - static_cast<double>(f.position) / kMiB) / mib_per_sec;
  }
  FlightId victim;
};

TEST(StealTest, FreshRangesComeBeforeStealing) {
  Scene s;
  s.AddFile(60);
  const FlightId slow = s.Start(kA, 5);
  s.Fly(3, {{slow, 0.1}});
  EXPECT_THAT(s.Ask(kB, 5), ::testing::StartsWith("fresh"));
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

// --- duplicate ---

TEST(DuplicateTest, OnlyTheLastPieceIsRaced) {
  Chase s(4, 0.2, 15.5 + 2);  // in the middle of the last one
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
  s.Start(kB, 10);
  s.Pass(100);
  EXPECT_EQ(s.Ask(kC, 1000), "nothing");
}

TEST(DuplicateTest, NeverFromTheSameSource) {
  Chase s(4, 0.2, 17.5);
  EXPECT_EQ(s.Ask(kA, 1000), "nothing");
}

TEST(DuplicateTest, NeverByASourceOfUnknownRate) {
  EXPECT_EQ(Chase(4, 0.2, 17.5).Ask(kB, 0), "nothing");
}

TEST(DuplicateTest, NeverByAnIneligibleSource) {
  Chase s(4, 0.2, 17.5);
  s.Bar(1, kB);
  EXPECT_EQ(s.Ask(kB, 10), "nothing");
}

TEST(DuplicateTest, OnlyWhenItIsExpectedToWinByAMargin) {
  // Half a piece at 0.2 MiB/s: 2.5 s are left.
  EXPECT_EQ(Chase(4, 0.2, 17.5).Ask(kB, 0.5), "nothing");
  EXPECT_EQ(Chase(4, 0.2, 17.5).Ask(kB, 0.7), "duplicate 1[3,4) of #1");
  EXPECT_EQ(Chase(4, 0.2, 17.5).Ask(kB, 10, absl::Seconds(2)), "nothing");
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

// --- end ---

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
  Race() : Chase(4, 0.2, 17.5) { duplicate = Start(kB, 10); }
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

}  // namespace
}  // namespace hfget::core
