#include "daemon/rpc/peer_table.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/base/status.h"

namespace hfget::rpc {
namespace {

constexpr size_t kMaxGroups = 65536;  // NGROUPS_MAX

}  // namespace

absl::StatusOr<core::PeerUser> ReadPeerUser(int fd) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return ErrnoStatus(errno, "cannot ask the kernel", "who connects");
  }
  core::PeerUser user{peer.uid, {peer.gid}};
  std::vector<gid_t> groups(kMaxGroups);
  size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
  // A kernel that does not tell (before 4.13) leaves the main one.
  if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0) {
    user.groups.insert(user.groups.end(), groups.begin(), groups.begin() + size / sizeof(gid_t));
  }
  return user;
}

absl::StatusOr<int> PeerTable::Seat(int fd, const core::Caller& caller, int max_open) {
  absl::MutexLock lock(&mu_);
  if (CountOpen(caller.name) >= max_open) {
    close(fd);
    return absl::ResourceExhaustedError(absl::StrCat("it has ", max_open, " connections open, as many as one client may"));
  }
  for (auto it = places_.find(fd); it != places_.end() && it->second.client != caller.name; it = places_.find(fd)) {
    const int other = fcntl(fd, F_DUPFD_CLOEXEC, fd + 1);
    const int error = errno;
    close(fd);
    if (other < 0) return ErrnoStatus(error, "cannot keep", "the connection");
    fd = other;
  }
  struct stat info {};
  if (fstat(fd, &info) != 0) return ErrnoStatus(errno, "cannot look at", "the connection");
  places_[fd] = {caller.name, info.st_dev, info.st_ino};
  return fd;
}

int PeerTable::CountOpen(const std::string& client) const {
  int open = 0;
  struct stat info {};
  for (const auto& [fd, place] : places_) {
    if (place.client != client || fstat(fd, &info) != 0) continue;
    open += info.st_dev == place.device && info.st_ino == place.inode;
  }
  return open;
}

std::optional<core::Caller> PeerTable::Find(absl::string_view peer) const {
  int fd = -1;
  if (!absl::ConsumePrefix(&peer, "fd:") || !absl::SimpleAtoi(peer, &fd)) return std::nullopt;
  absl::MutexLock lock(&mu_);
  const auto it = places_.find(fd);
  if (it == places_.end()) return std::nullopt;
  return core::Caller{it->second.client};
}

}  // namespace hfget::rpc
