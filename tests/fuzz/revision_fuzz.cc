// Revisions, which become parts of URLs, records and the names of files.
#include "absl/strings/str_cat.h"
#include "daemon/hub/hf_dialect.h"
#include "daemon/hub/url.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {

FUZZ(input) {
  const absl::Status checked = hub::CheckRevision(input);
  HOLDS(IsOneLine(checked.message()));
  if (!checked.ok()) return HOLDS(!hub::IsFullCommit(input));
  HOLDS(IsOneLine(input) && input.size() <= 255);
  HOLDS(StaysBelow(input) && StaysBelow(absl::StrCat("refs/", input)));
  const std::string url = hub::TreeUrl("https://hub.example", {hub::RepoType::kModel, "org/name"}, input);
  const auto parsed = hub::ParseUrl(url);
  HOLDS(parsed.ok() && parsed->ToString() == url);
  HOLDS(hub::Decode(parsed->path) == absl::StrCat("/api/models/org/name/tree/", input));
}

}  // namespace hfget::fuzz
