#include "cli/processes.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/cli/temp_folder.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::cli {
namespace {

using ::hfget::testing::HasCode;
using ::hfget::testing::StatusIs;
using ::testing::HasSubstr;

// A folder with an hfgetd that is a shell script. The script's file 3 is the ready pipe.
class RealProcessesTest : public ::testing::Test {
 protected:
  absl::Status Start(const std::string& script, absl::Duration timeout = absl::Seconds(60)) {
    const std::string path = temp_.path() + "/hfgetd";
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    chmod(path.c_str(), 0755);
    RealProcesses processes(Environment(), temp_.path());
    return processes.StartDaemon(
        {.arguments = {"--socket", "/s p"}, .log_file = temp_.path() + "/log", .timeout = timeout});
  }
  std::string Read(const std::string& name) {
    std::ifstream file(temp_.path() + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  testing::TempFolder temp_;
};

TEST_F(RealProcessesTest, WaitsUntilTheDaemonIsReady) {
  EXPECT_OK(Start("echo \"$@\" >&2; echo ready >&3"));
  EXPECT_EQ(Read("log"), "--socket /s p --ready-fd 3\n");
}

TEST_F(RealProcessesTest, PassesTheDaemonsOneLineOn) {
  EXPECT_THAT(Start("echo 'error: config.toml line 3: unknown key \"sourcs\"' >&3"),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "the daemon did not start: config.toml line 3: unknown key \"sourcs\""));
}

TEST_F(RealProcessesTest, NamesTheLogOfADaemonThatDiedInSilence) {
  EXPECT_THAT(Start("echo boom >&2; exit 1"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(temp_.path() + "/log")));
  EXPECT_EQ(Read("log"), "boom\n");
}

TEST_F(RealProcessesTest, EndsADaemonThatIsNotReadyInTime) {
  const std::string died = temp_.path() + "/died";
  ASSERT_EQ(mkfifo(died.c_str(), 0600), 0);
  // The daemon holds the fifo open until it is ended: reading it to the end below is seeing it die.
  EXPECT_THAT(Start(absl::StrCat("exec 4<>", died, "; exec sleep 600"), absl::ZeroDuration()),
              HasCode(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(RealProcessesTest, GivesTheDaemonASessionOfItsOwnAndNoneOfOurFiles) {
  const std::string secret = temp_.path() + "/secret";
  std::ofstream(secret) << "x";
  FILE* inherited = std::fopen(secret.c_str(), "r");
  EXPECT_OK(
      Start("ls -l /proc/$$/fd >&2; cut -d' ' -f6 /proc/$$/stat >&2; echo pid $$ >&2; "
            "echo ready >&3"));
  std::fclose(inherited);
  const std::string log = Read("log");
  EXPECT_THAT(log, ::testing::Not(HasSubstr("secret")));
  EXPECT_THAT(log, HasSubstr("/dev/null"));
  const std::string pid = log.substr(log.rfind(' ') + 1);
  EXPECT_THAT(log, HasSubstr("\n" + pid + "pid"));  // its session is itself
}

TEST_F(RealProcessesTest, SaysWhenThereIsNoDaemonToStart) {
  RealProcesses processes(Environment({{"PATH", "/nonexistent"}, {"HOME", "/"}}), temp_.path());
  EXPECT_THAT(processes.StartDaemon({}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no hfgetd beside hfget")));
}

TEST_F(RealProcessesTest, BecomesAnotherProgramWithWhatItIsToRead) {
  const pid_t child = fork();
  if (child == 0) {
    RealProcesses processes(Environment(), "");
    const absl::Status status = processes.Become({"sh", "-c", absl::StrCat("cat >", temp_.path(), "/read")}, "a page\n");
    _exit(99);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(Read("read"), "a page\n");
}

TEST_F(RealProcessesTest, StaysItselfWhenThereIsNoSuchProgram) {
  RealProcesses processes(Environment(), "");
  EXPECT_THAT(processes.Become({"no-such-program"}, ""),
              StatusIs(absl::StatusCode::kFailedPrecondition, "cannot run no-such-program: No such file or directory"));
}

TEST_F(RealProcessesTest, AZombieRunsNoMore) {
  RealProcesses processes(Environment(), "");
  EXPECT_TRUE(processes.IsRunning(getpid()));
  const pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, child, &info, WEXITED | WNOWAIT), 0);  // ended, not collected
  EXPECT_FALSE(processes.IsRunning(child));
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_FALSE(processes.IsRunning(child));
}

TEST_F(RealProcessesTest, NeverSignalsAProgramThatIsNoDaemon) {
  RealProcesses processes(Environment(), "");
  EXPECT_THAT(processes.Terminate(getpid()),  // we would not live to see it
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("which is no hfgetd")));
}

TEST_F(RealProcessesTest, NeverSignalsAProcessThatNobodyNamed) {
  RealProcesses processes(Environment(), "");
  for (const int64_t pid : {int64_t{0}, int64_t{1}, int64_t{-1}}) {
    EXPECT_THAT(processes.Terminate(pid), HasCode(absl::StatusCode::kInternal));
  }
}

}  // namespace
}  // namespace hfget::cli
