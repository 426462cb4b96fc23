// The files of this machine, as the layers above disk/ see them. disk/ implements it with POSIX calls; tests with memory.
#ifndef HFGET_DAEMON_BASE_FILE_SYSTEM_H_
#define HFGET_DAEMON_BASE_FILE_SYSTEM_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "daemon/base/types.h"

namespace hfget {

// An open file. Closed by the destructor. Thread: PRead and PWrite of disjoint ranges may run at once.
class File {
 public:
  virtual ~File() = default;

  // Writes all of `data`; short writes and EINTR are handled.
  virtual absl::Status PWrite(ByteCount offset, absl::string_view data) = 0;
  // Fills all of `out`. Errors: OUT_OF_RANGE when the file ends before.
  virtual absl::Status PRead(ByteCount offset, absl::Span<char> out) = 0;
  // Makes `size` bytes of space certain where the file system can (fallocate), else makes the file that long, sparse.
  // Errors: RESOURCE_EXHAUSTED when the disk is full.
  virtual absl::Status Allocate(ByteCount size) = 0;
  // fdatasync. After an error, nothing written since the last good Sync may be believed, and Sync must not be tried again.
  virtual absl::Status Sync() = 0;
  // Asks the kernel to begin writing [offset, offset + size) back: pacing, not durability.
  virtual void StartWriteback(ByteCount offset, ByteCount size) = 0;
  // The pages are no longer needed in the cache.
  virtual void DropCache() = 0;
  // Whether somebody else has opened it since it was opened here for writing: its bytes may be theirs. False where the system
  // cannot say.
  virtual bool OpenedByOthers() = 0;
};

// A held advisory lock (flock). Released by the destructor.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

struct FileInfo {
  ByteCount size = 0;
  absl::Time modified;
  bool is_directory = false;
  bool is_symlink = false;  // only from LStat
  uint64_t device = 0;
  uint64_t inode = 0;
  absl::Time born = absl::InfinitePast();  // when the inode was made; InfinitePast: the file system does not say
};

// Blocking calls: never on the engine thread. Thread: any.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Opens for reading and writing, made with mode 0644 when absent. Never follows a symbolic link in the last component.
  virtual absl::StatusOr<std::unique_ptr<File>> OpenForWrite(const std::string& path) = 0;
  virtual absl::StatusOr<std::unique_ptr<File>> OpenForRead(const std::string& path) = 0;
  // Follows links / does not. Errors: NOT_FOUND.
  virtual absl::StatusOr<FileInfo> Stat(const std::string& path) = 0;
  virtual absl::StatusOr<FileInfo> LStat(const std::string& path) = 0;
  virtual absl::StatusOr<std::string> ReadFile(const std::string& path, ByteCount max_bytes) = 0;
  // Temporary file beside it, written, synced (when `durable`), renamed over `path`.
  virtual absl::Status WriteFileAtomically(const std::string& path, absl::string_view data, bool durable) = 0;
  // Like mkdir -p, mode 0755. OK when it is there already.
  virtual absl::Status MakeDirectories(const std::string& path) = 0;
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  // A symbolic link `path` -> `target` (as written), replacing an existing link or file atomically.
  virtual absl::Status Symlink(const std::string& target, const std::string& path) = 0;
  virtual absl::StatusOr<std::string> ReadLink(const std::string& path) = 0;
  // OK when it was not there.
  virtual absl::Status Remove(const std::string& path) = 0;
  // Removes an empty folder; OK when absent or not empty.
  virtual absl::Status RemoveDirectoryIfEmpty(const std::string& path) = 0;
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& path) = 0;
  virtual absl::Status SyncDirectory(const std::string& path) = 0;
  // Bytes that this user may still write to the file system that holds `path` (or its nearest existing parent).
  virtual absl::StatusOr<ByteCount> FreeSpace(const std::string& path) = 0;
  // A number that two paths share when a rename between them is possible.
  virtual absl::StatusOr<uint64_t> DeviceOf(const std::string& path) = 0;
  // Tries an exclusive flock on `path` (made, 0664, with its folders, when absent). nullptr: somebody else holds it.
  // A file system without flock grants it.
  virtual absl::StatusOr<std::unique_ptr<FileLock>> TryLock(const std::string& path) = 0;
};

// "a/b" from "a" and "b", with exactly one slash between; `leaf` must not be absolute.
std::string JoinPath(absl::string_view parent, absl::string_view leaf);
// "a/b" of "a/b/c"; "." of "c"; "/" of "/c".
std::string ParentPath(absl::string_view path);

}  // namespace hfget

#endif  // HFGET_DAEMON_BASE_FILE_SYSTEM_H_
