#include "daemon/layout/modelscope_cache.h"

#include <initializer_list>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "daemon/base/status.h"
#include "daemon/layout/ref_file.h"
#include "daemon/layout/tree_file.h"

namespace hfget::layout {
namespace {

constexpr absl::string_view kStateFolder = kPartialFolder;  // of which it is a part here

std::string FolderName(const hub::RepoId& repo) {
  return absl::StrCat(hub::TypePlural(repo.type), "/",
                      absl::StrReplaceAll(repo.name, {{"/", "--"}}));
}

std::string PartialFolder() { return JoinPath(kStateFolder, "partial"); }

// No part can hold the NUL between them, so that different parts are different texts.
std::string Joined(std::initializer_list<absl::string_view> parts) {
  return absl::StrJoin(parts, absl::string_view("\0", 1));
}

// "owner/name" as the folders of the old layout spell it.
std::string OldName(absl::string_view name) {
  const size_t begin = name.find('/') + 1;
  return absl::StrCat(name.substr(0, begin),
                      absl::StrReplaceAll(name.substr(begin), {{".", "___"}}));
}

}  // namespace

ModelScopeCacheLayout::ModelScopeCacheLayout(std::string cache_dir, hub::RepoId repo,
                                             std::string revision, std::string commit,
                                             HashFile hash_file, Sha256Text sha256_text)
    : cache_dir_(std::move(cache_dir)),
      repo_(std::move(repo)),
      revision_(std::move(revision)),
      commit_(std::move(commit)),
      sha256_text_(sha256_text),
      target_(JoinPath(cache_dir_, FolderName(repo_))),
      files_(target_, commit_, std::move(hash_file)) {}

// One name for revision and path together, without slashes: neither the length of a name nor a
// folder of another revision is ever in the way. A strong hash, because the paths are the hub's
// choice. Without a hash of the content, only the same commit can go on with a partial file.
PlainFile ModelScopeCacheLayout::PlaceOf(const hub::ManifestFile& file) const {
  const std::string name = sha256_text_(Joined({revision_, file.path}));
  const bool hashless = file.hash.kind == ContentHash::Kind::kNone;
  const std::string& content = hashless ? commit_ : file.hash.hex;
  return {absl::StrCat("snapshots/", revision_, "/", file.path),
          absl::StrCat(PartialFolder(), "/", content, ".", name, ".partial"),
          absl::StrCat(kStateFolder, "/files/", name, ".metadata")};
}

std::string ModelScopeCacheLayout::SnapshotPath() const {
  return target_.Path(JoinPath("snapshots", revision_));
}

std::string ModelScopeCacheLayout::FinalPath(const hub::ManifestFile& file) const {
  return target_.Path(PlaceOf(file).path);
}

std::string ModelScopeCacheLayout::PartialPath(const hub::ManifestFile& file) const {
  return target_.Path(PlaceOf(file).partial);
}

std::string ModelScopeCacheLayout::LockPath(const hub::ManifestFile& file) const {
  const std::string text = Joined({"modelscope-hub-download-lock-v2", "file",
                                   hub::TypeName(repo_.type), repo_.name, file.path});
  return JoinPath(cache_dir_, absl::StrCat(".lock/file_", sha256_text_(text), ".lock"));
}

absl::StatusOr<bool> ModelScopeCacheLayout::Adopt(FileSystem& fs, const hub::ManifestFile& file,
                                                  absl::Time now) {
  return files_.Adopt(fs, PlaceOf(file), file, now);
}

absl::StatusOr<bool> ModelScopeCacheLayout::IsPresent(FileSystem& fs,
                                                      const hub::ManifestFile& file) {
  return files_.IsPresent(fs, PlaceOf(file), file);
}

absl::StatusOr<std::optional<FoundContent>> ModelScopeCacheLayout::Find(FileSystem& fs, const hub::ManifestFile& file) {
  return files_.Find(fs, PlaceOf(file));
}

absl::Status ModelScopeCacheLayout::Distrust(FileSystem& fs, const hub::ManifestFile& file) {
  return files_.Distrust(fs, PlaceOf(file));
}

absl::Status ModelScopeCacheLayout::Publish(FileSystem& fs, const hub::ManifestFile& file,
                                            absl::Time now) {
  return files_.Publish(fs, PlaceOf(file), file, now);
}

absl::Status ModelScopeCacheLayout::WriteTree(FileSystem& fs, const hub::Manifest& manifest) {
  return WriteTreeFile(fs, target_, kStateFolder, manifest, TreeReader::kHfget);
}

std::optional<hub::Manifest> ModelScopeCacheLayout::ReadTree(FileSystem& fs,
                                                             const std::string& commit) {
  return ReadTreeFile(fs, target_, kStateFolder, repo_, commit);
}

std::optional<std::string> ModelScopeCacheLayout::ReadRef(FileSystem& fs,
                                                          const std::string& revision) {
  return ReadRefFile(fs, target_, kStateFolder, revision);
}

absl::Status ModelScopeCacheLayout::Finish(FileSystem& fs, const std::string& revision,
                                           const std::string& commit) {
  HFGET_RETURN_IF_ERROR(
      WriteRefFile(fs, target_, kStateFolder, kStateFolder, revision, commit));
  return fs.RemoveDirectoryIfEmpty(target_.Path(PartialFolder()));
}

// Nothing is tried in snapshots/, nor is a folder made there ahead of its first file: when no
// revision is named, the SDK takes what it finds.
absl::Status ModelScopeCacheLayout::CheckWritable(FileSystem& fs) {
  HFGET_RETURN_IF_ERROR(
      CheckFoldersWritable(fs, target_, {"", std::string(kStateFolder), PartialFolder()}, "--cache-dir"));
  // A name that no file of a repo may have (path_check.h), so only the way to it is looked at.
  return target_.CheckWay(fs, absl::StrCat("snapshots/", revision_, "/", kStateFolder));
}

std::unique_ptr<Layout> NewModelScopeCacheLayout(std::string cache_dir, hub::RepoId repo,
                                                 std::string revision, std::string commit,
                                                 HashFile hash_file, Sha256Text sha256_text) {
  return std::make_unique<ModelScopeCacheLayout>(std::move(cache_dir), std::move(repo),
                                                 std::move(revision), std::move(commit),
                                                 std::move(hash_file), sha256_text);
}

std::optional<std::string> ModelScopeCaveat(FileSystem& fs, const std::string& cache_dir,
                                            const hub::RepoId& repo) {
  if (!absl::StrContains(repo.name, '/')) return std::nullopt;  // it had no place for these
  for (absl::string_view root : {"", "hub/"}) {
    const std::string old = JoinPath(
        cache_dir, absl::StrCat(root, hub::TypePlural(repo.type), "/", OldName(repo.name)));
    const absl::StatusOr<std::vector<std::string>> names = fs.List(old);
    if (!names.ok() || names->empty()) continue;
    return absl::StrCat("ModelScope's SDK will use an older download of ", repo.name, " in ", old,
                        " instead of this one, whatever the revision: move that folder away");
  }
  return std::nullopt;
}

}  // namespace hfget::layout
