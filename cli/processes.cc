#include "cli/processes.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"

extern char** environ;

namespace hfget::cli {
namespace {

constexpr int kReadyFd = 3;  // in the daemon
constexpr size_t kMaxReadyLine = 4096;
constexpr char kDaemonName[] = "hfgetd";

// As exec wants them. REQUIRES: `words` outlives them.
std::vector<char*> ArgumentsOf(std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  return argv;
}

// Makes `text` our standard input.
absl::Status BeginInput(const std::string& text) {
  const int fd = memfd_create("input", 0);
  const bool written = fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (written && lseek(fd, 0, SEEK_SET) == 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("cannot hand the text over: ", std::strerror(errno)));
}

// The signals as a shell gives them, for a program that takes our place.
void ResetSignals() {
  std::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

// The arguments of posix_spawn. A new session, so that neither Ctrl-C nor the end of the terminal
// reaches the daemon; the signals as a shell gives them; no file of ours but the pipe. posix_spawn
// rather than fork: gRPC has threads by now.
class Spawn {
 public:
  Spawn() {
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_init(&files_);
    sigset_t none;
    sigemptyset(&none);
    sigset_t defaults;
    sigfillset(&defaults);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &defaults);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Spawn() {
    posix_spawn_file_actions_destroy(&files_);
    posix_spawnattr_destroy(&attributes_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;

  void SetFiles(const std::string& log_file, int ready_fd) {
    posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    const std::string log = log_file.empty() ? "/dev/null" : log_file;
    posix_spawn_file_actions_addopen(&files_, STDERR_FILENO, log.c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
    posix_spawn_file_actions_adddup2(&files_, ready_fd, kReadyFd);
    posix_spawn_file_actions_addclosefrom_np(&files_, kReadyFd + 1);
  }

  absl::StatusOr<pid_t> Run(std::vector<std::string> words) {
    const std::vector<char*> argv = ArgumentsOf(words);
    pid_t pid = 0;
    const int error = posix_spawn(&pid, argv[0], &files_, &attributes_, argv.data(), environ);
    if (error == 0) return pid;
    return absl::FailedPreconditionError(
        absl::StrCat("cannot start ", words[0], ": ", std::strerror(error)));
  }

 private:
  posix_spawnattr_t attributes_;
  posix_spawn_file_actions_t files_;
};

// What the daemon wrote to the pipe until the line's end or its own; DEADLINE_EXCEEDED when neither
// came.
absl::StatusOr<std::string> ReadLine(int fd, absl::Time deadline) {
  std::string line;
  while (line.size() < kMaxReadyLine) {
    pollfd waiting = {fd, POLLIN, 0};
    const int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now());
    const int ready = left <= 0 ? 0 : poll(&waiting, 1, static_cast<int>(left) + 1);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return absl::DeadlineExceededError("");
    char c = 0;
    const ssize_t got = read(fd, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || c == '\n') break;
    line += c;
  }
  return line;
}

std::string SeeLog(const DaemonStart& start) {
  return start.log_file.empty() ? "" : absl::StrCat(": see ", start.log_file);
}

absl::Status Verdict(const absl::StatusOr<std::string>& line, const DaemonStart& start) {
  if (!line.ok()) {
    return absl::DeadlineExceededError(absl::StrCat(
        "the daemon was not ready within ", absl::FormatDuration(start.timeout), SeeLog(start)));
  }
  if (*line == "ready") return absl::OkStatus();
  if (line->empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the daemon ended before it was ready", SeeLog(start)));
  }
  absl::string_view why = *line;
  if (absl::ConsumePrefix(&why, "usage: ")) {
    return absl::InvalidArgumentError(absl::StrCat("the daemon did not start: ", why));
  }
  return absl::FailedPreconditionError(
      absl::StrCat("the daemon did not start: ", absl::StripPrefix(why, "error: ")));
}

bool IsProgram(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::string OwnFolder() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "" : self.parent_path().string();
}

absl::StatusOr<std::string> RealProcesses::FindDaemon() const {
  std::vector<std::string> folders = absl::StrSplit(env_.Get("PATH"), ':', absl::SkipEmpty());
  folders.insert(folders.begin(), own_folder_);
  for (const std::string& folder : folders) {
    const std::string path = absl::StrCat(folder, "/hfgetd");
    if (!folder.empty() && IsProgram(path)) return path;
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "no hfgetd beside hfget (", own_folder_, ") or in $PATH: install it, or build its target"));
}

absl::Status RealProcesses::StartDaemon(const DaemonStart& start) {
  const absl::StatusOr<std::string> program = FindDaemon();
  if (!program.ok()) return program.status();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return absl::InternalError(absl::StrCat("cannot open a pipe: ", std::strerror(errno)));
  }
  const absl::Cleanup close_read = [&ends] { close(ends[0]); };
  std::vector<std::string> words = start.arguments;
  words.insert(words.begin(), *program);
  words.insert(words.end(), {"--ready-fd", absl::StrCat(kReadyFd)});
  Spawn spawn;
  spawn.SetFiles(start.log_file, ends[1]);
  const absl::StatusOr<pid_t> pid = spawn.Run(std::move(words));
  close(ends[1]);
  if (!pid.ok()) return pid.status();
  const absl::StatusOr<std::string> line = ReadLine(ends[0], absl::Now() + start.timeout);
  if (!line.ok()) kill(-*pid, SIGTERM);  // its session is its own
  return Verdict(line, start);
}

absl::Status RealProcesses::Terminate(int64_t pid) {
  if (pid <= 1) {
    return absl::InternalError(
        "the daemon's process cannot be seen from here (another container?): stop it there");
  }
  std::string name;
  std::getline(std::ifstream(absl::StrCat("/proc/", pid, "/comm")), name);
  if (!name.empty() && name != kDaemonName) {
    return absl::FailedPreconditionError(
        absl::StrCat("the socket is held by ", name, " (process ", pid, "), which is no hfgetd: if it is systemd, use systemctl [--user] stop ",
                     "hfgetd.service, and hfgetd.socket as well so that nobody starts it again"));
  }
  if (kill(static_cast<pid_t>(pid), SIGTERM) == 0 || errno == ESRCH) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("cannot stop process ", pid, ": ", std::strerror(errno)));
}

absl::Status RealProcesses::Become(const std::vector<std::string>& words, const std::string& input) {
  if (!input.empty()) {
    if (const absl::Status status = BeginInput(input); !status.ok()) return status;
  }
  std::vector<std::string> copy = words;
  const std::vector<char*> argv = ArgumentsOf(copy);
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  ResetSignals();
  execvp(argv[0], argv.data());
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return absl::FailedPreconditionError(absl::StrCat("cannot run ", words[0], ": ", std::strerror(error)));
}

bool RealProcesses::IsRunning(int64_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
  std::string line;
  std::getline(file, line);
  // "<pid> (<name>) <state> …"; the name may hold anything.
  const size_t state = line.rfind(") ");
  return state != std::string::npos && state + 2 < line.size() && line[state + 2] != 'Z';
}

}  // namespace hfget::cli
