// A repository's name: type and "org/name", and the ways people write it.
// Source: reference/hf-hub-protocol.md §1 (grammar), §5 (hf:// ids); mirrors.md §1.3 (ModelScope).
#ifndef HFGET_DAEMON_HUB_REPO_ID_H_
#define HFGET_DAEMON_HUB_REPO_ID_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hfget::hub {

enum class RepoType { kModel, kDataset, kSpace };

// Who gives the name its meaning: "org/name" here and there are different repos.
enum class Hub { kHuggingFace, kModelScope };

struct RepoId {
  RepoType type = RepoType::kModel;
  std::string name;  // "org/name", or "name" of a legacy repo of Hugging Face
  Hub hub = Hub::kHuggingFace;

  friend bool operator==(const RepoId&, const RepoId&) = default;
};

// "model", "dataset", "space" / "models", "datasets", "spaces" / "", "datasets/", "spaces/".
absl::string_view TypeName(RepoType type);
absl::string_view TypePlural(RepoType type);
absl::string_view WebPrefix(RepoType type);

// What a person types to mean this repo: "org/name", "datasets/org/name", "modelscope://[datasets/]org/name".
std::string DisplayName(const RepoId& repo);

// The same of a repo whose type is shown beside it: "org/name", "modelscope://[datasets/]org/name".
std::string ShownName(const RepoId& repo);

// The branch that is meant when none is named: "main", at ModelScope "master".
absl::string_view DefaultRevision(Hub hub);

// Errors: INVALID_ARGUMENT, with the rule that was broken.
absl::Status CheckRepoName(absl::string_view name);

// What a user typed where a repo is asked for.
struct RepoSpec {
  RepoId repo;
  bool type_given = false;  // by "datasets/…" or "hf://datasets/…"
  std::string revision;     // from "@rev"; empty when not given
  std::string path;         // from "hf://…/path" or a page; empty when not given
};

// "name", "org/name", "datasets/org/name", "hf://[datasets/|spaces/|models/]org/name[@rev][/path]" (rev may hold %2F), and
// "https://huggingface.co/[datasets/]org/name[/tree/rev|/blob/rev/path|/resolve/rev/path]". Of ModelScope (cn, ai):
// "modelscope://[models/|datasets/]org/name[@rev][/path]" and
// "https://modelscope.cn/[models/|datasets/]org/name[/summary|/files|/resolve/rev/path|/file/view/rev/path]".
absl::StatusOr<RepoSpec> ParseRepoSpec(absl::string_view text);

// Errors: INVALID_ARGUMENT for an empty part, "..", control characters, spaces, a leading "-" or anything git refuses.
absl::Status CheckRevision(absl::string_view revision);
bool IsFullCommit(absl::string_view revision);  // 40 lower-case hex digits

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_REPO_ID_H_
