#include "daemon/layout/tree_file.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/hub/json.h"
#include "daemon/hub/path_check.h"
#include "nlohmann/json.hpp"

namespace hfget::layout {
namespace {

using Kind = ContentHash::Kind;

constexpr int kFormatVersion = 1;
// A million files take about 200 MiB; what is larger is not ours.
constexpr ByteCount kMaxTreeBytes = 512 * kMiB;
// As of a listing that comes from a hub (hf_dialect.cc, ManifestBuilder): sums never overflow.
constexpr ByteCount kMaxFileBytes = ByteCount{1} << 53;
constexpr ByteCount kMaxTotalBytes = ByteCount{1} << 60;

std::string TreePath(absl::string_view folder, absl::string_view commit) {
  return JoinPath(folder, absl::StrCat("trees/", commit, ".json"));
}

// Empty when the listing names none.
absl::string_view BlobId(const hub::ManifestFile& file) {
  const std::string& id = file.hash.kind == Kind::kSha256 ? file.git_oid : file.hash.hex;
  return ContentHash::FromHex(id).kind == Kind::kGitSha1 ? id : absl::string_view();
}

bool SaysEnough(const hub::ManifestFile& file, TreeReader reader) {
  return !BlobId(file).empty() || (file.hash.kind == Kind::kSha256 && reader == TreeReader::kHfget);
}

// In quotes. Paths were checked to be UTF-8; should one not be, it is replaced, not thrown about.
std::string Quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Written one by one: a million rows as a tree of nlohmann's would take a gigabyte.
void AppendEntry(const hub::ManifestFile& file, std::string& json) {
  const bool lfs = file.hash.kind == Kind::kSha256;
  const absl::string_view blob_id = BlobId(file);
  absl::StrAppend(&json, "  ", Quoted(file.path), ": {\n");
  if (!blob_id.empty()) absl::StrAppend(&json, "   \"blob_id\": \"", blob_id, "\",\n");
  if (lfs) {
    absl::StrAppend(&json, "   \"lfs_sha256\": \"", file.hash.hex, "\",\n   \"lfs_size\": ", file.size, ",\n");
  }
  absl::StrAppend(&json, "   \"size\": ", file.size, "\n  }");
}

class TreeWalker final : public hub::JsonWalker {
 public:
  hub::Manifest manifest;
  bool whole() const { return of_our_format_ && has_files_; }

 private:
  bool InFiles() const { return depth() >= 2 && Key(1) == "files"; }
  bool InEntry() const { return depth() == 3 && Key(1) == "files"; }

  std::string* Wanted(const std::string& key) {
    return key == "blob_id" ? &blob_id_ : key == "lfs_sha256" ? &sha256_ : key == "xet_hash" ? &entry_.xet_hash : nullptr;
  }

  bool OnOpen(bool is_object) override {
    if (depth() == 1 || (InFiles() && depth() <= 3)) {
      if (!is_object) return Fail("not a tree");
      if (depth() == 2) has_files_ = true;
      entry_ = {};
      blob_id_.clear();
      sha256_.clear();
    }
    return true;
  }

  bool OnClose(bool) override {
    if (!InEntry()) return true;
    entry_.path = Key(2);
    entry_.hash = ContentHash::FromHex(sha256_.empty() ? blob_id_ : sha256_);
    if (!sha256_.empty() && ContentHash::FromHex(blob_id_).kind == Kind::kGitSha1) entry_.git_oid = std::move(blob_id_);
    const Kind want = sha256_.empty() ? Kind::kGitSha1 : Kind::kSha256;
    total_bytes_ += has_size_ ? entry_.size : 0;
    const bool good = has_size_ && total_bytes_ <= kMaxTotalBytes && entry_.hash.kind == want && hub::CheckPath(entry_.path).ok() &&
                      paths_.Add(entry_.path).ok();
    has_size_ = false;
    if (!good) return Fail("not a tree");
    manifest.files.push_back(std::move(entry_));
    return true;
  }

