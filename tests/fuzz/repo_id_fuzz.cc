// What people type where a repo is asked for.
#include "daemon/hub/repo_id.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/hub/counterpart.h"
#include "daemon/hub/hf_dialect.h"
#include "daemon/hub/url.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {
namespace {

// The name that we show for a repo must never mean another one when it is typed.
void CheckDisplayName(const hub::RepoId& repo) {
  const auto again = hub::ParseRepoSpec(hub::DisplayName(repo));
  HOLDS(!again.ok() || (again->repo == repo && again->revision.empty() && again->path.empty()));
}

void CheckCounterparts(const hub::RepoId& repo) {
  const auto names = hub::CounterpartCandidates(repo, "", {});
  HOLDS(names.size() <= 8);
  for (const std::string& name : names) HOLDS(hub::CheckRepoName(name).ok() && absl::StrContains(name, '/'));
}

}  // namespace

FUZZ(input) {
  const auto spec = hub::ParseRepoSpec(input);
  if (!spec.ok()) return HOLDS(IsOneLine(spec.status().message()));
  HOLDS(hub::CheckRepoName(spec->repo.name).ok() && StaysBelow(spec->repo.name));
  if (!spec->revision.empty()) {
    HOLDS(hub::CheckRevision(spec->revision).ok() && IsUtf8(spec->revision));
    HOLDS(StaysBelow(absl::StrCat("refs/", spec->revision)));
  }
  if (!spec->path.empty()) HOLDS(StaysBelow(absl::StripSuffix(spec->path, "/")) && IsUtf8(spec->path));
  HOLDS(hub::ParseUrl(hub::InfoUrl("https://hub.example", spec->repo, spec->revision)).ok());
  CheckDisplayName(spec->repo);
  CheckCounterparts(spec->repo);
  if (spec->repo.hub != hub::Hub::kHuggingFace || spec->revision.empty()) return;
  const auto uri = hub::ParseRepoSpec(absl::StrCat("hf://", hub::TypePlural(spec->repo.type), "/", spec->repo.name, "@",
                                                   hub::EncodeComponent(spec->revision)));
  HOLDS(!uri.ok() || (uri->repo == spec->repo && uri->revision == spec->revision));
}

}  // namespace hfget::fuzz
