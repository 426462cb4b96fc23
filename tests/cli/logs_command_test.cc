#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/cli/command_fixture.h"

namespace hfget::cli {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class LogsCommandTest : public testing::CommandFixture {
 protected:
  LogsCommandTest() { timing_.look_again = absl::ZeroDuration(); }

  std::string Default() {
    const std::string folder = temp_.path() + "/.local/state/hfget";
    std::filesystem::create_directories(folder);
    return folder + "/hfgetd.log";
  }
  void Write(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::app) << text; }
  void Log(const std::string& file) {
    daemon_.version.set_log_file(file);
    daemon_.Start();
  }
};

TEST_F(LogsCommandTest, ShowsTheFileThatTheDaemonNames) {
  Write(temp_.path() + "/log", "a\nb\nc\n");
  Log(temp_.path() + "/log");
  EXPECT_EQ(Run({"logs"}), 0);
  EXPECT_EQ(out(), "a\nb\nc\n");
  EXPECT_EQ(Run({"logs", "-n", "1"}), 0);
  EXPECT_EQ(out(), "c\n");
}

TEST_F(LogsCommandTest, ShowsTheUsualFileWhenNoDaemonRuns) {
  Write(Default(), "cannot open the store");
  EXPECT_EQ(Run({"logs"}), 0);
  EXPECT_EQ(out(), "cannot open the store\n") << "also a line without an end";
  EXPECT_TRUE(processes_.starts.empty());
}

TEST_F(LogsCommandTest, SaysInOneLineThatThereIsNone) {
  EXPECT_EQ(Run({"logs"}), 3);
  EXPECT_THAT(err(), AllOf(StartsWith("hfget: there is no log yet"), HasSubstr("hfgetd.log does not exist")));
  EXPECT_FALSE(std::filesystem::exists(temp_.path() + "/.local")) << "looking makes nothing";
  Log(temp_.path() + "/gone");
  EXPECT_EQ(Run({"logs"}), 3);
  EXPECT_EQ(err(), absl::StrCat("hfget: ", temp_.path(), "/gone does not exist\n"));
}

TEST_F(LogsCommandTest, AHundredLinesUnlessMoreAreAskedFor) {
  std::string text;
  const std::string time = absl::FormatTime("%Y-%m-%dT%H:%M:%E3S%Ez", absl::Now(), absl::UTCTimeZone());
  for (int i = 0; i < 150; ++i) absl::StrAppend(&text, time, " I ", i, "\n");
  Write(Default(), text);
  EXPECT_EQ(Run({"logs"}), 0);
  EXPECT_THAT(out(), HasSubstr(" I 50\n"));
  EXPECT_THAT(out(), ::testing::Not(HasSubstr(" I 49\n")));
  EXPECT_EQ(Run({"logs", "--since", "1h"}), 0);
  EXPECT_EQ(out(), text);
  EXPECT_EQ(Run({"logs", "--since", "yesterday"}), 2);
}

TEST_F(LogsCommandTest, NothingInALogReachesTheTerminalAsACommand) {
  Write(Default(), "the hub said \x1b[2J\n");
  EXPECT_EQ(Run({"logs"}), 0);
  EXPECT_EQ(out(), "the hub said ?[2J\n");
}

TEST_F(LogsCommandTest, FollowsUntilTheUserGoes) {
  Write(Default(), "a\n");
  std::thread user([this] {
    while (!inbox_.PutSignal(SIGINT)) std::this_thread::yield();
  });
  EXPECT_EQ(Run({"logs", "--follow"}), 130);
  user.join();
  EXPECT_EQ(out(), "a\n");
  EXPECT_EQ(err(), "");
}

TEST_F(LogsCommandTest, FollowsNobodyWhoHasGone) {
  Write(Default(), "a\n");
  out_.setstate(std::ios::badbit);  // as after a write to a closed pipe
  EXPECT_EQ(Run({"logs", "--follow"}), 1);
}

TEST_F(LogsCommandTest, ALogInTheJournalIsShownByJournalctl) {
  daemon_.version.set_logs_to_journal(true);
  daemon_.Start();
  EXPECT_EQ(Run({"logs", "-n", "5", "-f"}), 0);
  EXPECT_THAT(processes_.became, AllOf(Contains("journalctl"), Contains("--lines=5"), Contains("--follow")));
  processes_.become_status = absl::FailedPreconditionError("cannot run journalctl: No such file or directory");
  EXPECT_EQ(Run({"logs"}), 1);
  EXPECT_THAT(err(), AllOf(HasSubstr("cannot run journalctl"), HasSubstr("journalctl --"), HasSubstr("hfgetd.service --lines=100")));
}

TEST_F(LogsCommandTest, ADaemonWithoutALogSaysWhereToLook) {
  daemon_.Start();
  EXPECT_EQ(Run({"logs"}), 1);
  EXPECT_THAT(err(), AllOf(HasSubstr("process 4242"), HasSubstr("--log-file")));
  daemon_.version.set_pid(0);
  EXPECT_EQ(Run({"logs"}), 1);
  EXPECT_THAT(err(), HasSubstr("nobody but its own user"));
}

}  // namespace
}  // namespace hfget::cli
