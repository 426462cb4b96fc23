#include "daemon/core/bench_schedule.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace hfget::core {
namespace {

constexpr ByteCount kPlenty = kGiB * 100;

// "A1 B1 A2 B2": source and connections, in their turns.
std::string Turns(BenchSchedule schedule) {
  std::string turns;
  while (const auto turn = schedule.Next()) absl::StrAppend(&turns, turns.empty() ? "" : " ", std::string(1, 'A' + turn->source), turn->connections);
  return turns;
}

TEST(BenchSchedule, SourcesTakeTurns) {
  EXPECT_EQ(Turns(BenchSchedule({8, 8, 8}, {{1, 4}, 2, kMiB, kPlenty})), "A1 B1 C1 A4 B4 C4 A1 B1 C1 A4 B4 C4");
}

TEST(BenchSchedule, OfMoreConnectionsThanASourceMayHaveItHasAsManyAsItMay) {
  EXPECT_EQ(Turns(BenchSchedule({6}, {{1, 2, 4, 8, 16}, 1, kMiB, kPlenty})), "A1 A2 A4 A6");
  EXPECT_EQ(Turns(BenchSchedule({2, 8}, {{1, 2, 4}, 1, kMiB, kPlenty})), "A1 B1 A2 B2 B4") << "each number once";
  EXPECT_EQ(Turns(BenchSchedule({2, 8}, {{4}, 1, kMiB, kPlenty})), "A2 B4");
}

TEST(BenchSchedule, TheFirstOfARoundIsMarked) {
  BenchSchedule schedule({8}, {{1, 2}, 2, kMiB, kPlenty});
  EXPECT_TRUE(schedule.Next()->first_of_round);
  EXPECT_FALSE(schedule.Next()->first_of_round);
  EXPECT_TRUE(schedule.Next()->first_of_round);
  EXPECT_EQ(schedule.planned(), 4u);
}

TEST(BenchSchedule, TheBudgetIsSharedOutAndWhatIsLeftOverGoesToTheRest) {
  BenchSchedule schedule({8, 8}, {{1}, 2, 100 * kMiB, 40 * kMiB});
  EXPECT_EQ(schedule.share(), 10 * kMiB);
  EXPECT_EQ(schedule.Next()->bytes, 10 * kMiB);
  schedule.Spend(kMiB);  // a slow one
  EXPECT_EQ(schedule.Next()->bytes, 13 * kMiB);
  schedule.Spend(13 * kMiB);
  EXPECT_EQ(schedule.Next()->bytes, 13 * kMiB);
}

TEST(BenchSchedule, ASampleHasItsOwnMost) {
  BenchSchedule schedule({8}, {{1}, 3, 5 * kMiB, kPlenty});
  EXPECT_EQ(schedule.Next()->bytes, 5 * kMiB);
}

TEST(BenchSchedule, EndsWhenTheBudgetIsSpent) {
  BenchSchedule schedule({8}, {{1}, 3, 5 * kMiB, 6 * kMiB});
  ASSERT_TRUE(schedule.Next());
  schedule.Spend(7 * kMiB);  // what was on its way came, too
  EXPECT_FALSE(schedule.Next());
}

TEST(BenchSchedule, ASourceThatIsDownIsNotAskedAgain) {
  BenchSchedule schedule({8, 8}, {{1, 2}, 1, kMiB, kPlenty});
  EXPECT_EQ(schedule.Next()->source, 0u);
  schedule.Drop(0);
  EXPECT_EQ(schedule.Next()->source, 1u);
  EXPECT_EQ(schedule.Next()->source, 1u);
  EXPECT_FALSE(schedule.Next());
}

}  // namespace
}  // namespace hfget::core
