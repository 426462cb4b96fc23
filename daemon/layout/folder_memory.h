// For one sweep over many files: each folder is asked for once, and nothing is looked for in one that is not there.
#ifndef HFGET_DAEMON_LAYOUT_FOLDER_MEMORY_H_
#define HFGET_DAEMON_LAYOUT_FOLDER_MEMORY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "daemon/base/file_system.h"

namespace hfget::layout {

// Answers Stat and LStat from what it knows of folders; everything else goes to the file system below. What others do to
// folders meanwhile is not seen: one lives for a sweep of moments. Thread: one.
class FolderMemory final : public FileSystem {
 public:
  explicit FolderMemory(FileSystem& below) : below_(below) {}  // which outlives it

  // Whether something of this name is there, as of the first question about its folder, which is listed then: for a folder
  // that holds little.
  bool Holds(const std::string& path);

  absl::StatusOr<FileInfo> Stat(const std::string& path) override;
  absl::StatusOr<FileInfo> LStat(const std::string& path) override;

  absl::StatusOr<std::unique_ptr<File>> OpenForWrite(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<File>> OpenForRead(const std::string& path) override;
  absl::StatusOr<std::string> ReadFile(const std::string& path, ByteCount max_bytes) override;
  absl::Status WriteFileAtomically(const std::string& path, absl::string_view data, bool durable) override;
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
  struct Folder {
    enum class State { kAbsent, kReal, kOther };  // kOther: a link, a file, or not to be seen
    State state = State::kOther;
    FileInfo info;  // of a real one
  };
  const Folder& FolderAt(const std::string& path);

  FileSystem& below_;
  absl::flat_hash_map<std::string, Folder> folders_;
  absl::flat_hash_map<std::string, absl::flat_hash_set<std::string>> names_;  // by folder
};

}  // namespace hfget::layout

#endif  // HFGET_DAEMON_LAYOUT_FOLDER_MEMORY_H_
