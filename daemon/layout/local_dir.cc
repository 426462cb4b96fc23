#include "daemon/layout/local_dir.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/layout/cachedir_tag.h"
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

// The path is part of the name: equal content at two paths is two files here.
std::string PartialFile(const hub::ManifestFile& file) {
  return absl::StrCat(PartialFolder(), "/", ShortName(file.path), ".", file.hash.hex, ".partial");
}

// The longest names have no room for the suffix; the client cannot keep such files either. They are
// known by hash alone.
bool HasMetadata(const hub::ManifestFile& file) {
  const size_t name = file.path.size() - (file.path.rfind('/') + 1);
  return name + kMetadataSuffix.size() <= kMaxNameBytes;
}

}  // namespace

LocalDirLayout::LocalDirLayout(std::string local_dir, hub::RepoId repo, std::string commit,
                               HashFile hash_file)
    : repo_(std::move(repo)),
      target_(std::move(local_dir)),
      files_(target_, std::move(commit), std::move(hash_file)) {}

std::string LocalDirLayout::SnapshotPath() const { return target_.root(); }

std::string LocalDirLayout::FinalPath(const hub::ManifestFile& file) const {
  return target_.Path(file.path);
}

std::string LocalDirLayout::PartialPath(const hub::ManifestFile& file) const {
  return target_.Path(PartialFile(file));
}

std::string LocalDirLayout::LockPath(const hub::ManifestFile& file) const {
  return HasMetadata(file) ? target_.Path(DownloadFile(file, ".lock")) : "";
}

PlainFile LocalDirLayout::PlaceOf(const hub::ManifestFile& file) const {
  return {file.path, PartialFile(file),
          HasMetadata(file) ? DownloadFile(file, kMetadataSuffix) : ""};
}

absl::StatusOr<bool> LocalDirLayout::IsPresent(FileSystem& fs, const hub::ManifestFile& file) {
  return files_.IsPresent(fs, PlaceOf(file), file);
}

absl::StatusOr<bool> LocalDirLayout::Adopt(FileSystem& fs, const hub::ManifestFile& file,
                                           absl::Time now) {
  return files_.Adopt(fs, PlaceOf(file), file, now);
}

absl::StatusOr<std::optional<FoundContent>> LocalDirLayout::Find(FileSystem& fs, const hub::ManifestFile& file) {
  return files_.Find(fs, PlaceOf(file));
}

absl::Status LocalDirLayout::Distrust(FileSystem& fs, const hub::ManifestFile& file) {
  return files_.Distrust(fs, PlaceOf(file));
}

absl::Status LocalDirLayout::Publish(FileSystem& fs, const hub::ManifestFile& file,
                                     absl::Time now) {
  return files_.Publish(fs, PlaceOf(file), file, now);
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
