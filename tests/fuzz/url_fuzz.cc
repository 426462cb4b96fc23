// URLs, and references against them. Lines: the URL that was asked for; a Location.
#include "daemon/hub/url.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {
namespace {

void CheckParsed(const hub::Url& url) {
  HOLDS(url.scheme == "http" || url.scheme == "https");
  HOLDS(!url.host.empty() && url.port >= 1 && url.port <= 65535);
  HOLDS(absl::StartsWith(url.path, "/") && url.user_info.empty());
  for (const char c : url.ToString()) HOLDS(absl::ascii_isgraph(static_cast<unsigned char>(c)));
  HOLDS(!url.IsLoopback() || url.IsLocalAddress());
  const auto again = hub::ParseUrl(url.ToString());
  HOLDS(again.ok() && again->ToString() == url.ToString() && again->SameOrigin(url));
}

}  // namespace

FUZZ(input) {
  Lines lines(input);
  const absl::string_view asked = lines.Next();
  const absl::string_view reference = lines.Rest();
  HOLDS(hub::Decode(hub::EncodeComponent(asked)) == asked);
  HOLDS(hub::Decode(hub::EncodePath(asked)) == asked);
  const auto base = hub::ParseUrl(asked);
  if (!base.ok()) return HOLDS(IsOneLine(base.status().message()));
  CheckParsed(*base);
  hub::QueryParameter(*base, reference);
  const auto next = hub::ResolveReference(*base, reference);
  if (!next.ok()) return HOLDS(IsOneLine(next.status().message()));
  CheckParsed(*next);
  const absl::string_view written = absl::StripAsciiWhitespace(reference);
  const bool elsewhere = absl::StrContains(written, "//");
  HOLDS(elsewhere || next->SameOrigin(*base));
}

}  // namespace hfget::fuzz
