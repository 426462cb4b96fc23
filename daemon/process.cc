#include "daemon/process.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"

namespace hfget {
namespace {

void RaiseSoftToHard(int resource) {
  rlimit limit;
  if (getrlimit(resource, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(resource, &limit);  // with the old limit all works, with fewer connections
}

void ForbidCores() {
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__  // its leak check looks at us as a debugger does
  prctl(PR_SET_DUMPABLE, 0);
#endif
}

void Redirect(const char* path, int flags, int target) {
  const int fd = open(path, flags | O_CLOEXEC, 0600);
  if (fd < 0) return;
  dup2(fd, target);
  close(fd);
}

std::string OneLine(absl::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return line;
}

}  // namespace

void HardenProcess() {
  ForbidCores();
  RaiseSoftToHard(RLIMIT_NOFILE);
  signal(SIGPIPE, SIG_IGN);
}

bool StderrIsJournal(const std::string& journal_stream) {
  struct stat info;
  return !journal_stream.empty() && fstat(STDERR_FILENO, &info) == 0 && journal_stream == absl::StrCat(info.st_dev, ":", info.st_ino);
}

std::string StderrFile() {
  struct stat info;
  if (fstat(STDERR_FILENO, &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink == 0) return "";
  std::error_code error;
  const std::filesystem::path path = std::filesystem::read_symlink(absl::StrCat("/proc/self/fd/", STDERR_FILENO), error);
  return error ? "" : path.string();
}

EndSignals::EndSignals() {
  sigemptyset(&set_);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set_, number);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
}

std::string EndSignals::Wait() const {
  int number = 0;
  while (sigwait(&set_, &number) != 0) {
  }
  return number == SIGTERM ? "SIGTERM" : number == SIGINT ? "SIGINT" : "SIGHUP";
}

absl::Status ReadyPipe::Check() const {
  if (fd_ < 0 || fcntl(fd_, F_SETFD, FD_CLOEXEC) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--ready-fd ", fd_, " is not an open descriptor"));
}

void ReadyPipe::Failed(const absl::Status& status) {
  const absl::string_view kind = absl::IsInvalidArgument(status) ? "usage: " : "error: ";
  Write(absl::StrCat(kind, OneLine(status.message()), "\n"));
}

void ReadyPipe::Write(const std::string& line) {
  if (fd_ < 0) return;
  // The reader may be gone; that changes nothing for us.
  ssize_t written;
  do {
    written = write(fd_, line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  Close();
}

void ReadyPipe::Close() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

void LetGoOfTerminal(const std::string& log_file) {
  setsid();  // fails where the starter has done it already
  if (chdir("/") != 0) spdlog::debug("the working folder stays: errno {}", errno);
  Redirect("/dev/null", O_RDONLY, STDIN_FILENO);
  Redirect("/dev/null", O_WRONLY, STDOUT_FILENO);
  Redirect(log_file.empty() ? "/dev/null" : log_file.c_str(), O_WRONLY | O_APPEND | O_CREAT,
           STDERR_FILENO);
}

ExitWatchdog::ExitWatchdog(absl::Duration limit)
    : thread_([this, limit] {
        if (done_.WaitForNotificationWithTimeout(limit)) return;
        spdlog::warn(
            "shutdown took longer than {}: ended by force; at most the last checkpoint is fetched "
            "again",
            absl::FormatDuration(limit));
        _exit(0);
      }) {}

ExitWatchdog::~ExitWatchdog() {
  done_.Notify();
  thread_.join();
}

}  // namespace hfget
