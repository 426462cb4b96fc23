#include "daemon/layout/hf_cache.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "daemon/base/status.h"
#include "daemon/layout/cachedir_tag.h"
#include "daemon/layout/ref_file.h"
#include "daemon/layout/tree_file.h"

namespace hfget::layout {
namespace {

std::string FolderName(const hub::RepoId& repo) {
  return absl::StrCat(hub::TypePlural(repo.type), "--",
                      absl::StrReplaceAll(repo.name, {{"/", "--"}}));
}

// What the hub calls the etag; it names the blob.
const std::string& Etag(const hub::ManifestFile& file) { return file.hash.hex; }

absl::Status CheckEtag(const hub::ManifestFile& file) {
  if (file.hash.kind != ContentHash::Kind::kNone) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the listing has no hash for ", file.path, ", so it has no place in the cache"));
}

absl::string_view LastPart(absl::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0: the whole
}

}  // namespace

HfCacheLayout::HfCacheLayout(std::string cache_dir, hub::RepoId repo, std::string commit)
    : cache_dir_(std::move(cache_dir)),
      repo_(std::move(repo)),
      commit_(std::move(commit)),
      folder_name_(FolderName(repo_)),
      target_(JoinPath(cache_dir_, folder_name_)) {}

std::string HfCacheLayout::SnapshotFile(const hub::ManifestFile& file) const {
  return absl::StrCat("snapshots/", commit_, "/", file.path);
}

std::string HfCacheLayout::BlobFile(const hub::ManifestFile& file) const {
  return absl::StrCat("blobs/", Etag(file));
}

// Out of snapshots/<commit>/ and out of each folder in the file's own path.
std::string HfCacheLayout::LinkTarget(const hub::ManifestFile& file) const {
  std::string target = "../../";
  for (char c : file.path) {
    if (c == '/') target += "../";
  }
  return target + BlobFile(file);
}

std::string HfCacheLayout::SnapshotPath() const {
  return target_.Path(JoinPath("snapshots", commit_));
}

std::string HfCacheLayout::FinalPath(const hub::ManifestFile& file) const {
  return target_.Path(SnapshotFile(file));
}

// Not "*.incomplete", and not in blobs/: `hf cache prune` deletes those.
std::string HfCacheLayout::PartialPath(const hub::ManifestFile& file) const {
  return target_.Path(absl::StrCat(kPartialFolder, "/", Etag(file), ".partial"));
}

std::string HfCacheLayout::LockPath(const hub::ManifestFile& file) const {
  return JoinPath(cache_dir_, absl::StrCat(".locks/", folder_name_, "/", Etag(file), ".lock"));
}

// A blob is trusted by its name, as every client of this cache does, and by its size, because some
// clients publish short ones. Follows links: the blob may be one into the shared store.
absl::StatusOr<bool> HfCacheLayout::HasBlob(FileSystem& fs, const hub::ManifestFile& file) const {
  const absl::StatusOr<FileInfo> info = fs.Stat(target_.Path(BlobFile(file)));
  if (absl::IsNotFound(info.status())) return false;
  if (!info.ok()) return info.status();
  return !info->is_directory && info->size == file.size;
}

absl::StatusOr<bool> HfCacheLayout::HasSnapshotFile(FileSystem& fs,
                                                    const hub::ManifestFile& file) const {
  const std::string path = FinalPath(file);
  const absl::StatusOr<FileInfo> info = fs.Stat(path);
  if (absl::IsNotFound(info.status())) return false;
  if (!info.ok()) return info.status();
  if (info->is_directory || info->size != file.size) return false;
  const absl::StatusOr<std::string> target = fs.ReadLink(path);
  // Not a link: a client without symbolic links put the file itself here.
  return !target.ok() || LastPart(*target) == Etag(file);
}

absl::StatusOr<bool> HfCacheLayout::IsPresent(FileSystem& fs, const hub::ManifestFile& file) {
  HFGET_RETURN_IF_ERROR(CheckEtag(file));
  HFGET_ASSIGN_OR_RETURN(const bool there, HasSnapshotFile(fs, file));
  return there ? there : HasBlob(fs, file);
}

absl::StatusOr<bool> HfCacheLayout::Adopt(FileSystem& fs, const hub::ManifestFile& file,
                                          absl::Time) {
  HFGET_RETURN_IF_ERROR(CheckEtag(file));
  HFGET_ASSIGN_OR_RETURN(const bool there, HasSnapshotFile(fs, file));
  if (there) return true;
  HFGET_ASSIGN_OR_RETURN(const bool blob, HasBlob(fs, file));
  if (blob) {
    HFGET_RETURN_IF_ERROR(target_.Link(fs, LinkTarget(file), SnapshotFile(file)));
    return true;
  }
  // Said now, not after a download.
  HFGET_RETURN_IF_ERROR(target_.CheckWay(fs, SnapshotFile(file)));
  HFGET_RETURN_IF_ERROR(target_.CheckWay(fs, BlobFile(file)));
  return false;
}

// The order in which Adopt believes; what is under the name and is not this file's comes last, because no pull relies on it.
absl::StatusOr<std::optional<FoundContent>> HfCacheLayout::Find(FileSystem& fs, const hub::ManifestFile& file) {
  HFGET_RETURN_IF_ERROR(CheckEtag(file));
  const std::string path = FinalPath(file);
  const absl::StatusOr<FileInfo> entry = fs.Stat(path);
  if (!entry.ok() && !absl::IsNotFound(entry.status())) return entry.status();
  const absl::StatusOr<std::string> target = fs.ReadLink(path);
  if (entry.ok() && (!target.ok() || LastPart(*target) == Etag(file))) return FoundContent{path};
  const std::string blob = target_.Path(BlobFile(file));
  if (fs.Stat(blob).ok()) return FoundContent{blob, false};
  if (entry.ok()) return FoundContent{path};
  return std::nullopt;
}

absl::Status HfCacheLayout::Distrust(FileSystem& fs, const hub::ManifestFile& file) {
  HFGET_ASSIGN_OR_RETURN(const std::optional<FoundContent> found, Find(fs, file));
  if (!found) return absl::OkStatus();
  const absl::StatusOr<std::string> target = fs.ReadLink(FinalPath(file));
  const bool by_blob = !found->named || (target.ok() && LastPart(*target) == Etag(file));
  const std::string place = by_blob ? BlobFile(file) : SnapshotFile(file);
  HFGET_RETURN_IF_ERROR(target_.CheckWay(fs, place));  // what a link of the user's leads to is not ours
  const std::string path = target_.Path(place);
  HFGET_RETURN_IF_ERROR(fs.Remove(path));
  return fs.SyncDirectory(ParentPath(path));
}

absl::Status HfCacheLayout::Publish(FileSystem& fs, const hub::ManifestFile& file, absl::Time) {
  HFGET_RETURN_IF_ERROR(CheckEtag(file));
  HFGET_RETURN_IF_ERROR(PublishBlob(fs, file));
  return target_.Link(fs, LinkTarget(file), SnapshotFile(file));
}

// No partial file but the blob: another path of the same content was published first, or this one
// was before a crash.
absl::Status HfCacheLayout::PublishBlob(FileSystem& fs, const hub::ManifestFile& file) const {
  const std::string partial = PartialPath(file);
  const absl::StatusOr<FileInfo> info = fs.LStat(partial);
  if (info.ok()) return target_.Place(fs, partial, BlobFile(file));
  if (!absl::IsNotFound(info.status())) return info.status();
  HFGET_ASSIGN_OR_RETURN(const bool blob, HasBlob(fs, file));
  return blob ? absl::OkStatus() : info.status();
}

absl::Status HfCacheLayout::WriteTree(FileSystem& fs, const hub::Manifest& manifest) {
  return WriteTreeFile(fs, target_, "", manifest);
}

std::optional<hub::Manifest> HfCacheLayout::ReadTree(FileSystem& fs, const std::string& commit) {
  return ReadTreeFile(fs, target_, "", repo_, commit);
}

std::optional<std::string> HfCacheLayout::ReadRef(FileSystem& fs, const std::string& revision) {
  return ReadRefFile(fs, target_, "", revision);
}

// The snapshot's folder first, because a ref to a commit without one makes scan_cache_dir call the
// repo corrupted.
absl::Status HfCacheLayout::Finish(FileSystem& fs, const std::string& revision,
                                   const std::string& commit) {
  HFGET_RETURN_IF_ERROR(target_.Make(fs, JoinPath("snapshots", commit)));
  HFGET_RETURN_IF_ERROR(WriteRefFile(fs, target_, "", kPartialFolder, revision, commit));
  return fs.RemoveDirectoryIfEmpty(target_.Path(kPartialFolder));
}

// snapshots/ is made at once: scan_cache_dir warns about a repo folder without it.
absl::Status HfCacheLayout::CheckWritable(FileSystem& fs) {
  HFGET_RETURN_IF_ERROR(CheckFoldersWritable(
      fs, target_, {"", "blobs", "snapshots", std::string(kPartialFolder)}, "--cache-dir"));
  HFGET_RETURN_IF_ERROR(CheckLinks(fs));
  TagCache(fs);
  return absl::OkStatus();
}

absl::Status HfCacheLayout::CheckLinks(FileSystem& fs) const {
  const std::string probe = target_.Path(absl::StrCat(kPartialFolder, "/link-test"));
  HFGET_RETURN_IF_ERROR(fs.Remove(probe));  // who was killed here has left it
  const absl::Status status = fs.Symlink("nowhere", probe);
  if (status.ok()) return fs.Remove(probe);
  return absl::FailedPreconditionError(absl::StrCat(
      "the file system of ", cache_dir_, " has no symbolic links, which the cache is made of (",
      status.message(), "); pull with --local-dir, or choose another with --cache-dir"));
}

// A courtesy to backup programs: a cache whose root belongs to somebody else works without.
void HfCacheLayout::TagCache(FileSystem& fs) const {
  const TargetFolder cache(cache_dir_);
  if (fs.LStat(cache.Path(kCachedirTagName)).ok()) return;
  cache.PlaceSmall(fs, JoinPath(folder_name_, kPartialFolder), kCachedirTagName, kCachedirTag)
      .IgnoreError();
}

std::unique_ptr<Layout> NewHfCacheLayout(std::string cache_dir, hub::RepoId repo,
                                         std::string commit) {
  return std::make_unique<HfCacheLayout>(std::move(cache_dir), std::move(repo), std::move(commit));
}

}  // namespace hfget::layout
