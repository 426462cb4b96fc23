// The end of a log file, and what comes to it.
#ifndef HFGET_CLI_LOG_TAIL_H_
#define HFGET_CLI_LOG_TAIL_H_

#include <sys/types.h>

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "cli/log_span.h"

namespace hfget::cli {

// Survives both ways of rotation: the file gets another name and a new one its own; or it is copied and cut to nothing.
// Owns: the open file.
class LogTail {
 public:
  // Errors: NOT_FOUND: there is none; PERMISSION_DENIED; FAILED_PRECONDITION: it is no file.
  static absl::StatusOr<LogTail> Open(const std::string& path);
  LogTail(LogTail&& other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), position_(other.position_) {}
  LogTail& operator=(LogTail&&) = delete;
  ~LogTail();

  // What there is of the span, also of rotated files ("hfgetd.1.log", "hfgetd.log.1"). ReadNew goes on behind it.
  std::string ReadEnd(const LogSpan& span);
  // What was written since, at most 1 MiB at once.
  std::string ReadNew();

 private:
  LogTail(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  // The file has another name now, and all of it has been read: goes on with the new one. False: it has not.
  bool FollowRename();

  std::string path_;
  int fd_;
  off_t position_ = 0;
};

}  // namespace hfget::cli

#endif  // HFGET_CLI_LOG_TAIL_H_
