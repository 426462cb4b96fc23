#include "daemon/rpc/pull_request.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "daemon/base/status.h"
#include "daemon/hub/filters.h"
#include "daemon/hub/path_check.h"
#include "daemon/hub/repo_id.h"
#include "daemon/rpc/pull_terms.h"

namespace hfget::rpc {
namespace {

constexpr size_t kMaxTokenBytes = 4096;   // far above any real one, far below a header limit
constexpr size_t kMaxFolderBytes = 4096;  // PATH_MAX

absl::StatusOr<hub::RepoType> TypeOf(v1::RepoType type) {
  switch (type) {
    case v1::REPO_TYPE_UNSPECIFIED:
    case v1::REPO_TYPE_MODEL:
      return hub::RepoType::kModel;
    case v1::REPO_TYPE_DATASET:
      return hub::RepoType::kDataset;
    case v1::REPO_TYPE_SPACE:
      return hub::RepoType::kSpace;
    default:  // proto3 enums are open
      return absl::InvalidArgumentError(absl::StrCat("unknown repo type ", type));
  }
}

absl::StatusOr<hub::RepoId> RepoOf(const v1::PullRequest& request, const hub::RepoSpec& spec) {
  HFGET_ASSIGN_OR_RETURN(const hub::RepoType asked, TypeOf(request.type()));
  hub::RepoId repo = spec.repo;
  if (!spec.type_given) {
    repo.type = asked;
    if (repo.hub == hub::Hub::kModelScope && asked == hub::RepoType::kSpace) {
      return absl::InvalidArgumentError("ModelScope has no spaces: only models and datasets can be pulled from it");
    }
  } else if (request.type() != v1::REPO_TYPE_UNSPECIFIED && asked != repo.type) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", request.repo(), "\" is a ", hub::TypeName(repo.type),
                     ", but the type asked for is ", hub::TypeName(asked), ": leave one out"));
  }
  return repo;
}

absl::StatusOr<std::string> RevisionOf(const v1::PullRequest& request, const hub::RepoSpec& spec) {
  if (!spec.revision.empty() && !request.revision().empty() &&
      spec.revision != request.revision()) {
    return absl::InvalidArgumentError(absl::StrCat("two revisions are given: \"", spec.revision,
                                                   "\" in the repo id and \"", request.revision(),
                                                   "\": leave one out"));
  }
  std::string revision = spec.revision.empty() ? request.revision() : spec.revision;
  if (revision.empty()) revision = std::string(hub::DefaultRevision(spec.repo.hub));
  HFGET_RETURN_IF_ERROR(hub::CheckRevision(revision));
  return revision;
}

absl::StatusOr<hub::Filters> FiltersOf(const v1::PullRequest& request, const hub::RepoSpec& spec) {
  hub::Filters filters;
  if (!spec.path.empty()) filters.files.push_back(spec.path);
  filters.files.insert(filters.files.end(), request.files().begin(), request.files().end());
  if (filters.files.empty()) {
    filters.include.assign(request.include().begin(), request.include().end());
    filters.exclude.assign(request.exclude().begin(), request.exclude().end());
  }
  HFGET_RETURN_IF_ERROR(hub::Normalise(filters));
  return filters;
}

absl::StatusOr<std::string> ModelScopeIdOf(const v1::PullRequest& request, const hub::RepoId& repo) {
  const std::string& id = request.modelscope_id();
  if (id.empty()) return std::string();
  if (repo.hub == hub::Hub::kModelScope) {
    return absl::InvalidArgumentError(absl::StrCat("\"", request.repo(), "\" is ModelScope's own repo: leave the ModelScope id out"));
  }
  const absl::Status status = hub::CheckRepoName(id);
  if (status.ok() && absl::StrContains(id, "/")) return id;
  return absl::InvalidArgumentError(
      absl::StrCat("the ModelScope id \"", hub::Printable(id), "\" is not of the form org/name", status.ok() ? "" : ": ", status.message()));
}

absl::Status CheckLimits(const v1::PullRequest& request) {
  constexpr int64_t kLeastRate = 1000;
  if (request.max_connections() < 0) return absl::InvalidArgumentError("max_connections must be 1 or more, or 0 for no limit");
  const int64_t rate = request.max_bytes_per_sec();
  if (rate == 0 || rate >= kLeastRate) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a limit of ", rate, " bytes per second is too low: 1 KB/s is the least, 0 is no limit"));
}

