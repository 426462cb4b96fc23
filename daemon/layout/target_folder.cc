#include "daemon/layout/target_folder.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/base/status.h"

namespace hfget::layout {
namespace {

absl::Status InTheWay(absl::string_view what, const std::string& path, absl::string_view instead) {
  return absl::FailedPreconditionError(absl::StrCat(what, " is in the way: ", path, " must be a ",
                                                    instead, "; move it away and pull again"));
}

absl::Status MakeOne(FileSystem& fs, const std::string& path, std::vector<std::string>* made) {
  HFGET_RETURN_IF_ERROR(fs.MakeDirectories(path));
  if (made != nullptr) made->push_back(path);
  return fs.SyncDirectory(ParentPath(path));
}

// The root and what is above it: links are followed there.
absl::Status MakeRoot(FileSystem& fs, const std::string& path, std::vector<std::string>* made) {
  const absl::StatusOr<FileInfo> info = fs.Stat(path);
  if (info.ok()) return info->is_directory ? absl::OkStatus() : InTheWay("a file", path, "folder");
  if (!absl::IsNotFound(info.status())) return info.status();
  const std::string parent = ParentPath(path);
  if (parent != path) HFGET_RETURN_IF_ERROR(MakeRoot(fs, parent, made));
  return MakeOne(fs, path, made);
}

// True: a real folder is there. False: nothing is.
absl::StatusOr<bool> IsRealFolder(FileSystem& fs, const std::string& path) {
  const absl::StatusOr<FileInfo> info = fs.LStat(path);
  if (absl::IsNotFound(info.status())) return false;
  if (!info.ok()) return info.status();
  if (info->is_symlink) return InTheWay("a symbolic link", path, "real folder");
  if (!info->is_directory) return InTheWay("a file", path, "folder");
  return true;
}

absl::Status CheckNotFolder(FileSystem& fs, const std::string& path) {
  const absl::StatusOr<FileInfo> info = fs.LStat(path);
  if (absl::IsNotFound(info.status())) return absl::OkStatus();
  if (!info.ok()) return info.status();
  return info->is_directory ? InTheWay("a folder", path, "file") : absl::OkStatus();
}

absl::string_view FolderOf(absl::string_view file) {
  const size_t slash = file.rfind('/');
  return slash == absl::string_view::npos ? "" : file.substr(0, slash);
}

}  // namespace

absl::Status TargetFolder::Make(FileSystem& fs, absl::string_view folder,
                                std::vector<std::string>* made) const {
  HFGET_RETURN_IF_ERROR(MakeRoot(fs, root_, made));
  std::string path = root_;
  for (absl::string_view name : absl::StrSplit(folder, '/', absl::SkipEmpty())) {
    path = JoinPath(path, name);
    HFGET_ASSIGN_OR_RETURN(const bool there, IsRealFolder(fs, path));
    if (!there) HFGET_RETURN_IF_ERROR(MakeOne(fs, path, made));
  }
  return absl::OkStatus();
}

absl::Status TargetFolder::CheckWay(FileSystem& fs, absl::string_view file) const {
  std::string path = root_;
  for (absl::string_view name : absl::StrSplit(FolderOf(file), '/', absl::SkipEmpty())) {
    path = JoinPath(path, name);
    HFGET_ASSIGN_OR_RETURN(const bool there, IsRealFolder(fs, path));
    if (!there) return absl::OkStatus();
  }
  return CheckNotFolder(fs, Path(file));
}

absl::Status TargetFolder::Place(FileSystem& fs, const std::string& from,
                                 absl::string_view file) const {
  HFGET_RETURN_IF_ERROR(Make(fs, FolderOf(file)));
  const std::string to = Path(file);
  HFGET_RETURN_IF_ERROR(CheckNotFolder(fs, to));
  HFGET_RETURN_IF_ERROR(fs.Rename(from, to));
  return fs.SyncDirectory(ParentPath(to));
}

absl::Status TargetFolder::PlaceSmall(FileSystem& fs, absl::string_view staging,
                                      absl::string_view file, absl::string_view data) const {
  HFGET_RETURN_IF_ERROR(Make(fs, staging));
  const std::string staged = JoinPath(Path(staging), absl::StrCat(ShortName(file), ".new"));
  HFGET_RETURN_IF_ERROR(fs.WriteFileAtomically(staged, data, /*durable=*/true));
  absl::Status status = Place(fs, staged, file);
  if (!status.ok()) fs.Remove(staged).IgnoreError();  // the first error is the one to tell
  return status;
}

absl::Status TargetFolder::Link(FileSystem& fs, const std::string& target,
                                absl::string_view link) const {
  HFGET_RETURN_IF_ERROR(Make(fs, FolderOf(link)));
  const std::string path = Path(link);
  HFGET_RETURN_IF_ERROR(CheckNotFolder(fs, path));
  const absl::StatusOr<std::string> there = fs.ReadLink(path);
  if (!there.ok() || *there != target) HFGET_RETURN_IF_ERROR(fs.Symlink(target, path));
  return fs.SyncDirectory(ParentPath(path));
}

absl::Status CheckFoldersWritable(FileSystem& fs, const TargetFolder& target,
                                  const std::vector<std::string>& folders,
                                  absl::string_view option) {
  std::vector<std::string> made;
  absl::Status status;
  for (const std::string& folder : folders) {
    const std::string probe = JoinPath(target.Path(folder), ".hfget-write-test");
    status = target.Make(fs, folder, &made);
    if (status.ok()) status = fs.WriteFileAtomically(probe, "", /*durable=*/false);
    if (status.ok()) status = fs.Remove(probe);
    if (!status.ok()) break;
  }
  if (status.ok()) return status;
  // Best effort, deepest first: an empty folder that stays does no harm.
  for (auto folder = made.rbegin(); folder != made.rend(); ++folder)
    fs.RemoveDirectoryIfEmpty(*folder).IgnoreError();
  if (absl::IsFailedPrecondition(status)) return status;  // says all there is to say
  return absl::Status(status.code(),
                      absl::StrCat("cannot write to ", target.root(), ": ", status.message(),
                                   "; make it writable or choose another folder with ", option));
}

// FNV-1a, 64 bits: short, the same everywhere, and no library of ours in this layer has one that
// is.
std::string ShortName(absl::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (unsigned char c : text) hash = (hash ^ c) * 0x100000001b3;
  return absl::StrCat(absl::Hex(hash, absl::kZeroPad16));
}

}  // namespace hfget::layout
