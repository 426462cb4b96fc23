#include "daemon/layout/tree_file.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/hub/path_check.h"
#include "nlohmann/json.hpp"

namespace hfget::layout {
namespace {

using Json = nlohmann::json;
using Kind = ContentHash::Kind;

constexpr int kFormatVersion = 1;
// A million files take about 200 MiB; what is larger is not ours.
constexpr ByteCount kMaxTreeBytes = 512 * kMiB;

std::string TreePath(absl::string_view folder, absl::string_view commit) {
  return JoinPath(folder, absl::StrCat("trees/", commit, ".json"));
}

// Null when the listing does not say enough.
Json EntryOf(const hub::ManifestFile& file, TreeReader reader) {
  const bool lfs = file.hash.kind == Kind::kSha256;
  const std::string& blob_id = lfs ? file.git_oid : file.hash.hex;
  const bool has_blob_id = ContentHash::FromHex(blob_id).kind == Kind::kGitSha1;
  if (!has_blob_id && !(lfs && reader == TreeReader::kHfget)) return Json();
  Json entry = {{"size", file.size}};
  if (has_blob_id) entry["blob_id"] = blob_id;
  if (lfs) {
    entry["lfs_sha256"] = file.hash.hex;
    entry["lfs_size"] = file.size;
  }
  return entry;
}

// The member if it is a string, else empty.
std::string Text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::optional<hub::ManifestFile> FileOf(const std::string& path, const Json& entry) {
  if (!entry.is_object() || !hub::CheckPath(path).ok()) return std::nullopt;
  const auto size = entry.find("size");
  if (size == entry.end() || !size->is_number_integer()) return std::nullopt;
  hub::ManifestFile file;
  file.path = path;
  file.size = size->get<ByteCount>();
  file.git_oid = Text(entry, "blob_id");
  file.xet_hash = Text(entry, "xet_hash");
  const std::string sha256 = Text(entry, "lfs_sha256");
  file.hash = ContentHash::FromHex(sha256.empty() ? file.git_oid : sha256);
  const Kind want = sha256.empty() ? Kind::kGitSha1 : Kind::kSha256;
  if (file.size < 0 || file.hash.kind != want) return std::nullopt;
  return file;
}

}  // namespace

std::string TreeToJson(const hub::Manifest& manifest, TreeReader reader) {
  Json files = Json::object();
  for (const hub::ManifestFile& file : manifest.files) {
    Json entry = EntryOf(file, reader);
    if (entry.is_null()) return "";
    files[file.path] = std::move(entry);
  }
  const Json tree = {{"format_version", kFormatVersion}, {"files", std::move(files)}};
  // Paths were checked to be UTF-8; should one not be, it is replaced, not thrown about.
  return tree.dump(1, ' ', false, Json::error_handler_t::replace);
}

std::optional<hub::Manifest> TreeFromJson(absl::string_view json) {
  const Json tree = Json::parse(json.begin(), json.end(), nullptr, /*allow_exceptions=*/false);
  if (!tree.is_object() || tree.value("format_version", Json()) != kFormatVersion)
    return std::nullopt;
  const auto files = tree.find("files");
  if (files == tree.end() || !files->is_object()) return std::nullopt;
  hub::Manifest manifest;
  hub::PathSet paths;
  for (const auto& [path, entry] : files->items()) {
    std::optional<hub::ManifestFile> file = FileOf(path, entry);
    if (!file.has_value() || !paths.Add(path).ok()) return std::nullopt;
    manifest.files.push_back(*std::move(file));
  }
  return manifest;
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
