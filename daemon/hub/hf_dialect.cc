#include "daemon/hub/hf_dialect.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/base/status.h"
#include "daemon/hub/json.h"
#include "daemon/hub/path_check.h"
#include "daemon/hub/url.h"

namespace hfget::hub {
namespace {

constexpr ByteCount kMaxFileBytes = ByteCount{1} << 53;
constexpr size_t kMaxRowsPerPage =
    200'000;  // the hub sends 1,000; a mirror without pages sends all
constexpr size_t kMaxSiblings = 1'000'000;

std::string ApiPath(const RepoId& repo) {
  return absl::StrCat("/api/", TypePlural(repo.type), "/", repo.name);
}

std::string TreePath(const RepoId& repo, absl::string_view commit) {
  return absl::StrCat(ApiPath(repo), "/tree/", EncodeComponent(commit));
}

class InfoWalker final : public JsonWalker {
 public:
  RepoInfo info;
  std::string sha;

 private:
  bool OnOpen(bool is_object) override {
    return depth() > 1 || is_object || Fail("the answer is not a JSON object");
  }

  bool OnString(std::string& value) override {
    if (depth() == 1) TakeField(value);
    const bool sibling = depth() == 3 && Key(1) == "siblings" && Key(3) == "rfilename";
    if (!sibling) return true;
    if (info.siblings.size() == kMaxSiblings) return Fail("the answer lists too many files");
    info.siblings.push_back(std::move(value));
    return true;
  }

  bool OnBool(bool value) override {
    if (depth() != 1) return true;
    if (Key(1) == "private") info.is_private = value;
    if (Key(1) == "disabled") info.disabled = value;
    if (Key(1) == "gated") info.gated = value;
    return true;
  }

  void TakeField(std::string& value) {
    if (Key(1) == "sha")
      sha = std::move(value);
    else if (Key(1) == "id")
      info.name = std::move(value);
    else if (Key(1) == "gated")
      info.gated = true;  // "auto", "manual"
  }
};

struct TreeRow {
  std::string type, path, oid, xet_hash, lfs_oid;
  ByteCount size = -1, lfs_size = -1;
  bool is_lfs = false;
};

absl::Status BadRow(const TreeRow& row, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("the row of \"", Printable(row.path), "\" in the listing ", why));
}

bool IsHash(absl::string_view hex, ContentHash::Kind kind) {
  return ContentHash::FromHex(hex).kind == kind;
}

absl::StatusOr<ManifestFile> FileOf(TreeRow row) {
  HFGET_RETURN_IF_ERROR(CheckPath(row.path));
  if (!IsHash(row.oid, ContentHash::Kind::kGitSha1)) return BadRow(row, "has no valid oid");
  if (row.is_lfs && !IsHash(row.lfs_oid, ContentHash::Kind::kSha256)) {
    return BadRow(row, "has no valid sha256");
  }
  if (!row.xet_hash.empty() && !IsHash(row.xet_hash, ContentHash::Kind::kSha256)) {
    return BadRow(row, "has no valid xetHash");
  }
  ManifestFile file;
  file.size = row.lfs_size >= 0 ? row.lfs_size : row.size;
  if (file.size < 0 || file.size > kMaxFileBytes) return BadRow(row, "has no valid size");
  if (row.is_lfs) file.git_oid = ContentHash::FromHex(row.oid).hex;
  file.hash = ContentHash::FromHex(row.is_lfs ? row.lfs_oid : row.oid);
  file.path = std::move(row.path);
  file.xet_hash = std::move(row.xet_hash);
  return file;
}

class TreeWalker final : public JsonWalker {
 public:
  std::vector<ManifestFile> files;

 private:
  bool InLfs() const { return depth() == 3 && Key(2) == "lfs"; }

  bool OnOpen(bool is_object) override {
    if (depth() == 1) return !is_object || Fail("the answer is not a JSON array of rows");
    if (depth() == 2) {
      row_ = TreeRow();
      return is_object || Fail("a row of the listing is not an object");
    }
    if (InLfs()) row_.is_lfs = true;
    return true;
  }

  bool OnClose(bool is_object) override {
    if (depth() != 2) return true;
    if (++rows_ > kMaxRowsPerPage) return Fail("a page of the listing has too many rows");
    if (row_.type.empty()) return Fail("a row of the listing has no type");
    if (row_.type != "file") return true;
    auto file = FileOf(std::move(row_));
    if (!file.ok()) return Fail(file.status().message());
    files.push_back(*std::move(file));
    return true;
  }

