#include "daemon/rpc/handed_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/status.h"

namespace hfget::rpc {
namespace {

// The names (FileDescriptorName=, else the socket units') of all that was handed over.
absl::StatusOr<std::vector<std::string>> TakeNames() {
  char** names = nullptr;
  const int count = sd_listen_fds_with_names(/*unset_environment=*/1, &names);
  if (count < 0)
    return absl::InvalidArgumentError(absl::StrCat(
        "LISTEN_FDS in the environment is not as systemd sets it: ", std::strerror(-count)));
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) {
    out.emplace_back(names[i]);
    std::free(names[i]);
  }
  std::free(names);
  return out;
}

// Empty: it has none, as an abstract socket.
std::string PathOf(int fd) {
  sockaddr_un address{};
  socklen_t size = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "";
  return std::string(address.sun_path, strnlen(address.sun_path, sizeof(address.sun_path)));
}

}  // namespace

absl::StatusOr<std::optional<HandedSocket>> HandedSocket::Take() {
  HFGET_ASSIGN_OR_RETURN(const std::vector<std::string> names, TakeNames());
  if (names.empty()) return std::nullopt;
  if (names.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "systemd has handed over ", names.size(), " sockets (", absl::StrJoin(names, ", "),
        "), and hfgetd serves one: leave one ListenStream= in its socket unit"));
  }
  HFGET_ASSIGN_OR_RETURN(HandedSocket socket, Of(SD_LISTEN_FDS_START, names[0]));
  return socket;
}

absl::StatusOr<HandedSocket> HandedSocket::Of(int fd, absl::string_view name) {
  HandedSocket socket(fd);
  socket.path_ = PathOf(fd);
  if (sd_is_socket_unix(fd, SOCK_STREAM, /*listening=*/1, nullptr, 0) <= 0 ||
      socket.path_.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("what systemd has handed over as ", name,
                     " is not a listening stream Unix socket with a path: its socket unit needs ",
                     "ListenStream=/a/path and Accept=no; for TCP, use --listen"));
  }
  // Shared with systemd, which has set it, too; another activator may not have, and a client that
  // is gone before accept must not hold us up.
  if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0)
    return ErrnoStatus(errno, "cannot use the socket", socket.path_);
  return socket;
}

HandedSocket::~HandedSocket() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace hfget::rpc
