#include "daemon/rpc/unix_listener.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/base/thread.h"

namespace hfget::rpc {
namespace {

// A scheduler's prolog may start a process a core at once.
constexpr int kBacklog = 1024;
// Without descriptors left, a connection stays in the queue, and poll would wake us for it at once.
constexpr int kPauseMs = 100;

class ScopedUmask {
 public:
  explicit ScopedUmask(mode_t mask) : old_(umask(mask)) {}
  ~ScopedUmask() { umask(old_); }

 private:
  const mode_t old_;
};

absl::Status Failed(const std::string& path) {
  return absl::InternalError(absl::StrCat("cannot listen on the socket ", path, ": ", std::strerror(errno)));
}

}  // namespace

SocketMode ModeFor(const core::AllowedUsers& allowed) {
  if (allowed.users.empty() && allowed.groups.empty()) return {};
  if (allowed.users.empty() && allowed.groups.size() == 1) return {0660, *allowed.groups.begin()};
  return {0666, std::nullopt};
}

absl::StatusOr<std::unique_ptr<UnixListener>> UnixListener::Listen(const std::string& path, const SocketMode& mode) {
  std::unique_ptr<UnixListener> listener(new UnixListener(path));
  HFGET_RETURN_IF_ERROR(listener->Bind(mode));
  return listener;
}

absl::StatusOr<std::unique_ptr<UnixListener>> UnixListener::Adopt(HandedSocket socket) {
  std::unique_ptr<UnixListener> listener(new UnixListener(socket.path()));
  listener->listening_ = socket.Release();
  listener->stop_ = eventfd(0, EFD_CLOEXEC);
  // Once more, because the kernel tells a client who called it last: it shall be us and not systemd, whom `hfget daemon stop` would end.
  if (listener->stop_ < 0 || listen(listener->listening_, kBacklog) != 0) return Failed(listener->path_);
  return listener;
}

absl::Status UnixListener::Bind(const SocketMode& mode) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof(address.sun_path)) return absl::InternalError("the socket's path is too long");
  std::memcpy(address.sun_path, path_.data(), path_.size());
  stop_ = eventfd(0, EFD_CLOEXEC);
  listening_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (stop_ < 0 || listening_ < 0) return Failed(path_);
  {
    const ScopedUmask nobody(0777);
    if (bind(listening_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) return Failed(path_);
  }
  bound_ = true;
  if (mode.group && chown(path_.c_str(), static_cast<uid_t>(-1), *mode.group) != 0) {
    return ErrnoStatus(errno, absl::StrCat("cannot give to group ", *mode.group, " (is the daemon's user in it?) the socket"), path_);
  }
  // After the group, so that no other one has it for a moment; what a default ACL of the folder gave goes, too.
  if (chmod(path_.c_str(), mode.mode) != 0) return ErrnoStatus(errno, "cannot make private", path_);
  return listen(listening_, kBacklog) == 0 ? absl::OkStatus() : Failed(path_);
}

void UnixListener::Serve(std::function<void(int fd)> taken) {
  taken_ = std::move(taken);
  thread_ = std::thread([this] { Run(); });
}

bool UnixListener::StopCameWithin(int milliseconds) const {
  pollfd stop{stop_, POLLIN, 0};
  return poll(&stop, 1, milliseconds) > 0;
}

bool UnixListener::TakeOne() {
  const int fd = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd >= 0) {
    taken_(fd);
    return true;
  }
  if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return false;
  spdlog::warn("a connection cannot be taken: {}", std::strerror(errno));
  StopCameWithin(kPauseMs);
  return false;
}

void UnixListener::Run() {
  NameThread("listener");
  pollfd ready[] = {{stop_, POLLIN, 0}, {listening_, POLLIN, 0}};
  while (true) {
    if (poll(ready, 2, -1) < 0 && errno != EINTR) return;
    if (ready[0].revents != 0) return;
    while (!StopCameWithin(0) && TakeOne()) {
    }
  }
}

void UnixListener::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    while (write(stop_, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
    thread_.join();
  }
  if (bound_) unlink(path_.c_str());
  bound_ = false;
  for (int* fd : {&listening_, &stop_}) {
    if (*fd >= 0) close(std::exchange(*fd, -1));
  }
}

}  // namespace hfget::rpc
