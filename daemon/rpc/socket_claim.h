// The right to be the daemon of one socket, or of one state folder. A lock decides, never an
// attempt to connect: a daemon that is slow to answer is still there.
#ifndef HFGET_DAEMON_RPC_SOCKET_CLAIM_H_
#define HFGET_DAEMON_RPC_SOCKET_CLAIM_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

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

// Owns: the lock file "<socket>.lock".
class SocketClaim {
 public:
  // Makes the folder, takes the lock, and removes the socket that a dead daemon left.
  // `own_folder`: the folder is hfget's alone (the default path), see MakePrivateFolder.
  // Errors: ALREADY_EXISTS when another daemon serves it; INVALID_ARGUMENT for a path that no
  // socket can have (over 107 bytes, not absolute) or where something lies that is not a socket;
  // PERMISSION_DENIED; …
  static absl::StatusOr<SocketClaim> Take(const std::string& socket_path, bool own_folder);

  const std::string& path() const { return path_; }

 private:
  SocketClaim(std::string path, PidLock lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  PidLock lock_;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_SOCKET_CLAIM_H_
