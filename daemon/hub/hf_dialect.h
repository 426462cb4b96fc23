// The Hugging Face dialect: which URL to ask, and what the JSON that comes back says. Source: reference §1, §2.
#ifndef HFGET_DAEMON_HUB_HF_DIALECT_H_
#define HFGET_DAEMON_HUB_HF_DIALECT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/hub/manifest.h"
#include "daemon/hub/repo_id.h"

namespace hfget::hub {

// `base` is the source's endpoint without a trailing slash, with its prefix if it has one.
std::string InfoUrl(absl::string_view base, const RepoId& repo, absl::string_view revision);
std::string TreeUrl(absl::string_view base, const RepoId& repo, absl::string_view commit);
std::string ResolveUrl(absl::string_view base, const RepoId& repo, absl::string_view commit, absl::string_view path);
std::string WhoAmIUrl(absl::string_view base);

// A Link target put onto the source that was asked: only its query is kept, on the tree URL of `base`. Errors: a target
// whose path does not end in the tree path of this repo and commit.
absl::StatusOr<std::string> RebaseNextPage(absl::string_view base, const RepoId& repo, absl::string_view commit,
                                           absl::string_view next);

struct RepoInfo {
  std::string commit;  // 40 hex, checked
  std::string name;    // canonical id, checked by CheckRepoName; empty when not given
  bool gated = false;
  bool is_private = false;
  bool disabled = false;
  std::vector<std::string> siblings;  // paths only, unchecked
};
// Errors: INVALID_ARGUMENT when it is not JSON, or has no valid sha.
absl::StatusOr<RepoInfo> ParseInfo(absl::string_view json);

// One page of the tree: its files (directory rows left out), paths checked by path_check.h one by one and for clashes
// across pages by ManifestBuilder. Errors: INVALID_ARGUMENT when not a JSON array of rows, a size is negative or beyond
// 2^53, a hash is malformed, a path is hostile (the message names it, escaped).
absl::StatusOr<std::vector<ManifestFile>> ParseTreePage(absl::string_view json);

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_HF_DIALECT_H_
