#include "daemon/layout/plain_files.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "daemon/base/status.h"
#include "daemon/layout/download_metadata.h"

namespace hfget::layout {
namespace {

std::optional<DownloadMetadata> ReadMetadata(FileSystem& fs, const std::string& path) {
  const absl::StatusOr<std::string> text = fs.ReadFile(path, 4 * kKiB);
  return text.ok() ? DownloadMetadata::FromText(*text) : std::nullopt;
}

}  // namespace

PlainFiles::PlainFiles(TargetFolder target, std::string commit, HashFile hash_file)
    : target_(std::move(target)), commit_(std::move(commit)), hash_file_(std::move(hash_file)) {}

absl::StatusOr<PlainFiles::Found> PlainFiles::Look(FileSystem& fs, const PlainFile& place,
                                                   const hub::ManifestFile& file) const {
  const absl::StatusOr<FileInfo> info = fs.Stat(target_.Path(place.path));
  if (absl::IsNotFound(info.status())) return Found::kNo;
  if (!info.ok()) return info.status();
  if (info->is_directory || info->size != file.size) return Found::kNo;
  std::optional<DownloadMetadata> metadata;
  if (!place.metadata.empty()) metadata = ReadMetadata(fs, target_.Path(place.metadata));
  const bool hashless = file.hash.kind == ContentHash::Kind::kNone;
  if (metadata.has_value() && metadata->HoldsFor(info->modified)) {
    if (metadata->etag != file.hash.hex) return Found::kNo;
    if (metadata->commit == commit_) return Found::kContentAndMetadata;
    // Two commits without a hash have nothing in common.
    return hashless ? Found::kNo : Found::kContentOnly;
  }
  if (hashless) return Found::kNo;
  HFGET_ASSIGN_OR_RETURN(const std::string hash, HashOf(fs, place, file.hash, *info));
  return hash == file.hash.hex ? Found::kContentOnly : Found::kNo;
}

absl::StatusOr<std::string> PlainFiles::HashOf(FileSystem& fs, const PlainFile& place,
                                               const ContentHash& like,
                                               const FileInfo& info) const {
  {
    absl::MutexLock lock(&mu_);
    const auto known = hashed_.find(place.path);
    if (known != hashed_.end() && known->second.inode == info.inode &&
        known->second.modified == info.modified) {
      return known->second.hash;
    }
  }
  HFGET_ASSIGN_OR_RETURN(std::string hash, hash_file_(fs, target_.Path(place.path), like));
  absl::MutexLock lock(&mu_);
  hashed_[place.path] = {info.inode, info.modified, hash};
  return hash;
}

absl::StatusOr<bool> PlainFiles::IsPresent(FileSystem& fs, const PlainFile& place,
                                           const hub::ManifestFile& file) const {
  HFGET_ASSIGN_OR_RETURN(const Found found, Look(fs, place, file));
  return found != Found::kNo;
}

absl::StatusOr<bool> PlainFiles::Adopt(FileSystem& fs, const PlainFile& place,
                                       const hub::ManifestFile& file, absl::Time now) const {
  HFGET_ASSIGN_OR_RETURN(const Found found, Look(fs, place, file));
  if (found == Found::kContentAndMetadata) return true;
  if (found == Found::kContentOnly) {
    HFGET_RETURN_IF_ERROR(WriteMetadata(fs, place, file, now));
    return true;
  }
  // Said now, not after a download.
  HFGET_RETURN_IF_ERROR(target_.CheckWay(fs, place.path));
  if (!place.metadata.empty()) HFGET_RETURN_IF_ERROR(target_.CheckWay(fs, place.metadata));
  return false;
}

absl::Status PlainFiles::Publish(FileSystem& fs, const PlainFile& place,
                                 const hub::ManifestFile& file, absl::Time now) const {
  const absl::StatusOr<FileInfo> partial = fs.LStat(target_.Path(place.partial));
  if (partial.ok()) {
    HFGET_RETURN_IF_ERROR(PublishPartial(fs, place));
  } else {
    // A crash after the rename: the file is there already.
    HFGET_ASSIGN_OR_RETURN(const Found found, Look(fs, place, file));
    if (found == Found::kNo) return partial.status();
    if (found == Found::kContentAndMetadata) return absl::OkStatus();
  }
  return WriteMetadata(fs, place, file, now);
}

absl::StatusOr<std::optional<FoundContent>> PlainFiles::Find(FileSystem& fs, const PlainFile& place) const {
  const std::string path = target_.Path(place.path);
  const absl::StatusOr<FileInfo> info = fs.Stat(path);
  if (info.ok()) return FoundContent{path};
  if (absl::IsNotFound(info.status())) return std::nullopt;
  return info.status();
}

absl::Status PlainFiles::Distrust(FileSystem& fs, const PlainFile& place) const {
  {
    absl::MutexLock lock(&mu_);
    hashed_.erase(place.path);
  }
  return RemoveMetadata(fs, place);
}

absl::Status PlainFiles::RemoveMetadata(FileSystem& fs, const PlainFile& place) const {
  const std::string metadata = target_.Path(place.metadata);
  if (place.metadata.empty() || !fs.LStat(metadata).ok()) return absl::OkStatus();
  HFGET_RETURN_IF_ERROR(fs.Remove(metadata));
  return fs.SyncDirectory(ParentPath(metadata));
}

// What was known about the old file goes first: until the new metadata is written, nobody may take
// the new file for the old.
absl::Status PlainFiles::PublishPartial(FileSystem& fs, const PlainFile& place) const {
  HFGET_RETURN_IF_ERROR(RemoveMetadata(fs, place));
  return target_.Place(fs, target_.Path(place.partial), place.path);
}

// Not synced: it only saves a hash. Never older than the file, whatever the clock says, or it would
// not count.
absl::Status PlainFiles::WriteMetadata(FileSystem& fs, const PlainFile& place,
                                       const hub::ManifestFile& file, absl::Time now) const {
  if (place.metadata.empty()) return absl::OkStatus();
  HFGET_ASSIGN_OR_RETURN(const FileInfo info, fs.Stat(target_.Path(place.path)));
  const DownloadMetadata metadata{commit_, file.hash.hex, std::max(now, info.modified)};
  HFGET_RETURN_IF_ERROR(target_.Make(fs, ParentPath(place.metadata)));
  return fs.WriteFileAtomically(target_.Path(place.metadata), metadata.ToText(),
                                /*durable=*/false);
}

}  // namespace hfget::layout
