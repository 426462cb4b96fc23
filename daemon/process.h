// What a daemon does with its own process: limits, signals, the terminal it came from, and an end
// that comes in time.
#ifndef HFGET_DAEMON_PROCESS_H_
#define HFGET_DAEMON_PROCESS_H_

#include <signal.h>

#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace hfget {

// No core dumps and no reading by a debugger of the same user: tokens are in memory. As many
// descriptors as the system allows. A broken pipe is an error of the write, not the end.
void HardenProcess();

// SIGTERM, SIGINT and SIGHUP, taken by Wait and by nobody else. Made before the first other thread,
// which then has them blocked too. Thread: main.
class EndSignals {
 public:
  EndSignals();
  // Until one comes; its name.
  std::string Wait() const;

 private:
  sigset_t set_;
};

// Whether standard error goes to systemd's journal: `journal_stream` is $JOURNAL_STREAM, "device:inode", and may be what a parent left,
// whose output ours no longer is.
bool StderrIsJournal(const std::string& journal_stream);

// The file that standard error goes to; empty: it is none that has a name.
std::string StderrFile();

// The pipe to whoever started us. Written once, then closed; without a descriptor nothing happens.
class ReadyPipe {
 public:
  explicit ReadyPipe(int fd) : fd_(fd) {}
  ReadyPipe(ReadyPipe&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ReadyPipe& operator=(ReadyPipe&&) = delete;
  ~ReadyPipe() { Close(); }

  // Errors: INVALID_ARGUMENT when the descriptor is not open. Keeps it from children.
  absl::Status Check() const;
  void Ready() { Write("ready\n"); }
  void Failed(const absl::Status& status);

 private:
  void Write(const std::string& line);
  void Close();

  int fd_;
};

// A session of our own, "/" as working folder, no standard input and output; standard error goes to
// the end of `log_file`, for what dies without logging. Whoever waits for the end of our output
// gets it.
void LetGoOfTerminal(const std::string& log_file);

// Ends the process with code 0 when `limit` passes before the destructor. An end by force loses no
// more than kill -9 does, at most the last checkpoint, because state never leads data. Thread: made
// and destroyed by main.
class ExitWatchdog {
 public:
  explicit ExitWatchdog(absl::Duration limit);
  ~ExitWatchdog();

 private:
  absl::Notification done_;
  std::thread thread_;
};

}  // namespace hfget

#endif  // HFGET_DAEMON_PROCESS_H_
