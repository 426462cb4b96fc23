#include <nlohmann/json.hpp>

#include <csignal>
#include <thread>

#include "absl/strings/str_split.h"
#include "tests/cli/command_fixture.h"
#include "tests/cli/top_samples.h"

namespace hfget::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class TopCommandTest : public testing::CommandFixture {
 protected:
  void StartBusy() {
    const TopSnapshot top = testing::ABusyDaemon();
    daemon_.sources = top.sources;
    daemon_.pulls = top.pulls;
    daemon_.stats = *top.stats;
    daemon_.piece_map = *top.map;
    daemon_.Start();
  }
  // Ctrl-C, as soon as it is waited for.
  int RunUntilInterrupted(const std::vector<std::string>& words) {
    std::thread user([this] {
      while (!inbox_.PutSignal(SIGINT)) std::this_thread::yield();
    });
    const int code = Run(words);
    user.join();
    return code;
  }
};

TEST_F(TopCommandTest, WithoutATerminalItIsOneFrame) {
  StartBusy();
  EXPECT_EQ(Run({"top"}), 0);
  EXPECT_THAT(out(), AllOf(HasSubstr("tuna"), HasSubstr("org/model@abcdef12"), HasSubstr("A official  B tuna"), Not(HasSubstr("\x1b"))));
  ASSERT_EQ(daemon_.mapped.size(), 1u);
  EXPECT_EQ(daemon_.mapped[0].id(), "p1") << "the one that moves fastest";
}

TEST_F(TopCommandTest, AnIdSelectsWhatIsMapped) {
  StartBusy();
  EXPECT_EQ(Run({"top", "p2", "--once"}), 0);
  EXPECT_EQ(daemon_.mapped.at(0).id(), "p2");
  EXPECT_EQ(Run({"top", "nope"}), 3);
}

TEST_F(TopCommandTest, DrawsUntilTheUserGoes) {
  StartBusy();
  out_terminal_.draws = true;
  EXPECT_EQ(RunUntilInterrupted({"top", "--interval", "3600"}), 130);
  EXPECT_THAT(out(), AllOf(HasSubstr("\x1b[?25l"), HasSubstr("PIECES of")));
  EXPECT_EQ(out().substr(out().size() - 6), "\x1b[?25h") << "the cursor is left visible";
}

TEST_F(TopCommandTest, JsonIsAnObjectALine) {
  StartBusy();
  EXPECT_EQ(Run({"top", "--json", "--once"}), 0);
  const auto json = nlohmann::json::parse(out());
  EXPECT_EQ(json["selected"], "p1");
  EXPECT_EQ(json["pulls"].size(), 2u);
  EXPECT_EQ(json["pieces"]["files"][0]["done_percent"][0], 100);
  EXPECT_EQ(json["pieces"]["files"][0]["in_flight"][25], true);
  EXPECT_EQ(json["stats"]["wasted_bytes"], 1 << 20);
  EXPECT_EQ(RunUntilInterrupted({"top", "--json"}), 130);
  EXPECT_NO_THROW(nlohmann::json::parse(std::string(*absl::StrSplit(out(), '\n').begin())));
}

TEST_F(TopCommandTest, WhatADaemonDoesNotTellIsLeftOut) {
  StartBusy();
  daemon_.stats_status = {grpc::StatusCode::PERMISSION_DENIED, "not you"};
  daemon_.map_status = {grpc::StatusCode::UNIMPLEMENTED, ""};
  EXPECT_EQ(Run({"top"}), 0);
  EXPECT_THAT(out(), AllOf(HasSubstr("tuna"), Not(HasSubstr("waste")), HasSubstr("no file is under way")));
}

TEST_F(TopCommandTest, StartsNoDaemonToWatchItDoNothing) {
  EXPECT_EQ(Run({"top"}), 1);
  EXPECT_THAT(err(), HasSubstr("no daemon runs at"));
  EXPECT_TRUE(processes_.starts.empty());
}

TEST_F(TopCommandTest, ALostDaemonIsTheEnd) {
  StartBusy();
  daemon_.stats_status = {grpc::StatusCode::UNAVAILABLE, "shutting down"};
  out_terminal_.draws = true;
  EXPECT_EQ(Run({"top"}), 1);
  EXPECT_THAT(err(), HasSubstr("is not available"));
}

}  // namespace
}  // namespace hfget::cli
