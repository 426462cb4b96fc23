#include "cli/socket.h"

#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace hfget::cli {
namespace {

constexpr size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;

std::string RulePath(absl::string_view flag, const Environment& env, uid_t uid,
                     absl::string_view cwd) {
  if (!flag.empty()) return AbsolutePath(cwd, env.ExpandUser(flag));
  if (const std::string path = env.Get("HFGET_SOCKET"); !path.empty()) {
    return AbsolutePath(cwd, env.ExpandUser(path));
  }
  const std::string runtime = env.Get("XDG_RUNTIME_DIR");
  if (absl::StartsWith(runtime, "/")) return AbsolutePath(runtime, "hfget/hfgetd.sock");
  return absl::StrCat("/tmp/hfget-", uid, "/hfgetd.sock");
}

bool IsUser(uid_t uid, const std::string& user) {
  if (user.empty()) return false;
  const passwd* entry = getpwnam(user.c_str());
  uid_t number = 0;
  if (entry != nullptr) return entry->pw_uid == uid;
  return absl::SimpleAtoi(user, &number) && number == uid;
}

absl::StatusOr<SocketProbe> ProbeOfListener(int fd, const std::string& path, const std::string& daemon_user) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return absl::InternalError(absl::StrCat("who listens at ", path, "? ", std::strerror(errno)));
  }
  if (peer.uid == geteuid() || peer.uid == 0 || IsUser(peer.uid, daemon_user)) {
    return SocketProbe{SocketState::kListening, peer.pid, peer.uid};
  }
  return absl::PermissionDeniedError(
      absl::StrCat("the daemon at ", path, " belongs to user ", peer.uid,
                   ", not to you: choose another socket with --socket, or, if that is the daemon you mean, name its user with --daemon-user"));
}

absl::StatusOr<SocketProbe> ProbeAfter(int error, const std::string& path) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return SocketProbe{SocketState::kAbsent};
    case ECONNREFUSED:
      return SocketProbe{SocketState::kStale};
    case EAGAIN:  // its queue is full
      return SocketProbe{SocketState::kListening};
    default:
      return absl::PermissionDeniedError(absl::StrCat("cannot reach the daemon at ", path, ": ",
                                                      std::strerror(error),
                                                      ": choose another socket with --socket"));
  }
}

}  // namespace

absl::Status CheckPrivateFolder(const std::string& path, uid_t uid) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return absl::OkStatus();
  if (S_ISDIR(info.st_mode) && info.st_uid == uid && (info.st_mode & 077) == 0) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      absl::StrCat(path,
                   " is not a folder that only you can open (mode 0700): remove it, or set "
                   "XDG_RUNTIME_DIR or --socket"));
}

absl::StatusOr<std::string> SocketPath(absl::string_view flag, const Environment& env, uid_t uid,
                                       absl::string_view cwd) {
  std::string path = RulePath(flag, env, uid, cwd);
  if (path.size() > kMaxPath) {
    return absl::InvalidArgumentError(
        absl::StrCat("the socket's path is longer than ", kMaxPath,
                     " bytes, choose a shorter one with --socket: ", path));
  }
  const std::string shared_folder = absl::StrCat("/tmp/hfget-", uid);
  if (absl::StartsWith(path, shared_folder + "/")) {
    const absl::Status safe = CheckPrivateFolder(shared_folder, uid);
    if (!safe.ok()) return safe;
  }
  return path;
}

absl::StatusOr<SocketProbe> ProbeSocket(const std::string& path, const std::string& daemon_user) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return absl::InternalError(absl::StrCat("cannot open a socket: ", strerror(errno)));
  const absl::Cleanup close_fd = [fd] { close(fd); };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() > kMaxPath) return absl::InvalidArgumentError("the socket's path is too long");
  std::memcpy(address.sun_path, path.data(), path.size());
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return ProbeAfter(errno, path);
  }
  return ProbeOfListener(fd, path, daemon_user);
}

}  // namespace hfget::cli
