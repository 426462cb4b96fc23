#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <optional>
#include <thread>

#include "cli/daemon_control.h"
#include "cli/start_turn.h"
#include "tests/cli/command_fixture.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::cli {
namespace {

using ::hfget::testing::HasCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DaemonCommandTest : public testing::CommandFixture {
 protected:
  // A socket file that nobody listens to.
  void LeaveStaleSocket() {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket_.c_str(), sizeof(address.sun_path) - 1);
    ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    close(fd);
  }
  absl::Status Connect(Start start) {
    Context context{out_,      err_, inbox_,    processes_, Environment(env_),
                    terminal_, "/w", geteuid(), timing_};
    absl::StatusOr<DaemonControl> control = DaemonControl::Make(&context, Options());
    return control->Connect(start).status();
  }
};

TEST_F(DaemonCommandTest, StatusTellsAScriptWhetherItRuns) {
  EXPECT_EQ(Run({"daemon", "status"}), 3);
  EXPECT_EQ(out(), "not running (" + socket_ + ")\n");
  daemon_.Start();
  EXPECT_EQ(Run({"daemon", "status"}), 0);
  EXPECT_THAT(out(), AllOf(HasSubstr("process 4242"), HasSubstr(socket_)));
  EXPECT_TRUE(processes_.starts.empty());
}

TEST_F(DaemonCommandTest, StartStartsOneAndOnlyOne) {
  EXPECT_EQ(Run({"daemon", "start"}), 0);
  EXPECT_THAT(err(), HasSubstr("listens at"));
  EXPECT_EQ(Run({"daemon", "start"}), 0);
  EXPECT_THAT(err(), HasSubstr("runs already"));
  EXPECT_EQ(processes_.starts.size(), 1u);
}

TEST_F(DaemonCommandTest, StartPassesOnWhereTheTokenIsAndNeverTheToken) {
  env_["HF_TOKEN"] = "hf_secret";
  EXPECT_EQ(Run({"daemon", "start", "--token-file", "secrets/t"}), 0);
  ASSERT_EQ(processes_.starts.size(), 1u);
  EXPECT_THAT(processes_.starts[0].arguments,
              ElementsAre("--socket", socket_, "--token-file", "/w/secrets/t"));
  EXPECT_EQ(Run({"daemon", "start", "--token-file", "secrets/t"}), 0);
  EXPECT_THAT(err(), HasSubstr("--token-file is not used"));
}

TEST_F(DaemonCommandTest, AStaleSocketIsLeftToTheNewDaemon) {
  LeaveStaleSocket();
  EXPECT_EQ(Run({"daemon", "start"}), 0);
  EXPECT_EQ(processes_.starts.size(), 1u);
}

TEST_F(DaemonCommandTest, FindsTheDaemonThatAnotherCommandStartedMeanwhile) {
  const std::string folder = temp_.path() + "/.local/state/hfget";
  std::filesystem::create_directories(folder);
  std::optional<StartTurn> other;
  other.emplace(folder, absl::ZeroDuration(), absl::ZeroDuration());
  timing_.ready = absl::Seconds(60);
  std::thread starter([&] {
    daemon_.Start();
    other.reset();
  });
  EXPECT_EQ(Run({"daemon", "start"}), 0);
  starter.join();
  EXPECT_TRUE(processes_.starts.empty());
}

TEST_F(DaemonCommandTest, AfterACrashADaemonIsStartedButNotAfterAStop) {
  EXPECT_THAT(Connect(Start::kAfterCrash), HasCode(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(processes_.starts.empty());
  LeaveStaleSocket();
  EXPECT_OK(Connect(Start::kAfterCrash));
  EXPECT_EQ(processes_.starts.size(), 1u);
}

TEST_F(DaemonCommandTest, StopEndsTheProcessThatListens) {
  timing_.ready = absl::Seconds(60);
  daemon_.version_status = grpc::Status(grpc::StatusCode::UNAVAILABLE, "draining");
  daemon_.Start();
  EXPECT_EQ(Run({"daemon", "stop"}), 0);
  EXPECT_THAT(processes_.terminated, ElementsAre(getpid()));
  EXPECT_EQ(Run({"daemon", "stop"}), 0);
  EXPECT_THAT(err(), HasSubstr("no daemon runs"));
}

TEST_F(DaemonCommandTest, StopSaysWhenADaemonDoesNotEnd) {
  daemon_.Start();
  processes_.dies = false;
  EXPECT_EQ(Run({"daemon", "stop"}), 1);
  EXPECT_THAT(err(), HasSubstr(absl::StrCat("kill -9 ", getpid())));
}

TEST_F(DaemonCommandTest, AnotherApiIsRefusedWithTheNextStep) {
  timing_.ready = absl::Seconds(60);
  daemon_.version.set_api(2);
  daemon_.version.set_version("9.0.0");
  daemon_.Start();
  EXPECT_EQ(Run({"ps"}), 1);
  EXPECT_THAT(err(), AllOf(HasSubstr("9.0.0 (API 2)"),
                           HasSubstr("hfget daemon stop && hfget daemon start")));
  EXPECT_EQ(Run({"daemon", "stop"}), 0);  // which must work with any API
}

TEST_F(DaemonCommandTest, AnotherVersionOfOurApiIsAWarning) {
  daemon_.version.set_version("0.0.9");
  daemon_.Start();
  EXPECT_EQ(Run({"ps"}), 0);
  EXPECT_THAT(err(), HasSubstr("warning: the daemon is version 0.0.9"));
}

TEST_F(DaemonCommandTest, VersionNeedsNoDaemon) {
  EXPECT_EQ(Run({"--version"}), 0);
  EXPECT_EQ(out(), "hfget " HFGET_VERSION " (API 1)\nhfgetd is not running\n");
  daemon_.Start();
  EXPECT_EQ(Run({"version"}), 0);
  EXPECT_THAT(out(), HasSubstr("hfgetd " HFGET_VERSION));
}

TEST_F(DaemonCommandTest, HelpGoesToStandardOutputOnlyWhenAskedFor) {
  EXPECT_EQ(Run({"--help"}), 0);
  EXPECT_THAT(out(), HasSubstr("Usage: hfget"));
  EXPECT_EQ(Run({}), 2);
  EXPECT_EQ(out(), "");
  EXPECT_THAT(err(), HasSubstr("Usage: hfget"));
}

TEST_F(DaemonCommandTest, AWrongWordIsUsage) {
  EXPECT_EQ(Run({"pulll"}), 2);
  EXPECT_THAT(err(), HasSubstr("hfget: unknown command 'pulll': did you mean 'pull'?\n"));
}

}  // namespace
}  // namespace hfget::cli
