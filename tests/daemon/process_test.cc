#include "daemon/process.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/status_matchers.h"

namespace hfget {
namespace {

using ::hfget::testing::StatusIs;

TEST(StderrIsJournalTest, OnlyTheStreamThatStderrIs) {
  struct stat info;
  ASSERT_EQ(fstat(STDERR_FILENO, &info), 0);
  EXPECT_TRUE(StderrIsJournal(absl::StrCat(info.st_dev, ":", info.st_ino)));
  EXPECT_FALSE(StderrIsJournal(absl::StrCat(info.st_dev, ":", info.st_ino + 1)));
  for (const char* none : {"", ":", "0:0", "journal"}) EXPECT_FALSE(StderrIsJournal(none));
}

// What standard error goes to while it lives.
class StderrTo {
 public:
  explicit StderrTo(int fd) : kept_(dup(STDERR_FILENO)) {
    dup2(fd, STDERR_FILENO);
    close(fd);
  }
  ~StderrTo() {
    dup2(kept_, STDERR_FILENO);
    close(kept_);
  }

 private:
  int kept_;
};

TEST(StderrFileTest, IsAFileThatHasAName) {
  char name[] = "/tmp/hfget-stderr-XXXXXX";
  const StderrTo file(mkstemp(name));
  EXPECT_EQ(StderrFile(), name);
  unlink(name);
  EXPECT_EQ(StderrFile(), "");
}

TEST(StderrFileTest, NothingElseIs) {
  {
    const StderrTo null(open("/dev/null", O_WRONLY));
    EXPECT_EQ(StderrFile(), "");
  }
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const StderrTo pipe_end(ends[1]);
  EXPECT_EQ(StderrFile(), "");
  close(ends[0]);
}

class ReadyPipeTest : public ::testing::Test {
 protected:
  ReadyPipeTest() { EXPECT_EQ(pipe(ends_), 0); }
  ~ReadyPipeTest() override { close(ends_[0]); }

  // All that was written, once the writing end is closed.
  std::string Read() {
    std::string text;
    char buffer[256];
    for (ssize_t n; (n = read(ends_[0], buffer, sizeof(buffer))) > 0;) text.append(buffer, n);
    return text;
  }

  int ends_[2];
};

TEST_F(ReadyPipeTest, SaysReadyOnceAndCloses) {
  ReadyPipe pipe(ends_[1]);
  EXPECT_OK(pipe.Check());
  pipe.Ready();
  pipe.Ready();
  EXPECT_EQ(Read(), "ready\n");
}

TEST_F(ReadyPipeTest, AnErrorIsOneLine) {
  ReadyPipe pipe(ends_[1]);
  pipe.Failed(absl::InternalError("first\nsecond"));
  EXPECT_EQ(Read(), "error: first second\n");
}

TEST_F(ReadyPipeTest, ABadConfigurationIsTheUsersToMend) {
  ReadyPipe pipe(ends_[1]);
  pipe.Failed(absl::InvalidArgumentError("unknown key"));
  EXPECT_EQ(Read(), "usage: unknown key\n");
}

TEST_F(ReadyPipeTest, ClosesWithoutAWordWhenDestroyed) {
  { const ReadyPipe pipe(ends_[1]); }
  EXPECT_EQ(Read(), "");
}

TEST_F(ReadyPipeTest, WithoutADescriptorNothingHappens) {
  close(ends_[1]);
  ReadyPipe pipe(-1);
  EXPECT_OK(pipe.Check());
  pipe.Ready();
}

TEST_F(ReadyPipeTest, AClosedDescriptorIsFoundAtTheStart) {
  close(ends_[1]);
  EXPECT_THAT(ReadyPipe(ends_[1]).Check(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       absl::StrCat("--ready-fd ", ends_[1], " is not an open descriptor")));
}

TEST(ProcessTest, HardeningForbidsCoresAndTakesAllDescriptors) {
  HardenProcess();
  rlimit core, files;
  ASSERT_EQ(getrlimit(RLIMIT_CORE, &core), 0);
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  EXPECT_EQ(core.rlim_max, 0u);
  EXPECT_EQ(files.rlim_cur, files.rlim_max);
}

TEST(ProcessTest, ASignalThatCameEarlyIsNotLost) {
  const EndSignals signals;
  kill(getpid(), SIGTERM);
  EXPECT_EQ(signals.Wait(), "SIGTERM");
}

TEST(ProcessTest, TheWatchdogLetsAnEndInTimePass) { ExitWatchdog watchdog(absl::Hours(1)); }

TEST(ProcessDeathTest, TheWatchdogEndsAShutdownThatHangs) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        ExitWatchdog watchdog(absl::Milliseconds(1));
        while (true) pause();
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace hfget