// Slashes only: ".." is left to the kernel, which alone knows where a symbolic link leads.
absl::StatusOr<std::string> Folder(absl::string_view name, absl::string_view path) {
  if (path.empty()) return std::string();
  if (path[0] != '/') {
    return absl::InvalidArgumentError(absl::StrCat(
        name, " \"", path, "\" is not absolute: the daemon has another working folder than you"));
  }
  if (path.size() > kMaxFolderBytes || path.find('\0') != absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(name, " is too long or holds a NUL"));
  }
  std::string out(path);
  out.erase(
      std::unique(out.begin(), out.end(), [](char a, char b) { return a == '/' && b == '/'; }),
      out.end());
  if (out.size() > 1) out = std::string(absl::StripSuffix(out, "/"));
  return out;
}

}  // namespace

// Space around it is a slip of copy and paste, as for huggingface_hub; inside, it would be a header
// of its own.
absl::StatusOr<Secret> ToToken(const std::string& text) {
  const absl::string_view token = absl::StripAsciiWhitespace(text);
  const bool plain = std::all_of(token.begin(), token.end(),
                                 [](unsigned char c) { return absl::ascii_isgraph(c); });
  if (!plain || token.size() > kMaxTokenBytes) {
    return absl::InvalidArgumentError(
        "the token holds characters that no token has (a space, a line break, an accent): copy it "
        "again");
  }
  return Secret(std::string(token));
}

absl::StatusOr<engine::PullSpec> ToSpec(const v1::PullRequest& request) {
  HFGET_ASSIGN_OR_RETURN(const hub::RepoSpec written, hub::ParseRepoSpec(request.repo()));
  engine::PullSpec spec;
  HFGET_ASSIGN_OR_RETURN(spec.repo, RepoOf(request, written));
  HFGET_ASSIGN_OR_RETURN(spec.revision, RevisionOf(request, written));
  HFGET_ASSIGN_OR_RETURN(spec.filters, FiltersOf(request, written));
  HFGET_ASSIGN_OR_RETURN(spec.local_dir, Folder("local_dir", request.local_dir()));
  HFGET_ASSIGN_OR_RETURN(spec.cache_dir, Folder("cache_dir", request.cache_dir()));
  if (!spec.local_dir.empty() && !spec.cache_dir.empty()) {
    return absl::InvalidArgumentError(
        "both local_dir and cache_dir are given: the files can go to one of them only");
  }
  HFGET_ASSIGN_OR_RETURN(spec.modelscope_id, ModelScopeIdOf(request, spec.repo));
  HFGET_ASSIGN_OR_RETURN(spec.modelscope_token, ToToken(request.modelscope_token()));
  HFGET_ASSIGN_OR_RETURN(spec.token, ToToken(request.token()));
  spec.token_is_ambient = request.token_is_ambient();
  spec.anonymous = request.anonymous();
  if (spec.anonymous && !spec.token.empty()) {
    return absl::InvalidArgumentError("both a token and anonymous are given: leave one out");
  }
  HFGET_RETURN_IF_ERROR(CheckLimits(request));
  spec.max_bytes_per_sec = request.max_bytes_per_sec();
  spec.max_connections = request.max_connections();
  HFGET_RETURN_IF_ERROR(SetTerms(request, absl::Now(), spec));
  spec.authority = request.authority();
  spec.dry_run = request.dry_run();
  return spec;
}

absl::StatusOr<engine::DiagnoseSpec> ToSpec(const v1::DiagnoseRequest& request) {
  v1::PullRequest like;
  like.set_repo(request.repo().empty() ? "any" : request.repo());
  like.set_type(request.type());
  like.set_revision(request.revision());
  like.set_local_dir(request.local_dir());
  like.set_cache_dir(request.cache_dir());
  like.set_token(request.token());
  like.set_anonymous(request.anonymous());
  HFGET_ASSIGN_OR_RETURN(engine::PullSpec pull, ToSpec(like));
  engine::DiagnoseSpec spec;
  if (pull.repo.hub != hub::Hub::kHuggingFace) {
    return absl::InvalidArgumentError("the doctor looks at Hugging Face repos; whether ModelScope answers says hfget sources probe modelscope");
  }
  if (!request.repo().empty()) spec.repo = std::move(pull.repo);
  spec.revision = std::move(pull.revision);
  spec.local_dir = std::move(pull.local_dir);
  spec.cache_dir = std::move(pull.cache_dir);
  spec.token = std::move(pull.token);
  spec.token_is_ambient = request.token_is_ambient();
  spec.anonymous = pull.anonymous;
  spec.token_origin = hub::Printable(request.token_origin());
  return spec;
}

}  // namespace hfget::rpc
