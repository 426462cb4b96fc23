// The right to be the daemon of one socket, or of one state folder. A lock decides, never an
// attempt to connect: a daemon that is slow to answer is still there.
#ifndef HFGET_DAEMON_RPC_SOCKET_CLAIM_H_
#define HFGET_DAEMON_RPC_SOCKET_CLAIM_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/rpc/handed_socket.h"

namespace hfget::rpc {

// An flock on a file that holds our pid. Given up by the destructor, and by the kernel when the
// process dies; the file stays, because removing it would let two processes lock two files of one
// name. Owns: a file descriptor. Thread: one.
class PidLock {
 public:
  // `doing` for the message: "serves the socket /run/…". REQUIRES: the folder of `path` exists.
  // Errors: ALREADY_EXISTS with the pid of the holder and what to do; otherwise what the system
  // said.
  static absl::StatusOr<PidLock> Take(const std::string& path, absl::string_view doing);

  PidLock(PidLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  PidLock& operator=(PidLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~PidLock();

 private:
  explicit PidLock(int fd) : fd_(fd) {}

  int fd_;
};

// Makes `path` with mode 0700, parents included, or checks the folder that is there: ours, or the
// system's (root's, like /tmp), and not one where others may put a file in the place of ours.
// `only_ours`: ours it must be, and is made 0700.
absl::Status MakePrivateFolder(const std::string& path, bool only_ours);

// Owns: the lock file "<socket>.lock", and the socket that was handed over, until it is taken.
class SocketClaim {
 public:
  // Makes the folder, takes the lock, and removes the socket that a dead daemon left.
  // `own_folder`: the folder is hfget's alone (the default path), see MakePrivateFolder.
  // Errors: ALREADY_EXISTS when another daemon serves it, or systemd listens on it; INVALID_ARGUMENT for a path that no
  // socket can have (over 107 bytes, not absolute) or where something lies that is not a socket;
  // PERMISSION_DENIED; …
  static absl::StatusOr<SocketClaim> Take(const std::string& socket_path, bool own_folder);

  // The claim of a socket that listens already. Nothing is made or removed but the lock, and that is done without where the folder is
  // not ours: then no other daemon of ours can bind there either. Errors: ALREADY_EXISTS.
  static absl::StatusOr<SocketClaim> Adopt(HandedSocket socket);

  const std::string& path() const { return path_; }
  // nullopt: we bind it, or it was taken.
  std::optional<HandedSocket> TakeHanded() { return std::exchange(handed_, std::nullopt); }

 private:
  SocketClaim(std::string path, std::optional<PidLock> lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  std::optional<PidLock> lock_;
  std::optional<HandedSocket> handed_;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_SOCKET_CLAIM_H_
