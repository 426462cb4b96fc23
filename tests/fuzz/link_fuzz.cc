// Link with rel="next", and what becomes of its target: the next page is asked of the source that was asked, whatever the
// target says. Lines: base, repo, target or header.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/hub/headers.h"
#include "daemon/hub/hf_dialect.h"
#include "daemon/hub/url.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {
namespace {

constexpr char kCommit[] = "0123456789abcdef0123456789abcdef01234567";

void Follow(absl::string_view base, absl::string_view next) {
  const hub::RepoId repo{hub::RepoType::kModel, "org/name"};
  const auto page = hub::RebaseNextPage(base, repo, kCommit, next);
  if (!page.ok()) return HOLDS(IsOneLine(page.status().message()));
  const auto url = hub::ParseUrl(*page);
  HOLDS(url.ok());
  HOLDS(url->SameOrigin(*hub::ParseUrl(base)));
  HOLDS(absl::StartsWith(*page, absl::StrCat(base, "/api/models/org/name/tree/", kCommit, "?")));
  HOLDS(*page != hub::TreeUrl(base, repo, kCommit));
}

}  // namespace

FUZZ(input) {
  const std::string next = hub::NextLink(input);
  HOLDS(next.empty() || absl::StrContains(input, absl::StrCat("<", next, ">")));
  for (const absl::string_view base : {"https://hub.example", "https://mirror.example:8443/hugging-face"}) {
    if (!next.empty()) Follow(base, next);
    Follow(base, input);
  }
}

}  // namespace hfget::fuzz
