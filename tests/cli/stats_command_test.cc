#include "cli/stats_text.h"
#include "nlohmann/json.hpp"
#include "tests/cli/command_fixture.h"

namespace hfget::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

v1::GetStatsResponse SomeStats() {
  v1::GetStatsResponse stats;
  v1::SourceStats* tuna = stats.add_sources();
  tuna->set_name("tuna");
  tuna->set_state("ok");
  tuna->set_received_bytes(300 << 20);
  tuna->set_rate_bytes_per_sec(5 << 20);
  tuna->set_connections(4);
  tuna->set_range_requests(70);
  v1::FailureCount* stall = tuna->add_failures();
  stall->set_cause("stall");
  stall->set_count(2);
  *tuna->add_range_retries() = *stall;
  v1::SourceStats* official = stats.add_sources();
  official->set_name("official");
  official->set_received_bytes(100 << 20);
  stats.set_wasted_bytes(4 << 20);
  stats.set_published_files(1);
  stats.set_max_connections(64);
  stats.mutable_started()->set_seconds(1000);
  stats.mutable_pulls()->set_accepted(7);
  auto* queued = stats.mutable_pulls()->add_by_state();
  queued->set_state(v1::PULL_STATE_QUEUED);
  queued->set_count(3);
  stats.mutable_pulls()->mutable_oldest_queued()->set_seconds(40);
  auto* failed = stats.mutable_pulls()->add_failed();
  failed->set_cause(v1::ERROR_CAUSE_DISK);
  failed->set_count(1);
  stats.mutable_verify_duration()->set_count(4);
  stats.mutable_verify_duration()->set_sum_seconds(0.2);
  return stats;
}

TEST(StatsTextTest, SaysWhatAndHowMuch) {
  const std::string text = StatsText(SomeStats(), absl::FromUnixSeconds(1060));
  EXPECT_THAT(text, AllOf(HasSubstr("running       1 min 00 s\n"), HasSubstr("pulls now     3 queued, the oldest waits for 40 s\n"),
                          HasSubstr("7 accepted, 0 joined, 1 for disk\n"), HasSubstr("received      400 MiB\n"),
                          HasSubstr("4.0 MiB (1.0 %)"),
                          HasSubstr("1 file, "), HasSubstr("4 of 64, "), HasSubstr("4, 50 ms each, 0 wrong")));
  EXPECT_THAT(text, HasSubstr("tuna      ok      300 MiB  5.0 MiB/s     4      70      2  2: stall 2\n"));
}

TEST(StatsTextTest, ADaemonThatHasDoneNothingSaysSo) {
  const std::string text = StatsText({}, absl::Now());
  EXPECT_THAT(text, AllOf(HasSubstr("pulls now     none\n"), HasSubstr("0 B (0.0 %)"), Not(HasSubstr("running")), Not(HasSubstr("nan"))));
}

TEST(StatsTextTest, Counts) {
  EXPECT_EQ(ReceivedBytes(SomeStats()), 400 << 20);
  EXPECT_EQ(PullsIn(v1::PULL_STATE_QUEUED, SomeStats()), 3);
  EXPECT_EQ(PullsIn(v1::PULL_STATE_DONE, SomeStats()), 0);
}

class StatsCommandTest : public testing::CommandFixture {};

TEST_F(StatsCommandTest, ShowsAndDumps) {
  daemon_.stats = SomeStats();
  daemon_.Start();
  EXPECT_EQ(Run({"stats"}), 0);
  EXPECT_THAT(out(), HasSubstr("tuna"));
  EXPECT_EQ(Run({"stats", "--json"}), 0);
  const auto json = nlohmann::json::parse(out());
  EXPECT_EQ(json["sources"][0]["failures"]["stall"], 2);
  EXPECT_EQ(json["pulls"]["by_state"]["queued"], 3);
  EXPECT_EQ(json["wasted_bytes"], 4 << 20);
}

TEST_F(StatsCommandTest, StartsNoDaemonToBeToldNothing) {
  EXPECT_EQ(Run({"stats"}), 1);
  EXPECT_THAT(err(), HasSubstr("no daemon runs at"));
  EXPECT_TRUE(processes_.starts.empty());
}

TEST_F(StatsCommandTest, PassesARefusalOn) {
  daemon_.stats_status = {grpc::StatusCode::PERMISSION_DENIED, "only the user that the daemon runs as may do that"};
  daemon_.Start();
  EXPECT_EQ(Run({"stats"}), 1);
  EXPECT_THAT(err(), HasSubstr("only the user"));
}

}  // namespace
}  // namespace hfget::cli
