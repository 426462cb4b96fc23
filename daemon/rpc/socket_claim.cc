#include "daemon/rpc/socket_claim.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/base/file_system.h"
#include "daemon/base/status.h"

namespace hfget::rpc {
namespace {

constexpr size_t kMaxSocketPath = sizeof(sockaddr_un::sun_path) - 1;
constexpr mode_t kOthersMayWrite = S_IWGRP | S_IWOTH;

// The file could have been removed between open and lock (a cleaner of /tmp): then the lock is on a
// file that nobody else will ever find.
bool StillThere(int fd, const std::string& path) {
  struct stat held, named;
  return fstat(fd, &held) == 0 && lstat(path.c_str(), &named) == 0 && held.st_dev == named.st_dev &&
         held.st_ino == named.st_ino;
}

std::string HolderOf(int fd) {
  char text[32];
  const ssize_t n = pread(fd, text, sizeof(text), 0);
  int pid = 0;
  if (n > 0 && absl::SimpleAtoi(absl::StripSuffix(absl::string_view(text, n), "\n"), &pid) &&
      pid > 0) {
    return absl::StrCat("another hfgetd (pid ", pid, ")");
  }
  return "another hfgetd";  // it has the lock and has not written its pid yet
}

absl::Status WritePid(int fd, const std::string& path) {
  const std::string text = absl::StrCat(getpid(), "\n");
  if (ftruncate(fd, 0) != 0 ||
      pwrite(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return ErrnoStatus(errno, "cannot write", path);
  }
  return absl::OkStatus();
}

// Not there: OK, and made by the caller. `info` is set when it is there.
absl::StatusOr<bool> Look(const std::string& path, struct stat* info) {
  if (lstat(path.c_str(), info) == 0) return true;
  if (errno == ENOENT) return false;
  return ErrnoStatus(errno, "cannot look at", path);
}

absl::Status MakeOne(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return absl::OkStatus();
  return ErrnoStatus(errno, "cannot make the folder", path);
}

absl::Status MakeAll(const std::string& path) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    struct stat info;
    if (stat(parent.c_str(), &info) == 0) continue;
    HFGET_RETURN_IF_ERROR(MakeOne(parent));
  }
  return MakeOne(path);
}

absl::Status CheckShared(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, "cannot look at", path);
  if (!S_ISDIR(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is not a folder"));
  }
  const bool known_owner = info.st_uid == geteuid() || info.st_uid == 0;
  const bool sticky = (info.st_mode & S_ISVTX) != 0;
  if (!known_owner || ((info.st_mode & kOthersMayWrite) != 0 && !sticky)) {
    return absl::PermissionDeniedError(
        absl::StrCat("the folder ", path, " is not safe: another user may replace what is in it. ",
                     "Choose another path, or make it yours with chmod go-w"));
  }
  return absl::OkStatus();
}

absl::Status CheckOurs(const std::string& path) {
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) return ErrnoStatus(errno, "cannot look at", path);
  if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid()) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, " is not a folder of this user: somebody else made it. ",
                     "Remove it, or choose another path with --socket"));
  }
  if ((info.st_mode & 0077) != 0 && chmod(path.c_str(), 0700) != 0) {
    return ErrnoStatus(errno, "cannot make private", path);
  }
  return absl::OkStatus();
}

absl::Status CheckSocketPath(const std::string& path) {
  if (path.empty() || path[0] != '/') {
    return absl::InvalidArgumentError(
        absl::StrCat("the socket \"", path, "\" is not an absolute path"));
  }
  if (path.size() > kMaxSocketPath) {
    return absl::InvalidArgumentError(absl::StrCat("the socket path ", path, " has ", path.size(),
                                                   " bytes; the system allows ", kMaxSocketPath,
                                                   ": choose a shorter one with --socket"));
  }
  return absl::OkStatus();
}

// Whether somebody takes connections there. REQUIRES: CheckSocketPath.
bool SomebodyListens(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  const absl::Cleanup close_fd = [fd] { close(fd); };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  // EAGAIN: its queue is full.
  return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 || errno == EAGAIN;
}

absl::StatusOr<PidLock> LockFor(const std::string& socket_path) {
  absl::StatusOr<PidLock> lock =
      PidLock::Take(absl::StrCat(socket_path, ".lock"), absl::StrCat("serves the socket ", socket_path));
  if (!absl::IsAlreadyExists(lock.status())) return lock;
  return absl::AlreadyExistsError(
      absl::StrCat(lock.status().message(), ": use it, stop it with `hfget daemon stop`, or choose another --socket"));
}

// REQUIRES: we hold the lock, so that whichever hfgetd bound it is gone. Who listens all the same has no lock: systemd, which waits for
// a client, or a program that is none of ours.
absl::Status RemoveStale(const std::string& path) {
  struct stat info;
  HFGET_ASSIGN_OR_RETURN(const bool there, Look(path, &info));
  if (!there) return absl::OkStatus();
  if (!S_ISSOCK(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is there and is not a socket: choose another path with --socket"));
  }
  if (SomebodyListens(path)) {
    return absl::AlreadyExistsError(absl::StrCat("another program listens on ", path, ", such as systemd for hfgetd.socket: start the daemon by ",
                                                 "`systemctl [--user] start hfgetd`, or choose another --socket"));
  }
  if (unlink(path.c_str()) != 0) return ErrnoStatus(errno, "cannot remove the stale socket", path);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PidLock> PidLock::Take(const std::string& path, absl::string_view doing) {
  while (true) {
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return ErrnoStatus(errno, "cannot open the lock", path);
    PidLock lock(fd);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return ErrnoStatus(errno, "cannot lock", path);
      return absl::AlreadyExistsError(absl::StrCat(HolderOf(fd), " already ", doing));
    }
    if (!StillThere(fd, path)) continue;
    HFGET_RETURN_IF_ERROR(WritePid(fd, path));
    return lock;
  }
}

PidLock::~PidLock() {
  if (fd_ >= 0) close(fd_);
}

absl::Status MakePrivateFolder(const std::string& path, bool only_ours) {
  HFGET_RETURN_IF_ERROR(MakeAll(path));
  return only_ours ? CheckOurs(path) : CheckShared(path);
}

absl::StatusOr<SocketClaim> SocketClaim::Take(const std::string& socket_path, bool own_folder) {
  HFGET_RETURN_IF_ERROR(CheckSocketPath(socket_path));
  HFGET_RETURN_IF_ERROR(MakePrivateFolder(ParentPath(socket_path), own_folder));
  HFGET_ASSIGN_OR_RETURN(PidLock lock, LockFor(socket_path));
  HFGET_RETURN_IF_ERROR(RemoveStale(socket_path));
  return SocketClaim(socket_path, std::move(lock));
}

absl::StatusOr<SocketClaim> SocketClaim::Adopt(HandedSocket socket) {
  absl::StatusOr<PidLock> lock = LockFor(socket.path());
  if (absl::IsAlreadyExists(lock.status())) return lock.status();
  SocketClaim claim(socket.path(), std::nullopt);
  if (lock.ok()) claim.lock_ = *std::move(lock);
  claim.handed_.emplace(std::move(socket));
  return claim;
}

}  // namespace hfget::rpc
