#include "daemon/rpc/stats_proto.h"

#include "gtest/gtest.h"
#include "tests/rpc/stats_samples.h"

namespace hfget::rpc {
namespace {

TEST(StatsProtoTest, EveryFigureIsCarriedOver) {
  const v1::GetStatsResponse out = ToProto(SomeStats());
  EXPECT_EQ(out.started().seconds(), 1'700'000'000);
  ASSERT_EQ(out.sources_size(), 2);
  const v1::SourceStats& tuna = out.sources(0);
  EXPECT_EQ(tuna.name(), "tuna");
  EXPECT_EQ(tuna.state(), "ejected");
  EXPECT_EQ(tuna.received_bytes(), 101);
  EXPECT_EQ(tuna.range_requests(), 102);
  ASSERT_EQ(tuna.range_retries_size(), 1);  // those that never happened are left out
  EXPECT_EQ(tuna.range_retries(0).cause(), "stall");
  EXPECT_EQ(tuna.range_retries(0).count(), 1);
  EXPECT_EQ(tuna.failures(0).count(), 2);
  EXPECT_EQ(tuna.rate_bytes_per_sec(), 103);
  EXPECT_EQ(tuna.connections(), 104);
  EXPECT_EQ(tuna.latency().nanos(), 250'000'000);
  EXPECT_EQ(tuna.success(), 0.75);
  EXPECT_EQ(tuna.convictions(), 5);
  EXPECT_FALSE(out.sources(1).has_latency());
  ASSERT_EQ(out.pulls().by_state_size(), 2);
  EXPECT_EQ(out.pulls().by_state(0).state(), v1::PULL_STATE_QUEUED);
  EXPECT_EQ(out.pulls().by_state(0).count(), 6);
  EXPECT_EQ(out.pulls().oldest_queued().seconds(), 7);
  EXPECT_EQ(out.pulls().oldest_queued().nanos(), 500'000'000);
  EXPECT_EQ(out.pulls().accepted(), 16);
  EXPECT_EQ(out.pulls().joined(), 17);
  EXPECT_EQ(out.pulls().ended(0).state(), v1::PULL_STATE_DONE);
  EXPECT_EQ(out.pulls().ended(1).count(), 19);
  EXPECT_EQ(out.pulls().failed(0).cause(), v1::ERROR_CAUSE_NO_SOURCE);
  EXPECT_EQ(out.pulls().max_active(), 4);
  EXPECT_EQ(out.wasted_bytes(), 11);
  EXPECT_EQ(out.published_bytes(), 12);
  EXPECT_EQ(out.published_files(), 13);
  EXPECT_EQ(out.verify_failures(), 14);
  EXPECT_EQ(out.buffer_waits(), 15);
  EXPECT_EQ(out.open_files(), 8);
  EXPECT_EQ(out.checkpoint_lag().seconds(), 1);
  EXPECT_EQ(out.buffer_pool_bytes(), 9000);
  EXPECT_EQ(out.buffer_pool_used_bytes(), 900);
  EXPECT_EQ(out.waiting_connections(), 10);
  EXPECT_EQ(out.max_connections(), 64);
  EXPECT_EQ(out.store_write_failures(), 20);
}

TEST(StatsProtoTest, BucketsAreCumulativeAndInOrder) {
  const v1::DurationHistogram times = ToProto(SomeStats()).verify_duration();
  EXPECT_EQ(times.count(), 1);
  EXPECT_EQ(times.sum_seconds(), 2);
  double before = 0;
  for (const auto& bucket : times.buckets()) {
    EXPECT_GT(bucket.upper_bound_seconds(), before);
    before = bucket.upper_bound_seconds();
    EXPECT_EQ(bucket.count(), before >= 2 ? 1 : 0) << before;
  }
}

// Messages of the three histograms must not be mixed up.
TEST(StatsProtoTest, EachHistogramIsItsOwn) {
  const v1::GetStatsResponse out = ToProto(SomeStats());
  EXPECT_EQ(out.checkpoint_duration().count(), 2);
  EXPECT_EQ(out.store_write_duration().count(), 3);
}

}  // namespace
}  // namespace hfget::rpc
