// One cause, one consequence: what went wrong with a request, and what is done about it. Decisions are taken on this enum;
// status text is for people.
#ifndef HFGET_DAEMON_CORE_FAILURE_H_
#define HFGET_DAEMON_CORE_FAILURE_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace hfget::core {

enum class Failure {
  kNone,
  kConnect,      // refused, unreachable, name not found, connect time-out
  kTls,          // certificate or handshake: final for this source until its configuration changes
  kReset,        // broken or short body
  kStall,        // no byte for the stall time-out, or no head
  kServerError,  // 408, 5xx
  kRateLimited,  // 429, 503 with a time
  kLinkExpired,  // 401/403 of a data host
  kNotHere,      // 404, or another version of the file: not blamed, asked again later
  kFiltered,     // 403 of a mirror on this one file
  kCredential,   // 401 of a hub
  kGated,        // no access to a gated repo through this source
  kWrongAnswer,  // 200 for 206, wrong Content-Range, HTML, … : an answer that may not be believed
  kWrongRegion,  // redirects to another hub: serves only its own region
  kCorrupt,      // convicted: its bytes were wrong
  kLocal,        // this machine's fault: no sockets, no memory
};
constexpr size_t kFailures = static_cast<size_t>(Failure::kLocal) + 1;  // kNone counted in

enum class Remedy {
  kRetryHere,       // the same source may be asked again at once (a new link, a new connection)
  kOtherSource,     // this file goes to other sources for a while
  kNeverHere,       // this file is final at that source
  kPauseSource,     // the source rests for a given time; not its fault
  kDisableSource,   // off until restart or reconfiguration, with the reason
};

struct Consequence {
  Remedy remedy = Remedy::kRetryHere;
  bool counts_against_health = false;  // one step towards ejection
  bool local_origin = false;           // counted apart: our side could not even ask
};

Consequence ConsequenceOf(Failure failure);
absl::string_view FailureName(Failure failure);  // for people: "connection reset", …
absl::string_view FailureWord(Failure failure);  // for programs, "reset": stable, since dashboards and alerts hold them

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_FAILURE_H_
