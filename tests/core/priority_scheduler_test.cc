#include "daemon/core/priority_scheduler.h"

#include <deque>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace hfget::core {
namespace {

constexpr SourceIndex kA = 0, kB = 1;

struct PriorityScene : Scheduler::World {
  bool MayServe(FileId file, SourceIndex source) const override { return barred.count({file, source}) == 0; }

  FileId Add(int mib, int priority, GroupId group = 0) {
    files.emplace_back(ByteCount{mib} * kMiB);
    scheduler.AddFile(files.size(), &files.back(), {priority, group});
    return files.size();
  }
  // Of which file, or 0.
  FileId Ask(SourceIndex source) {
    const auto found = scheduler.Next(Offer{source, 1.0 * kMiB, {}}, now);
    EXPECT_TRUE(scheduler.Consistent());
    if (!found) return 0;
    last = found->flight;
    return scheduler.Find(found->flight)->file;
  }
  // "VICTIM -> FILE", or "".
  std::string Displace(SourceIndex source) {
    const auto found = scheduler.Displace(Offer{source, 1.0 * kMiB, {}}, now);
    EXPECT_TRUE(scheduler.Consistent());
    if (!found) return "";
    return absl::StrCat("#", found->victim, " -> ", scheduler.Find(found->assignment.flight)->file);
  }

  std::deque<PieceMap> files;
  std::set<std::pair<FileId, SourceIndex>> barred;
  PriorityScheduler scheduler{*this};
  absl::Time now = absl::UnixEpoch() + absl::Hours(1);
  FlightId last = 0;
};

TEST(PrioritySchedulerTest, TheUrgentComesFirstWhateverCameFirst) {
  PriorityScene s;
  s.Add(100, 0);
  s.Add(1, 7);
  EXPECT_EQ(s.Ask(kA), 2u);
  EXPECT_EQ(s.Ask(kA), 1u);  // nothing of it is left to be asked for
}

TEST(PrioritySchedulerTest, WhatTheUrgentMayNotUseIsForOthers) {
  PriorityScene s;
  s.Add(100, 0);
  s.Add(100, 7);
  s.barred.insert({2, kA});
  EXPECT_EQ(s.Ask(kA), 1u);
  EXPECT_EQ(s.Ask(kB), 2u);
}

TEST(PrioritySchedulerTest, TheYoungestOfTheLeastUrgentMakesWay) {
  PriorityScene s;
  s.Add(100, 0);
  s.Ask(kA);
  s.Ask(kB);
  s.Ask(kA);
  const FlightId youngest = s.last;
  EXPECT_EQ(s.Displace(kA), "");  // nobody is more urgent
  s.Add(100, 7);
  EXPECT_EQ(s.Displace(kA), absl::StrCat("#", youngest, " -> 2"));
}

TEST(PrioritySchedulerTest, NobodyMakesWayForWhatCannotUseIt) {
  PriorityScene s;
  s.Add(100, 0);
  s.Ask(kA);
  s.Add(1, 7);
  s.barred.insert({2, kA});
  EXPECT_EQ(s.Displace(kA), "");
  s.barred.clear();
  EXPECT_NE(s.Displace(kA), "");
  EXPECT_EQ(s.Displace(kA), "");  // its only piece has been asked for
}

TEST(PrioritySchedulerTest, EqualsDoNotMakeWayForEachOther) {
  PriorityScene s;
  s.Add(100, 7, 1);
  s.Ask(kA);
  s.Add(100, 7, 2);
  EXPECT_EQ(s.Displace(kA), "");
}

TEST(PrioritySchedulerTest, EqualsShareEvenly) {
  PriorityScene s;
  s.Add(1000, 0, 1);
  s.Add(1000, 0, 1);
  s.Add(1000, 0, 2);
  std::map<FileId, int> count;
  for (int i = 0; i < 8; ++i) ++count[s.Ask(kA)];
  EXPECT_EQ(count[1] + count[2], 4);
  EXPECT_EQ(count[3], 4);
}

TEST(PrioritySchedulerTest, AFileThatBecomesUrgentTakesItsFlightsAlong) {
  PriorityScene s;
  s.Add(100, 0, 1);
  s.Add(100, 0, 2);
  s.Ask(kA);
  const FlightId first = s.last;
  s.Ask(kA);
  s.scheduler.SetStanding(1, {7, 1});
  EXPECT_TRUE(s.scheduler.Consistent());
  EXPECT_EQ(s.scheduler.Find(first)->file, 1u);
  EXPECT_EQ(s.Ask(kA), 1u);
  EXPECT_NE(s.Displace(kA), "");
  s.scheduler.End(first);
  EXPECT_EQ(s.scheduler.Find(first), nullptr);
  EXPECT_TRUE(s.scheduler.Consistent());
}

TEST(PrioritySchedulerTest, NumbersOfFlightsAreNeverUsedTwice) {
  PriorityScene s;
  s.Add(100, 0);
  s.Add(100, 7);
  s.barred.insert({2, kA});
  std::set<FlightId> seen;
  for (int i = 0; i < 10; ++i) {
    EXPECT_NE(s.Ask(i % 2 == 0 ? kA : kB), 0u);
    EXPECT_TRUE(seen.insert(s.last).second);
  }
}

}  // namespace
}  // namespace hfget::core
