// The file calls that hfgetd and RocksDB make, each in front of libc's own. Loaded with LD_PRELOAD.
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstring>

#include "tests/fault_shim/rules.h"

namespace {

using fault_shim::Action;
using fault_shim::Verdict;

// libc's own function of this name, or the next one that is loaded before it (a sanitizer's).
template <typename F>
F* Real(F*, const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

#define REAL(function) \
  static auto* const real = Real(static_cast<decltype(&::function)>(nullptr), #function)

// The path of an open file; "" for what is none (sockets, pipes).
const char* PathOf(int fd, char (&out)[PATH_MAX]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, out, sizeof out - 1);
  out[size > 0 ? size : 0] = '\0';
  return out[0] == '/' ? out : "";
}

Verdict Ask(const char* call, const char* path, const char* other = "") {
  if (path == nullptr || path[0] == '\0' || !fault_shim::Concerned(call)) return {};
  return fault_shim::Judge(call, path, other);
}

Verdict AskOfFile(const char* call, int fd) {
  if (!fault_shim::Concerned(call)) return {};
  const int error = errno;
  char path[PATH_MAX];
  const char* const name = PathOf(fd, path);
  errno = error;
  return name[0] == '\0' ? Verdict{} : fault_shim::Judge(call, name, "");
}

// Does `call` as `verdict` says: -1 and errno instead of it, or a death on either side.
template <typename Call>
auto Do(const Verdict& verdict, Call call) -> decltype(call()) {
  if (verdict.action == Action::kKillBefore) fault_shim::KillSelf();
  if (verdict.action == Action::kErrno) {
    errno = verdict.error;
    return -1;
  }
  if (verdict.action == Action::kDelay) {
    const timespec pause = {verdict.delay_ms / 1000, verdict.delay_ms % 1000 * 1000000L};
    nanosleep(&pause, nullptr);
  }
  const auto result = call();
  if (verdict.action == Action::kKillAfter) fault_shim::KillSelf();
  return result;
}

size_t Cut(const Verdict& verdict, size_t size) {
  return verdict.action == Action::kShort && size > 1 ? size / 2 : size;
}

mode_t ModeOf(int flags, va_list arguments) {
  const bool has = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return has ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

#define SHIM extern "C" __attribute__((visibility("default")))

#define SHIM_OPEN(name)                                                          \
  SHIM int name(const char* path, int flags, ...) {                              \
    REAL(name);                                                                  \
    va_list arguments;                                                           \
    va_start(arguments, flags);                                                  \
    const mode_t mode = ModeOf(flags, arguments);                                \
    va_end(arguments);                                                           \
    return Do(Ask("open", path), [&] { return real(path, flags, mode); });       \
  }
SHIM_OPEN(open)
SHIM_OPEN(open64)

#define SHIM_OPENAT(name)                                                        \
  SHIM int name(int folder, const char* path, int flags, ...) {                  \
    REAL(name);                                                                  \
    va_list arguments;                                                           \
    va_start(arguments, flags);                                                  \
    const mode_t mode = ModeOf(flags, arguments);                                \
    va_end(arguments);                                                           \
    return Do(Ask("open", path), [&] { return real(folder, path, flags, mode); }); \
  }
SHIM_OPENAT(openat)
SHIM_OPENAT(openat64)

#define SHIM_CREAT(name)                                                         \
  SHIM int name(const char* path, mode_t mode) {                                 \
    REAL(name);                                                                  \
    return Do(Ask("open", path), [&] { return real(path, mode); });              \
  }
SHIM_CREAT(creat)
SHIM_CREAT(creat64)

SHIM ssize_t write(int fd, const void* data, size_t size) {
  REAL(write);
  const Verdict v = AskOfFile("write", fd);
  return Do(v, [&] { return real(fd, data, Cut(v, size)); });
}

SHIM ssize_t writev(int fd, const struct iovec* parts, int count) {
  REAL(writev);
  const Verdict v = AskOfFile("writev", fd);
  return Do(v, [&] { return real(fd, parts, static_cast<int>(Cut(v, static_cast<size_t>(count)))); });
}

#define SHIM_PWRITE(name, offset_type)                                           \
  SHIM ssize_t name(int fd, const void* data, size_t size, offset_type offset) { \
    REAL(name);                                                                  \
    const Verdict v = AskOfFile("pwrite", fd);                                   \
    return Do(v, [&] { return real(fd, data, Cut(v, size), offset); });          \
  }
SHIM_PWRITE(pwrite, off_t)
SHIM_PWRITE(pwrite64, off64_t)

SHIM ssize_t read(int fd, void* data, size_t size) {
  REAL(read);
  const Verdict v = AskOfFile("read", fd);
  return Do(v, [&] { return real(fd, data, Cut(v, size)); });
}

#define SHIM_PREAD(name, offset_type)                                            \
  SHIM ssize_t name(int fd, void* data, size_t size, offset_type offset) {       \
    REAL(name);                                                                  \
    const Verdict v = AskOfFile("pread", fd);                                    \
    return Do(v, [&] { return real(fd, data, Cut(v, size), offset); });          \
  }
SHIM_PREAD(pread, off_t)
SHIM_PREAD(pread64, off64_t)

SHIM int fsync(int fd) {
  REAL(fsync);
  return Do(AskOfFile("fsync", fd), [&] { return real(fd); });
}

SHIM int fdatasync(int fd) {
  REAL(fdatasync);
  return Do(AskOfFile("fdatasync", fd), [&] { return real(fd); });
}

SHIM int sync_file_range(int fd, off64_t offset, off64_t size, unsigned flags) {
  REAL(sync_file_range);
  return Do(AskOfFile("sync_file_range", fd), [&] { return real(fd, offset, size, flags); });
}

#define SHIM_FALLOCATE(name, offset_type)                                        \
  SHIM int name(int fd, int mode, offset_type offset, offset_type size) {        \
    REAL(name);                                                                  \
    return Do(AskOfFile("fallocate", fd), [&] { return real(fd, mode, offset, size); }); \
  }
SHIM_FALLOCATE(fallocate, off_t)
SHIM_FALLOCATE(fallocate64, off64_t)

// Returns the error instead of setting errno.
#define SHIM_POSIX_FALLOCATE(name, offset_type)                                  \
  SHIM int name(int fd, offset_type offset, offset_type size) {                  \
    REAL(name);                                                                  \
    const Verdict v = AskOfFile("fallocate", fd);                                \
    if (v.action == Action::kErrno) return v.error;                              \
    return Do(v, [&] { return real(fd, offset, size); });                        \
  }
SHIM_POSIX_FALLOCATE(posix_fallocate, off_t)
SHIM_POSIX_FALLOCATE(posix_fallocate64, off64_t)

#define SHIM_FTRUNCATE(name, offset_type)                                        \
  SHIM int name(int fd, offset_type size) noexcept {                             \
    REAL(name);                                                                  \
    return Do(AskOfFile("ftruncate", fd), [&] { return real(fd, size); });       \
  }
SHIM_FTRUNCATE(ftruncate, off_t)
SHIM_FTRUNCATE(ftruncate64, off64_t)

SHIM int rename(const char* from, const char* to) noexcept {
  REAL(rename);
  return Do(Ask("rename", from, to), [&] { return real(from, to); });
}

SHIM int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  REAL(renameat);
  return Do(Ask("rename", from, to), [&] { return real(from_folder, from, to_folder, to); });
}

SHIM int renameat2(int from_folder, const char* from, int to_folder, const char* to,
                   unsigned flags) noexcept {
  REAL(renameat2);
  return Do(Ask("rename", from, to), [&] { return real(from_folder, from, to_folder, to, flags); });
}

SHIM int link(const char* from, const char* to) noexcept {
  REAL(link);
  return Do(Ask("link", from, to), [&] { return real(from, to); });
}

SHIM int symlink(const char* target, const char* path) noexcept {
  REAL(symlink);
  return Do(Ask("symlink", path, target), [&] { return real(target, path); });
}

SHIM int unlink(const char* path) noexcept {
  REAL(unlink);
  return Do(Ask("unlink", path), [&] { return real(path); });
}

SHIM int mkdir(const char* path, mode_t mode) noexcept {
  REAL(mkdir);
  return Do(Ask("mkdir", path), [&] { return real(path, mode); });
}

SHIM int rmdir(const char* path) noexcept {
  REAL(rmdir);
  return Do(Ask("rmdir", path), [&] { return real(path); });
}

SHIM int flock(int fd, int operation) noexcept {
  REAL(flock);
  return Do(AskOfFile("flock", fd), [&] { return real(fd, operation); });
}

#define SHIM_STATVFS(name, first_type, ask, out_type)                            \
  SHIM int name(first_type of, out_type* out) noexcept {                         \
    REAL(name);                                                                  \
    const Verdict v = ask("statvfs", of);                                        \
    const int result = Do(v, [&] { return real(of, out); });                     \
    if (result == 0 && v.action == Action::kFull) out->f_bavail = out->f_bfree = 0; \
    return result;                                                               \
  }
SHIM_STATVFS(statvfs, const char*, Ask, struct statvfs)
SHIM_STATVFS(statvfs64, const char*, Ask, struct statvfs64)
SHIM_STATVFS(fstatvfs, int, AskOfFile, struct statvfs)
SHIM_STATVFS(fstatvfs64, int, AskOfFile, struct statvfs64)