  bool OnString(std::string& value) override {
    if (depth() < 2) return Fail("a row of the listing is not an object");
    if (std::string* field = TextField()) *field = std::move(value);
    return CheckNotSize();
  }

  bool OnInteger(int64_t value) override {
    if (depth() < 2) return Fail("a row of the listing is not an object");
    const bool here = depth() == 2 && Key(2) == "size";
    const bool lfs = InLfs() && Key(3) == "size";
    if (!here && !lfs) return true;
    if (value < 0 || value > kMaxFileBytes) return FailSize();
    (lfs ? row_.lfs_size : row_.size) = value;
    return true;
  }

  bool OnBool(bool) override { return OnOther(); }
  bool OnOther() override {
    if (depth() < 2) return Fail("a row of the listing is not an object");
    return CheckNotSize();
  }

  // What comes here is no integer that we can hold.
  bool CheckNotSize() {
    const bool size = (depth() == 2 && Key(2) == "size") || (InLfs() && Key(3) == "size");
    return !size || FailSize();
  }
  bool FailSize() { return Fail(BadRow(row_, "has no valid size").message()); }

  std::string* TextField() {
    if (depth() == 2) {
      if (Key(2) == "path") return &row_.path;
      if (Key(2) == "type") return &row_.type;
      if (Key(2) == "oid") return &row_.oid;
      if (Key(2) == "xetHash") return &row_.xet_hash;
    }
    // The info call names it sha256; some hubs do so here.
    if (InLfs() && (Key(3) == "oid" || Key(3) == "sha256")) return &row_.lfs_oid;
    return nullptr;
  }

  TreeRow row_;
  size_t rows_ = 0;
};

}  // namespace

std::string InfoUrl(absl::string_view base, const RepoId& repo, absl::string_view revision) {
  if (revision.empty()) return absl::StrCat(base, ApiPath(repo));
  return absl::StrCat(base, ApiPath(repo), "/revision/", EncodeComponent(revision));
}

std::string TreeUrl(absl::string_view base, const RepoId& repo, absl::string_view commit) {
  return absl::StrCat(base, TreePath(repo, commit), "?recursive=true&expand=false");
}

std::string ResolveUrl(absl::string_view base, const RepoId& repo, absl::string_view commit,
                       absl::string_view path) {
  return absl::StrCat(base, "/", WebPrefix(repo.type), repo.name, "/resolve/",
                      EncodeComponent(commit), "/", EncodePath(path));
}

std::string WhoAmIUrl(absl::string_view base) { return absl::StrCat(base, "/api/whoami-v2"); }

absl::StatusOr<std::string> RebaseNextPage(absl::string_view base, const RepoId& repo,
                                           absl::string_view commit, absl::string_view next) {
  const absl::Status foreign =
      absl::InvalidArgumentError("the link to the next page of the listing leads somewhere else");
  const auto first = ParseUrl(TreeUrl(base, repo, commit));
  if (!first.ok()) return first.status();
  const auto target = ResolveReference(*first, next);
  if (!target.ok()) return Annotate(target.status(), "the link to the next page of the listing");
  if (!absl::EndsWithIgnoreCase(Decode(target->path), Decode(TreePath(repo, commit))))
    return foreign;
  if (target->query.empty() || target->query == first->query)
    return foreign;  // the first page again
  return absl::StrCat(base, TreePath(repo, commit), "?", target->query);
}

absl::StatusOr<RepoInfo> ParseInfo(absl::string_view json) {
  InfoWalker walker;
  HFGET_RETURN_IF_ERROR(walker.Walk(json));
  RepoInfo& info = walker.info;
  if (!IsFullCommit(walker.sha)) {
    return absl::InvalidArgumentError("the answer names no commit (sha)");
  }
  info.commit = std::move(walker.sha);
  if (!info.name.empty()) HFGET_RETURN_IF_ERROR(CheckRepoName(info.name));
  return std::move(info);
}

absl::StatusOr<std::vector<ManifestFile>> ParseTreePage(absl::string_view json) {
  TreeWalker walker;
  HFGET_RETURN_IF_ERROR(walker.Walk(json));
  return std::move(walker.files);
}

}  // namespace hfget::hub
