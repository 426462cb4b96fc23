#include "daemon/rpc/peer_table.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/base/status.h"

namespace hfget::rpc {
namespace {

constexpr size_t kMaxGroups = 65536;  // NGROUPS_MAX

// Asks about a number, which may be closed at any moment and be somebody else's by now, not about a descriptor of ours; so not by fstat,
// in which ThreadSanitizer sees a use of one that another thread closes. nullopt: it is not open.
std::optional<std::pair<uint64_t, uint64_t>> DeviceAndInode(int fd) {
  struct statx info {};
  if (statx(fd, "", AT_EMPTY_PATH, STATX_INO, &info) != 0) return std::nullopt;
  return std::pair(uint64_t{info.stx_dev_major} << 32 | info.stx_dev_minor, uint64_t{info.stx_ino});
}

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
  int& most = most_open_[caller.name];
  if (most >= max_open) most = CountOpen(caller.name);
  if (most >= max_open) {
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
  const auto socket = DeviceAndInode(fd);
  if (!socket) return ErrnoStatus(errno, "cannot look at", "the connection");
  places_[fd] = {caller.name, socket->first, socket->second};
  ++most;
  return fd;
}

int PeerTable::CountOpen(const std::string& client) const {
  return std::count_if(places_.begin(), places_.end(), [&client](const auto& seat) {
    const auto& [fd, place] = seat;
    return place.client == client && DeviceAndInode(fd) == std::pair(place.device, place.inode);
  });
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