  bool OnString(std::string& value) override {
    if (!InEntry()) return OnOther();
    std::string* const wanted = Wanted(Key(3));
    if (wanted != nullptr) *wanted = std::move(value);
    return true;
  }

  bool OnInteger(int64_t value) override {
    if (depth() == 1 && Key(1) == "format_version") of_our_format_ = value == kFormatVersion;
    if (InEntry() && Key(3) == "size") {
      entry_.size = value;
      has_size_ = value >= 0 && value <= kMaxFileBytes;
      return true;
    }
    return OnOther();
  }

  // An entry is an object.
  bool OnOther() override { return !(depth() == 2 && Key(1) == "files") || Fail("not a tree"); }
  bool OnBool(bool) override { return OnOther(); }

  hub::PathSet paths_;
  hub::ManifestFile entry_;
  std::string blob_id_, sha256_;
  ByteCount total_bytes_ = 0;
  bool has_size_ = false;
  bool of_our_format_ = false;
  bool has_files_ = false;
};

}  // namespace

std::string TreeToJson(const hub::Manifest& manifest, TreeReader reader) {
  std::vector<const hub::ManifestFile*> files;
  size_t bytes = 100;
  for (const hub::ManifestFile& file : manifest.files) {
    if (!SaysEnough(file, reader)) return "";
    files.push_back(&file);
    bytes += file.path.size() + (file.hash.kind == Kind::kSha256 ? 240 : 100);
  }
  const auto by_path = [](const auto* a, const auto* b) { return a->path < b->path; };
  if (!std::is_sorted(files.begin(), files.end(), by_path)) std::sort(files.begin(), files.end(), by_path);
  std::string json = "{\n \"files\": {";
  json.reserve(bytes);
  for (const hub::ManifestFile* file : files) {
    absl::StrAppend(&json, file == files.front() ? "\n" : ",\n");
    AppendEntry(*file, json);
  }
  absl::StrAppend(&json, files.empty() ? "" : "\n ", "},\n \"format_version\": ", kFormatVersion, "\n}");
  return json;
}

std::optional<hub::Manifest> TreeFromJson(absl::string_view json) {
  TreeWalker walker;
  if (!walker.Walk(json).ok() || !walker.whole()) return std::nullopt;
  return std::move(walker.manifest);
}

absl::Status WriteTreeFile(FileSystem& fs, const TargetFolder& target, absl::string_view folder,
                           const hub::Manifest& manifest, TreeReader reader) {
  if (ReadTreeFile(fs, target, folder, manifest.repo, manifest.commit).has_value())
    return absl::OkStatus();
  const std::string json = TreeToJson(manifest, reader);
  if (json.empty()) return absl::OkStatus();
  const std::string path = TreePath(folder, manifest.commit);
  HFGET_RETURN_IF_ERROR(target.CheckWay(fs, path));
  HFGET_RETURN_IF_ERROR(target.Make(fs, JoinPath(folder, "trees")));
  HFGET_RETURN_IF_ERROR(fs.WriteFileAtomically(target.Path(path), json, /*durable=*/true));
  return fs.SyncDirectory(ParentPath(target.Path(path)));
}

std::optional<hub::Manifest> ReadTreeFile(FileSystem& fs, const TargetFolder& target,
                                          absl::string_view folder, const hub::RepoId& repo,
                                          const std::string& commit) {
  if (!hub::IsFullCommit(commit)) return std::nullopt;
  const absl::StatusOr<std::string> json =
      fs.ReadFile(target.Path(TreePath(folder, commit)), kMaxTreeBytes);
  if (!json.ok()) return std::nullopt;
  std::optional<hub::Manifest> manifest = TreeFromJson(*json);
  if (!manifest.has_value()) return std::nullopt;
  manifest->repo = repo;
  manifest->commit = commit;
  return manifest;
}

}  // namespace hfget::layout
