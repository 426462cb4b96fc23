// The canary: does a source pass `Authorization` on to the hub? Judged from the answers to a token that was never issued, so
// that no real one is risked. Source: design.md "Tokens"; reference/hf-hub-protocol.md §2.4.
#ifndef HFGET_DAEMON_HUB_CANARY_H_
#define HFGET_DAEMON_HUB_CANARY_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "daemon/hub/headers.h"

namespace hfget::hub {

// One answer to the probe of a public object. A redirect counts as it came: it is not followed.
struct ProbeAnswer {
  bool reached = false;  // false: no HTTP answer came
  int status = 0;
  HeaderFields headers;
  std::string body;  // its beginning, at most 64 KiB; may be empty (HEAD)
};

// The same URL path, asked of one endpoint first with no token, then with the canary.
struct ProbePair {
  ProbeAnswer anonymous;
  ProbeAnswer canary;
};

enum class CanaryVerdict {
  kUnknown,
  kNotSeenToForward,  // it strips, caches, or serves its own copy
  kForwards,          // the hub's own words about the canary came back
};

struct CanaryResult {
  CanaryVerdict verdict = CanaryVerdict::kUnknown;
  std::string why;  // one line, kept as evidence and shown
};

// `control`: the official hub in the same round. Where it was reached and no longer answers as this test supposes, every
// verdict is unknown; where it was not (nullopt, or not reached), the hub's exact message through the source is the evidence.
// kForwards says that a token would arrive at the hub, not that the source is worthy of seeing it.
CanaryResult JudgeCanary(const ProbePair& source, const std::optional<ProbePair>& control);

absl::string_view CanaryVerdictName(
    CanaryVerdict verdict);  // "unknown", "not seen to forward", "forwards"

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_CANARY_H_
