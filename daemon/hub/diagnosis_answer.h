// hfget doctor: whether what answered is a hub, and what it says about waiting and about the time.
#ifndef HFGET_DAEMON_HUB_DIAGNOSIS_ANSWER_H_
#define HFGET_DAEMON_HUB_DIAGNOSIS_ANSWER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/hub/diagnosis_route.h"
#include "daemon/hub/finding.h"

namespace hfget::hub {

// What an answer to "which commit is this repo at?" shows of who gave it.
enum class Answerer {
  kHub,        // the commit, or a refusal in a hub's words
  kBusy,       // 429, 5xx: may be one
  kElsewhere,  // sends to another host
  kRefuses,    // 403, not in a hub's words
  kStranger,   // anything else: a web page, another prefix, another service
};
// REQUIRES: an answer came.
Answerer WhoAnswers(const RouteEvidence& seen);

// Endpoints on the same host at which a hub may really be: the prefixes that mirrors are known to have, without the one that
// is written.
std::vector<std::string> PrefixCandidates(absl::string_view endpoint);

// What the answer of a source says against it; nullopt: a hub answers. `right`: the endpoint at which one did answer, or did
// know the repo, when the one that is written has none, or does not. Checks: "prefix", "region", "rate-limit", "hub".
std::optional<Finding> AnswerTrouble(const RouteEvidence& seen, absl::string_view endpoint,
                                     const std::optional<std::string>& right, absl::Time now);

// A window that is used up though the answer came; nullopt: none is.
std::optional<Finding> WindowUsedUp(const RouteEvidence& seen);

// How far a host's clock was before ours when it answered; nullopt: it did not say.
std::optional<absl::Duration> ClockAhead(const HeaderFields& headers, absl::Time now);
struct ClockReading {
  std::string source;
  absl::Duration ahead;
};
// Our clock against theirs: wrong when most of them say so, and then by their middle. Empty readings: nothing to say.
std::optional<Finding> JudgeClock(std::vector<ClockReading> readings);

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_DIAGNOSIS_ANSWER_H_
