#include "daemon/disk/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/disk/posix_file.h"
#include "daemon/disk/temporary_file.h"

namespace hfget::disk {
namespace {

absl::Time TimeOf(const struct statx_timestamp& t) {
  return absl::FromUnixSeconds(t.tv_sec) + absl::Nanoseconds(t.tv_nsec);
}

FileInfo InfoOf(const struct statx& s) {
  FileInfo info;
  info.size = static_cast<ByteCount>(s.stx_size);
  info.modified = TimeOf(s.stx_mtime);
  info.is_directory = S_ISDIR(s.stx_mode);
  info.is_symlink = S_ISLNK(s.stx_mode);
  info.device = makedev(s.stx_dev_major, s.stx_dev_minor);
  info.inode = s.stx_ino;
  if ((s.stx_mask & STATX_BTIME) != 0) info.born = TimeOf(s.stx_btime);
  return info;
}

absl::StatusOr<FileInfo> StatWith(const std::string& path, int flags) {
  struct statx s;
  if (statx(AT_FDCWD, path.c_str(), flags, STATX_BASIC_STATS | STATX_BTIME, &s) != 0) {
    // A file where a folder was expected is one more way of not being there.
    return ErrnoStatus(errno == ENOTDIR ? ENOENT : errno, "look at", path);
  }
  return InfoOf(s);
}

absl::Status MakeOneDirectory(FileSystem& fs, const std::string& path) {
  if (mkdir(path.c_str(), 0755) == 0) return absl::OkStatus();
  const int error = errno;
  if (error != EEXIST) return ErrnoStatus(error, "make the folder", path);
  const absl::StatusOr<FileInfo> info = fs.Stat(path);
  if (info.ok() && info->is_directory) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("make the folder ", path, ": something that is not a folder has this name"));
}

// `path`, or the nearest folder above it that exists.
std::string NearestExisting(FileSystem& fs, std::string path) {
  while (path != "/" && path != "." && !fs.Stat(path).ok()) path = ParentPath(path);
  return path;
}

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  const Descriptor descriptor_;  // closing it releases the lock
};

// Group-writable whatever the umask, and only by whoever made it, as huggingface_hub does: users of
// a shared cache then wait for each other's locks.
absl::StatusOr<Descriptor> OpenLockFile(const std::string& path) {
  constexpr unsigned kMode = 0664;
  absl::StatusOr<Descriptor> made =
      OpenDescriptor(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, kMode);
  if (made.ok()) {
    (void)fchmod(made->get(), kMode);
    return made;
  }
  return OpenDescriptor(path, O_RDWR | O_CREAT | O_NOFOLLOW, kMode);
}

enum class LockResult { kHeld, kBusy, kStale };

// Stale: the name was removed, or given to another file, between opening and locking; the lock then
// guards nothing.
LockResult Lock(const Descriptor& descriptor, const std::string& path) {
  if (flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) {
    const bool busy = errno == EWOULDBLOCK || errno == EACCES || errno == EINTR;
    return busy ? LockResult::kBusy : LockResult::kHeld;  // no flock here: granted
  }
  struct stat held, named;
  const bool same = fstat(descriptor.get(), &held) == 0 && stat(path.c_str(), &named) == 0 &&
                    held.st_ino == named.st_ino && held.st_dev == named.st_dev;
  return same ? LockResult::kHeld : LockResult::kStale;
}

}  // namespace

absl::StatusOr<std::unique_ptr<File>> PosixFileSystem::OpenForWrite(const std::string& path) {
  HFGET_ASSIGN_OR_RETURN(Descriptor fd, OpenDescriptor(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0644));
  return std::make_unique<PosixFile>(std::move(fd), path, watch_.Add(path));
}

// O_NONBLOCK: a FIFO of this name would block the thread for ever; regular files do not know it.
absl::StatusOr<std::unique_ptr<File>> PosixFileSystem::OpenForRead(const std::string& path) {
  HFGET_ASSIGN_OR_RETURN(Descriptor fd, OpenDescriptor(path, O_RDONLY | O_NONBLOCK));
  return std::make_unique<PosixFile>(std::move(fd), path);
}

absl::StatusOr<FileInfo> PosixFileSystem::Stat(const std::string& path) {
  return StatWith(path, 0);
}

absl::StatusOr<FileInfo> PosixFileSystem::LStat(const std::string& path) {
  return StatWith(path, AT_SYMLINK_NOFOLLOW);
}

absl::StatusOr<std::string> PosixFileSystem::ReadFile(const std::string& path,
                                                      ByteCount max_bytes) {
  HFGET_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, OpenForRead(path));
  HFGET_ASSIGN_OR_RETURN(const FileInfo info, Stat(path));
  if (info.size > max_bytes) {
    return absl::OutOfRangeError(
        absl::StrCat("read ", path, ": longer than ", max_bytes, " bytes"));
  }
  std::string content(static_cast<size_t>(info.size), '\0');
  HFGET_RETURN_IF_ERROR(file->PRead(0, absl::MakeSpan(content)));
  return content;
}

