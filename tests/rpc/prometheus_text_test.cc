#include "daemon/rpc/prometheus_text.h"

#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/rpc/stats_samples.h"

namespace hfget::rpc {
namespace {

using ::testing::Contains;

std::vector<std::string> Lines(const engine::Stats& stats) { return absl::StrSplit(PrometheusText(stats, "1.2.3"), '\n'); }

TEST(PrometheusTextTest, EveryFigureIsThereUnderItsName) {
  const std::vector<std::string> lines = Lines(SomeStats());
  for (const char* line : {
           "hfget_build_info{version=\"1.2.3\"} 1",
           "hfget_start_time_seconds 1700000000.25",
           "hfget_received_bytes_total{source=\"tuna\"} 101",
           "hfget_received_bytes_total{source=\"pai\"} 0",
           "hfget_range_requests_total{source=\"tuna\"} 102",
           "hfget_range_retries_total{source=\"tuna\",cause=\"stall\"} 1",
           "hfget_source_failures_total{source=\"tuna\",cause=\"stall\"} 2",
           "hfget_source_rate_bytes_per_second{source=\"tuna\"} 103",
           "hfget_source_connections{source=\"tuna\"} 104",
           "hfget_source_latency_seconds{source=\"tuna\"} 0.25",
           "hfget_source_success_ratio{source=\"tuna\"} 0.75",
           "hfget_source_convictions{source=\"tuna\"} 5",
           "hfget_source_state{source=\"tuna\",state=\"ejected\"} 1",
           "hfget_source_state{source=\"tuna\",state=\"ok\"} 0",
           "hfget_source_state{source=\"pai\",state=\"off\"} 1",
           "hfget_pulls{state=\"queued\"} 6",
           "hfget_pulls{state=\"fetching\"} 2",
           "hfget_pulls{state=\"needs-token\"} 0",
           "hfget_queue_length 6",
           "hfget_queue_oldest_age_seconds 7.5",
           "hfget_open_files 8",
           "hfget_connections_limit 64",
           "hfget_active_pulls_limit 4",
           "hfget_checkpoint_lag_seconds 1.5",
           "hfget_buffer_pool_size_bytes 9000",
           "hfget_buffer_pool_used_bytes 900",
           "hfget_waiting_connections 10",
           "hfget_wasted_bytes_total 11",
           "hfget_published_bytes_total 12",
           "hfget_published_files_total 13",
           "hfget_verify_failures_total 14",
           "hfget_buffer_waits_total 15",
           "hfget_pulls_accepted_total 16",
           "hfget_pulls_joined_total 17",
           "hfget_pulls_ended_total{state=\"done\"} 18",
           "hfget_pulls_ended_total{state=\"cancelled\"} 0",
           "hfget_pulls_failed_total{cause=\"no_source\"} 19",
           "hfget_pulls_failed_total{cause=\"disk\"} 0",
           "hfget_store_write_failures_total 20",
           "hfget_verify_duration_seconds_count 1",
           "hfget_verify_duration_seconds_sum 2",
           "hfget_checkpoint_duration_seconds_count 2",
           "hfget_store_write_duration_seconds_count 3",
       }) {
    EXPECT_THAT(lines, Contains(line));
  }
}

// So that rate() sees the first step.
TEST(PrometheusTextTest, EverySeriesIsThereBeforeAnythingHasHappened) {
  engine::Stats stats;
  stats.sources.push_back({.name = "tuna", .state = "unverified"});
  const std::vector<std::string> lines = Lines(stats);
  for (const char* line : {"hfget_range_retries_total{source=\"tuna\",cause=\"connect\"} 0", "hfget_pulls_ended_total{state=\"done\"} 0",
                           "hfget_range_retries_total{source=\"tuna\",cause=\"local\"} 0", "hfget_verify_duration_seconds_count 0",
                           "hfget_pulls_failed_total{cause=\"not_found\"} 0"}) {
    EXPECT_THAT(lines, Contains(line));
  }
  for (const std::string& line : lines) EXPECT_FALSE(absl::StrContains(line, "hfget_source_latency_seconds{")) << line;
}

TEST(PrometheusTextTest, AStateThatIsNewIsShownAllTheSame) {
  engine::Stats stats;
  stats.sources.push_back({.name = "tuna", .state = "asleep"});
  EXPECT_THAT(Lines(stats), Contains("hfget_source_state{source=\"tuna\",state=\"asleep\"} 1"));
}

TEST(PrometheusTextTest, NoSeriesComesTwiceAndEachFollowsItsType) {
  std::set<std::string> seen, families;
  std::string family;
  for (const std::string& line : Lines(SomeStats())) {
    if (line.empty() || absl::StartsWith(line, "# HELP")) continue;
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (words[0] == "#") {
      family = words[2];
      EXPECT_TRUE(families.insert(family).second) << family;
      EXPECT_EQ(words[3] == "counter", absl::EndsWith(family, "_total")) << family;
      continue;
    }
    EXPECT_TRUE(absl::StartsWith(line, family)) << line;
    EXPECT_TRUE(seen.insert(line.substr(0, line.rfind(' '))).second) << line;
  }
  EXPECT_GT(families.size(), 30u);
}

}  // namespace
}  // namespace hfget::rpc
