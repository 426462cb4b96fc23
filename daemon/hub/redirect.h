// Where an answer may send us.
#ifndef HFGET_DAEMON_HUB_REDIRECT_H_
#define HFGET_DAEMON_HUB_REDIRECT_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/hub/address.h"
#include "daemon/hub/url.h"

namespace hfget::hub {

// The target of a Location header in the answer for `asked`; `answerer` is where the one is who gave it. Only http and
// https, no user info, never from https to http, never to a network that is nearer to us than the answerer's own
// (MayLead). A name passes here: where it leads is checked at the connect. How many hops are followed is the caller's.
// Errors: INVALID_ARGUMENT; one line that says what the answer does ("redirects …"), without the URL's query.
absl::StatusOr<Url> NextHop(const Url& asked, absl::string_view location, Zone answerer);

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_REDIRECT_H_
