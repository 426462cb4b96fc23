#include "daemon/engine/folder_check.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/layout/layout.h"

namespace hfget::engine {
namespace {

constexpr absl::string_view kProbe = ".hfget-doctor";

// Those of `path` and its parents that are not there, deepest first.
std::vector<std::string> Missing(FileSystem& fs, std::string path) {
  std::vector<std::string> missing;
  while (absl::IsNotFound(fs.Stat(path).status()) && path.size() > 1) {
    missing.push_back(path);
    path = ParentPath(path);
  }
  return missing;
}

absl::Status TryWrite(FileSystem& fs, const std::string& folder) {
  const std::string probe = JoinPath(folder, absl::StrCat(kProbe, "-write"));
  absl::Status status = fs.MakeDirectories(folder);
  if (status.ok()) status = fs.WriteFileAtomically(probe, "", /*durable=*/false);
  if (status.ok()) status = fs.Remove(probe);
  return status;
}

absl::Status TryLock(FileSystem& fs, const std::string& folder) {
  const std::string path = JoinPath(folder, absl::StrCat(kProbe, "-lock"));
  const absl::Status status = fs.TryLock(path).status();  // held by another doctor: locks work
  fs.Remove(path).IgnoreError();
  return status;
}

bool SameDevice(FileSystem& fs, const std::string& a, const std::string& b) {
  const auto device_a = fs.DeviceOf(a);
  const auto device_b = fs.DeviceOf(b);
  return !device_a.ok() || !device_b.ok() || *device_a == *device_b;
}

hub::FolderEvidence Try(FileSystem& fs, hub::FolderEvidence::Use use, const std::string& path,
                        const std::vector<std::string>& below = {}) {
  hub::FolderEvidence folder;
  folder.use = use;
  folder.path = path;
  const std::vector<std::string> missing = Missing(fs, path);
  folder.writable = TryWrite(fs, path);
  if (folder.writable.ok()) folder.lock = TryLock(fs, path);
  for (const std::string& part : below) {
    if (!fs.Stat(part).ok()) continue;
    if (folder.writable.ok()) folder.writable = TryWrite(fs, part);
    folder.one_file_system = folder.one_file_system && SameDevice(fs, below.front(), part);
  }
  if (const auto free = fs.FreeSpace(path); free.ok()) folder.free = *free;
  for (const std::string& made : missing) fs.RemoveDirectoryIfEmpty(made).IgnoreError();
  return folder;
}

// What an earlier pull, maybe another user's, has left of the repo in the cache.
std::vector<std::string> PartsOf(const std::string& cache_dir, const std::optional<hub::RepoId>& repo) {
  if (!repo) return {};
  const auto layout = layout::NewHfCacheLayout(cache_dir, *repo, std::string(40, '0'));
  const std::string folder = ParentPath(ParentPath(layout->SnapshotPath()));
  std::vector<std::string> parts = {folder};
  for (const char* leaf : {"blobs", "refs", "snapshots", ".hfget"}) parts.push_back(JoinPath(folder, leaf));
  return parts;
}

}  // namespace

std::vector<hub::FolderEvidence> TryFolders(FileSystem& fs, const FolderWish& wish) {
  using Use = hub::FolderEvidence::Use;
  std::vector<hub::FolderEvidence> tried;
  if (!wish.local_dir.empty()) {
    tried.push_back(Try(fs, Use::kLocalDir, wish.local_dir));
  } else {
    tried.push_back(Try(fs, Use::kCache, wish.cache_dir, PartsOf(wish.cache_dir, wish.repo)));
  }
  if (!wish.state_dir.empty()) tried.push_back(Try(fs, Use::kState, wish.state_dir));
  return tried;
}

}  // namespace hfget::engine