absl::Status PosixFileSystem::WriteFileAtomically(const std::string& path, absl::string_view data,
                                                  bool durable) {
  HFGET_ASSIGN_OR_RETURN(TemporaryFile temporary, MakeTemporaryBeside(path));
  PosixFile file(std::move(temporary.descriptor), temporary.path);  // open, and so locked, until it has its name
  absl::Status status = [&] {
    HFGET_RETURN_IF_ERROR(file.PWrite(0, data));
    if (durable) HFGET_RETURN_IF_ERROR(file.Sync());
    return Rename(temporary.path, path);
  }();
  if (!status.ok()) (void)unlink(temporary.path.c_str());
  return status;
}

absl::Status PosixFileSystem::MakeDirectories(const std::string& path) {
  const absl::StatusOr<FileInfo> there = Stat(path);
  if (there.ok() && there->is_directory) return absl::OkStatus();
  const std::string parent = ParentPath(path);
  if (parent != path && parent != ".") HFGET_RETURN_IF_ERROR(MakeDirectories(parent));
  return MakeOneDirectory(*this, path);
}

absl::Status PosixFileSystem::Rename(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("rename ", from, " to"), to);
}

absl::Status PosixFileSystem::Symlink(const std::string& target, const std::string& path) {
  if (symlink(target.c_str(), path.c_str()) == 0) return absl::OkStatus();
  if (errno != EEXIST) return ErrnoStatus(errno, "make the link", path);
  const std::string temporary = UniqueBeside(path);
  if (symlink(target.c_str(), temporary.c_str()) != 0) {
    return ErrnoStatus(errno, "make the link", temporary);
  }
  absl::Status status = Rename(temporary, path);
  if (!status.ok()) (void)unlink(temporary.c_str());
  return status;
}

absl::StatusOr<std::string> PosixFileSystem::ReadLink(const std::string& path) {
  std::string target(4096, '\0');  // PATH_MAX: no link of Linux is longer
  const ssize_t size = readlink(path.c_str(), target.data(), target.size());
  if (size < 0) return ErrnoStatus(errno, "read the link", path);
  target.resize(static_cast<size_t>(size));
  return target;
}

absl::Status PosixFileSystem::Remove(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return absl::OkStatus();
  return ErrnoStatus(errno, "remove", path);
}

absl::Status PosixFileSystem::RemoveDirectoryIfEmpty(const std::string& path) {
  if (rmdir(path.c_str()) == 0 || errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST) {
    return absl::OkStatus();
  }
  return ErrnoStatus(errno, "remove the folder", path);
}

absl::StatusOr<std::vector<std::string>> PosixFileSystem::List(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), closedir);
  if (folder == nullptr) return ErrnoStatus(errno, "list", path);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(folder.get())) {
    const absl::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) return ErrnoStatus(errno, "list", path);
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status PosixFileSystem::SyncDirectory(const std::string& path) {
  HFGET_ASSIGN_OR_RETURN(const Descriptor fd, OpenDescriptor(path, O_RDONLY | O_DIRECTORY));
  // EINVAL: a file system that has nothing to sync in a folder (some FUSE and network ones).
  if (fsync(fd.get()) != 0 && errno != EINVAL) return ErrnoStatus(errno, "sync the folder", path);
  return absl::OkStatus();
}

absl::StatusOr<ByteCount> PosixFileSystem::FreeSpace(const std::string& path) {
  const std::string existing = NearestExisting(*this, path);
  struct statvfs fs;
  if (statvfs(existing.c_str(), &fs) != 0)
    return ErrnoStatus(errno, "look at the disk of", existing);
  return static_cast<ByteCount>(fs.f_bavail * fs.f_frsize);
}

absl::StatusOr<uint64_t> PosixFileSystem::DeviceOf(const std::string& path) {
  HFGET_ASSIGN_OR_RETURN(const FileInfo info, Stat(NearestExisting(*this, path)));
  return info.device;
}

absl::StatusOr<std::unique_ptr<FileLock>> PosixFileSystem::TryLock(const std::string& path) {
  HFGET_RETURN_IF_ERROR(MakeDirectories(ParentPath(path)));
  for (int attempt = 0; attempt < 3; ++attempt) {
    HFGET_ASSIGN_OR_RETURN(Descriptor fd, OpenLockFile(path));
    const LockResult result = Lock(fd, path);
    if (result == LockResult::kHeld) return std::make_unique<PosixLock>(std::move(fd));
    if (result == LockResult::kBusy) break;
  }
  return nullptr;
}

FileSystem& PosixFiles() {
  static PosixFileSystem* const files = new PosixFileSystem;
  return *files;
}

}  // namespace hfget::disk
