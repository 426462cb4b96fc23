#include "daemon/engine/bench_history.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::engine {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

BenchPoint Point(const char* source, absl::Time at) {
  BenchPoint point;
  point.source = source;
  point.at = at;
  point.best = 5e6;
  return point;
}

TEST(BenchHistory, TellsWhatWasAddedOldestFirstAndOfThoseThatAreAskedFor) {
  BenchHistory history;
  history.Add({Point("b", kNow), Point("a", kNow)}, kNow);
  history.Add({Point("a", kNow + absl::Hours(1))}, kNow + absl::Hours(1));
  EXPECT_EQ(history.Since(absl::InfinitePast(), {}).size(), 3u);
  EXPECT_EQ(history.Since(kNow + absl::Minutes(1), {}).size(), 1u);
  EXPECT_EQ(history.Since(absl::InfinitePast(), {"b"}).size(), 1u);
}

TEST(BenchHistory, WhatLiesAheadOfASetBackClockIsNotTheLast) {
  BenchHistory history;
  EXPECT_EQ(history.Last(kNow), absl::InfinitePast());
  history.Add({Point("a", kNow), Point("b", kNow - absl::Hours(1))}, kNow);
  EXPECT_EQ(history.Last(kNow), kNow);
  EXPECT_EQ(history.Last(kNow - absl::Minutes(1)), kNow - absl::Hours(1));
  EXPECT_EQ(history.Last(kNow - absl::Hours(2)), absl::InfinitePast());
}

TEST(BenchHistory, WhatIsCommittedIsReadAgain) {
  BenchHistory history;
  const store::Batch batch = history.Add({Point("a", kNow)}, kNow);
  ASSERT_EQ(batch.puts.size(), 1u);
  EXPECT_EQ(batch.puts[0].first, store::BenchKey(absl::ToUnixMillis(kNow), "a"));
  records::v1::BenchRecord record;
  ASSERT_TRUE(record.ParseFromString(batch.puts[0].second));
  BenchHistory again;
  again.Load(record);
  EXPECT_EQ(again.Since(absl::InfinitePast(), {}).at(0).best, 5e6);
}

TEST(BenchHistory, WhatHasOutlivedItselfIsDeleted) {
  BenchHistory history;
  history.Add({Point("a", kNow)}, kNow);
  const store::Batch batch = history.Add({Point("a", kNow + absl::Hours(24 * 91))}, kNow + absl::Hours(24 * 91));
  EXPECT_THAT(batch.deletes, ::testing::ElementsAre(store::BenchKey(absl::ToUnixMillis(kNow), "a")));
  EXPECT_EQ(history.Since(absl::InfinitePast(), {}).size(), 1u);
}

TEST(BenchHistory, NonsenseOfADamagedStoreIsLeftOut) {
  BenchHistory history;
  records::v1::BenchRecord record;
  record.set_source("a");
  record.set_at_unix_ms(5);
  record.set_best(std::numeric_limits<double>::infinity());
  history.Load(record);
  record.set_best(1);
  record.set_at_unix_ms(-5);
  history.Load(record);
  EXPECT_TRUE(history.Since(absl::InfinitePast(), {}).empty());
  EXPECT_EQ(history.Last(absl::InfiniteFuture()), absl::InfinitePast());
}

}  // namespace
}  // namespace hfget::engine
