#include "daemon/hub/redirect.h"

#include "absl/strings/str_cat.h"

namespace hfget::hub {
namespace {

absl::string_view Forbidden(const Url& asked, const Url& next, Zone answerer) {
  if (asked.scheme == "https" && next.scheme == "http") return "redirects from https to http";
  const Zone to = ZoneOfHost(next.host);
  if (to == Zone::kNowhere) return "redirects to an address that no server has";
  return MayLead(answerer, to) ? "" : "redirects to an address of a local network";
}

}  // namespace

absl::StatusOr<Url> NextHop(const Url& asked, absl::string_view location, Zone answerer) {
  auto next = ResolveReference(asked, location);
  if (!next.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("redirects nowhere: ", next.status().message()));
  }
  const absl::string_view why = Forbidden(asked, *next, answerer);
  if (why.empty()) return next;
  return absl::InvalidArgumentError(absl::StrCat(why, " (", next->host, ")"));
}

}  // namespace hfget::hub
