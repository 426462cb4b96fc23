#include "daemon/layout/local_dir.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/layout/cachedir_tag.h"
#include "daemon/layout/download_metadata.h"
#include "daemon/layout/tree_file.h"

namespace hfget::layout {
namespace {

constexpr absl::string_view kStateFolder = ".cache/huggingface";
constexpr absl::string_view kMetadataSuffix = ".metadata";
constexpr size_t kMaxNameBytes = 255;

std::string PartialFolder() { return JoinPath(kStateFolder, kPartialFolder); }

std::string DownloadFile(const hub::ManifestFile& file, absl::string_view suffix) {
  return absl::StrCat(kStateFolder, "/download/", file.path, suffix);
}

// The longest names have no room for the suffix; the client cannot keep such files either. They are
// known by hash alone.
bool HasMetadata(const hub::ManifestFile& file) {
  const size_t name = file.path.size() - (file.path.rfind('/') + 1);
  return name + kMetadataSuffix.size() <= kMaxNameBytes;
}

std::optional<DownloadMetadata> ReadMetadata(FileSystem& fs, const std::string& path) {
  const absl::StatusOr<std::string> text = fs.ReadFile(path, 4 * kKiB);
  return text.ok() ? DownloadMetadata::FromText(*text) : std::nullopt;
}

}  // namespace

LocalDirLayout::LocalDirLayout(std::string local_dir, hub::RepoId repo, std::string commit,
                               HashFile hash_file)
    : repo_(std::move(repo)),
      commit_(std::move(commit)),
      hash_file_(std::move(hash_file)),
      target_(std::move(local_dir)) {}

std::string LocalDirLayout::SnapshotPath() const { return target_.root(); }

std::string LocalDirLayout::FinalPath(const hub::ManifestFile& file) const {
  return target_.Path(file.path);
}

// The path is part of the name: equal content at two paths is two files here.
std::string LocalDirLayout::PartialPath(const hub::ManifestFile& file) const {
  return target_.Path(
      absl::StrCat(PartialFolder(), "/", ShortName(file.path), ".", file.hash.hex, ".partial"));
}

std::string LocalDirLayout::LockPath(const hub::ManifestFile& file) const {
  return HasMetadata(file) ? target_.Path(DownloadFile(file, ".lock")) : "";
}

absl::StatusOr<LocalDirLayout::Found> LocalDirLayout::Look(FileSystem& fs,
                                                           const hub::ManifestFile& file) const {
  const absl::StatusOr<FileInfo> info = fs.Stat(FinalPath(file));
  if (absl::IsNotFound(info.status())) return Found::kNo;
  if (!info.ok()) return info.status();
  if (info->is_directory || info->size != file.size) return Found::kNo;
  const std::optional<DownloadMetadata> metadata =
      ReadMetadata(fs, target_.Path(DownloadFile(file, kMetadataSuffix)));
  if (metadata.has_value() && metadata->HoldsFor(info->modified)) {
    if (metadata->etag != file.hash.hex) return Found::kNo;
    return metadata->commit == commit_ ? Found::kContentAndMetadata : Found::kContentOnly;
  }
  if (file.hash.kind == ContentHash::Kind::kNone) return Found::kNo;
  HFGET_ASSIGN_OR_RETURN(const std::string hash, HashOf(fs, file, *info));
  return hash == file.hash.hex ? Found::kContentOnly : Found::kNo;
}

absl::StatusOr<std::string> LocalDirLayout::HashOf(FileSystem& fs, const hub::ManifestFile& file,
                                                   const FileInfo& info) const {
  {
    absl::MutexLock lock(&mu_);
    const auto known = hashed_.find(file.path);
    if (known != hashed_.end() && known->second.inode == info.inode &&
        known->second.modified == info.modified) {
      return known->second.hash;
    }
  }
  HFGET_ASSIGN_OR_RETURN(std::string hash, hash_file_(fs, FinalPath(file), file.hash));
  absl::MutexLock lock(&mu_);
  hashed_[file.path] = {info.inode, info.modified, hash};
  return hash;
}

absl::StatusOr<bool> LocalDirLayout::IsPresent(FileSystem& fs, const hub::ManifestFile& file) {
  HFGET_ASSIGN_OR_RETURN(const Found found, Look(fs, file));
  return found != Found::kNo;
}

absl::StatusOr<bool> LocalDirLayout::Adopt(FileSystem& fs, const hub::ManifestFile& file,
                                           absl::Time now) {
  HFGET_ASSIGN_OR_RETURN(const Found found, Look(fs, file));
  if (found == Found::kContentAndMetadata) return true;
  if (found == Found::kContentOnly) {
    HFGET_RETURN_IF_ERROR(WriteMetadata(fs, file, now));
    return true;
  }
  // Said now, not after a download.
  HFGET_RETURN_IF_ERROR(target_.CheckWay(fs, file.path));
  HFGET_RETURN_IF_ERROR(target_.CheckWay(fs, DownloadFile(file, kMetadataSuffix)));
  return false;
}

absl::Status LocalDirLayout::Publish(FileSystem& fs, const hub::ManifestFile& file,
                                     absl::Time now) {
  const absl::StatusOr<FileInfo> partial = fs.LStat(PartialPath(file));
  if (partial.ok()) {
    HFGET_RETURN_IF_ERROR(PublishPartial(fs, file));
  } else {
    // A crash after the rename: the file is there already.
    HFGET_ASSIGN_OR_RETURN(const Found found, Look(fs, file));
    if (found == Found::kNo) return partial.status();
    if (found == Found::kContentAndMetadata) return absl::OkStatus();
  }
  return WriteMetadata(fs, file, now);
}

// What was known about the old file goes first: until the new metadata is written, nobody may take
// the new file for the old.
absl::Status LocalDirLayout::PublishPartial(FileSystem& fs, const hub::ManifestFile& file) const {
  const std::string metadata = target_.Path(DownloadFile(file, kMetadataSuffix));
  if (HasMetadata(file) && fs.LStat(metadata).ok()) {
    HFGET_RETURN_IF_ERROR(fs.Remove(metadata));
    HFGET_RETURN_IF_ERROR(fs.SyncDirectory(ParentPath(metadata)));
  }
  return target_.Place(fs, PartialPath(file), file.path);
}

// Not synced: it only saves a hash. Never older than the file, whatever the clock says, or it would
// not count.
absl::Status LocalDirLayout::WriteMetadata(FileSystem& fs, const hub::ManifestFile& file,
                                           absl::Time now) const {
  if (!HasMetadata(file)) return absl::OkStatus();
  HFGET_ASSIGN_OR_RETURN(const FileInfo info, fs.Stat(FinalPath(file)));
  const DownloadMetadata metadata{commit_, file.hash.hex, std::max(now, info.modified)};
  const std::string path = DownloadFile(file, kMetadataSuffix);
  HFGET_RETURN_IF_ERROR(target_.Make(fs, ParentPath(path)));
  return fs.WriteFileAtomically(target_.Path(path), metadata.ToText(), /*durable=*/false);
}

absl::Status LocalDirLayout::WriteTree(FileSystem& fs, const hub::Manifest& manifest) {
  return WriteTreeFile(fs, target_, kStateFolder, manifest);
}

std::optional<hub::Manifest> LocalDirLayout::ReadTree(FileSystem& fs, const std::string& commit) {
  return ReadTreeFile(fs, target_, kStateFolder, repo_, commit);
}

std::optional<std::string> LocalDirLayout::ReadRef(FileSystem&, const std::string&) {
  return std::nullopt;
}

absl::Status LocalDirLayout::Finish(FileSystem& fs, const std::string&, const std::string&) {
  return fs.RemoveDirectoryIfEmpty(target_.Path(PartialFolder()));
}

absl::Status LocalDirLayout::CheckWritable(FileSystem& fs) {
  HFGET_RETURN_IF_ERROR(CheckFoldersWritable(fs, target_, {"", PartialFolder()}, "--local-dir"));
  // Courtesies to git and to backup programs: a folder where they cannot be written works without.
  for (const auto& [name, text] :
       {std::pair(absl::string_view(".gitignore"), absl::string_view("*")),
        std::pair(kCachedirTagName, kCachedirTag)}) {
    const std::string path = target_.Path(JoinPath(kStateFolder, name));
    if (!fs.LStat(path).ok()) fs.WriteFileAtomically(path, text, /*durable=*/false).IgnoreError();
  }
  return absl::OkStatus();
}

std::unique_ptr<Layout> NewLocalDirLayout(std::string local_dir, hub::RepoId repo,
                                          std::string commit, HashFile hash_file) {
  return std::make_unique<LocalDirLayout>(std::move(local_dir), std::move(repo), std::move(commit),
                                          std::move(hash_file));
}

}  // namespace hfget::layout
