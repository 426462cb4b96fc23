#include "cli/start_turn.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "absl/time/clock.h"

namespace hfget::cli {

StartTurn::StartTurn(const std::string& folder, absl::Duration timeout, absl::Duration poll)
    : fd_(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (fd_ < 0) return;
  const absl::Time deadline = absl::Now() + timeout;
  while (!(held_ = flock(fd_, LOCK_EX | LOCK_NB) == 0)) {
    const bool taken = errno == EWOULDBLOCK || errno == EINTR;
    if (!taken || absl::Now() >= deadline) return;
    absl::SleepFor(poll);
  }
}

StartTurn::~StartTurn() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace hfget::cli
