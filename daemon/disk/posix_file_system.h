// The file system of this machine, by POSIX calls.
#ifndef HFGET_DAEMON_DISK_POSIX_FILE_SYSTEM_H_
#define HFGET_DAEMON_DISK_POSIX_FILE_SYSTEM_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/base/file_system.h"
#include "daemon/disk/open_watch.h"

namespace hfget::disk {

// Errors: as ErrnoStatus translates them, with the path in the message.
class PosixFileSystem final : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<File>> OpenForWrite(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<File>> OpenForRead(const std::string& path) override;
  absl::StatusOr<FileInfo> Stat(const std::string& path) override;
  absl::StatusOr<FileInfo> LStat(const std::string& path) override;
  // Errors: OUT_OF_RANGE when the file is longer than `max_bytes`.
  absl::StatusOr<std::string> ReadFile(const std::string& path, ByteCount max_bytes) override;
  absl::Status WriteFileAtomically(const std::string& path, absl::string_view data,
                                   bool durable) override;
  absl::Status MakeDirectories(const std::string& path) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Symlink(const std::string& target, const std::string& path) override;
  absl::StatusOr<std::string> ReadLink(const std::string& path) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status RemoveDirectoryIfEmpty(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& path) override;
  absl::Status SyncDirectory(const std::string& path) override;
  absl::StatusOr<ByteCount> FreeSpace(const std::string& path) override;
  absl::StatusOr<uint64_t> DeviceOf(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<FileLock>> TryLock(const std::string& path) override;

 private:
  OpenWatch watch_;
};

// The one instance that the daemon uses.
FileSystem& PosixFiles();

}  // namespace hfget::disk

#endif  // HFGET_DAEMON_DISK_POSIX_FILE_SYSTEM_H_
