#include "daemon/layout/folder_memory.h"

#include "absl/strings/str_cat.h"

namespace hfget::layout {
namespace {

absl::Status NotThere(const std::string& path) { return absl::NotFoundError(absl::StrCat(path, ": its folder is not there")); }

}  // namespace

const FolderMemory::Folder& FolderMemory::FolderAt(const std::string& path) {
  if (const auto known = folders_.find(path); known != folders_.end()) return known->second;
  Folder folder;
  const std::string parent = ParentPath(path);
  if (parent != path && FolderAt(parent).state == Folder::State::kAbsent) {
    folder.state = Folder::State::kAbsent;
  } else if (const auto info = below_.LStat(path); absl::IsNotFound(info.status())) {
    folder.state = Folder::State::kAbsent;
  } else if (info.ok() && info->is_directory && !info->is_symlink) {
    folder.state = Folder::State::kReal;
    folder.info = *info;
  }
  return folders_[path] = folder;
}

bool FolderMemory::Holds(const std::string& path) {
  const std::string folder = ParentPath(path);
  auto names = names_.find(folder);
  if (names == names_.end()) {
    const auto listed = below_.List(folder);
    names = names_.emplace(folder, absl::flat_hash_set<std::string>()).first;
    if (listed.ok()) names->second.insert(listed->begin(), listed->end());
  }
  return names->second.contains(absl::string_view(path).substr(path.rfind('/') + 1));
}

absl::StatusOr<FileInfo> FolderMemory::Stat(const std::string& path) {
  const Folder::State parent = FolderAt(ParentPath(path)).state;
  if (parent == Folder::State::kAbsent) return NotThere(path);
  return below_.Stat(path);
}

absl::StatusOr<FileInfo> FolderMemory::LStat(const std::string& path) {
  if (const auto known = folders_.find(path); known != folders_.end()) {
    if (known->second.state == Folder::State::kAbsent) return NotThere(path);
    if (known->second.state == Folder::State::kReal) return known->second.info;
  }
  const Folder::State parent = FolderAt(ParentPath(path)).state;
  if (parent == Folder::State::kAbsent) return NotThere(path);
  return below_.LStat(path);
}

// What makes or takes away no folder leaves what is known of folders true, but for its own path.

absl::Status FolderMemory::WriteFileAtomically(const std::string& path, absl::string_view data, bool durable) {
  folders_.erase(path);
  return below_.WriteFileAtomically(path, data, durable);
}

absl::Status FolderMemory::Symlink(const std::string& target, const std::string& path) {
  folders_.erase(path);
  return below_.Symlink(target, path);
}

absl::StatusOr<std::unique_ptr<File>> FolderMemory::OpenForWrite(const std::string& path) {
  folders_.erase(path);
  return below_.OpenForWrite(path);
}

absl::Status FolderMemory::Remove(const std::string& path) {
  folders_.erase(path);
  return below_.Remove(path);
}

absl::Status FolderMemory::MakeDirectories(const std::string& path) {
  folders_.clear();
  return below_.MakeDirectories(path);
}

absl::Status FolderMemory::Rename(const std::string& from, const std::string& to) {
  folders_.clear();
  return below_.Rename(from, to);
}

absl::Status FolderMemory::RemoveDirectoryIfEmpty(const std::string& path) {
  folders_.clear();
  return below_.RemoveDirectoryIfEmpty(path);
}

absl::StatusOr<std::unique_ptr<FileLock>> FolderMemory::TryLock(const std::string& path) {
  folders_.clear();
  return below_.TryLock(path);
}

absl::StatusOr<std::unique_ptr<File>> FolderMemory::OpenForRead(const std::string& path) { return below_.OpenForRead(path); }

absl::StatusOr<std::string> FolderMemory::ReadFile(const std::string& path, ByteCount max_bytes) {
  return below_.ReadFile(path, max_bytes);
}

absl::StatusOr<std::string> FolderMemory::ReadLink(const std::string& path) { return below_.ReadLink(path); }

absl::StatusOr<std::vector<std::string>> FolderMemory::List(const std::string& path) { return below_.List(path); }

absl::Status FolderMemory::SyncDirectory(const std::string& path) { return below_.SyncDirectory(path); }

absl::StatusOr<ByteCount> FolderMemory::FreeSpace(const std::string& path) { return below_.FreeSpace(path); }

absl::StatusOr<uint64_t> FolderMemory::DeviceOf(const std::string& path) { return below_.DeviceOf(path); }

}  // namespace hfget::layout
