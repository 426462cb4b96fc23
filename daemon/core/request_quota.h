// How many more requests a hub that announces its limit may be sent now.
// Rule: fewer than it said are left, counting those whose answers are still to come, for they may not be in that figure
// yet. Of answers that cross each other the lower figure counts; one to a request that was sent after the last report came is
// newer and replaces it. A request given up before its answer counts as one. When the window's end has come nothing is known.
// Source: draft-ietf-httpapi-ratelimit-headers; reference/hf-hub-protocol.md §3.
#ifndef HFGET_DAEMON_CORE_REQUEST_QUOTA_H_
#define HFGET_DAEMON_CORE_REQUEST_QUOTA_H_

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/time/time.h"

namespace hfget::core {

// Pure. Thread: the engine.
class RequestQuota {
 public:
  // An answer said that `remaining` requests are left for `reset` from now on. `asked`: when its request was sent.
  void OnReport(int64_t remaining, absl::Duration reset, absl::Time asked, absl::Time now) {
    const bool newer = asked >= reported_ || now >= resets_;
    left_ = newer ? remaining : std::min(left_, remaining);
    resets_ = newer ? now + reset : std::max(resets_, now + reset);
    reported_ = now;
  }
  // A request was given up: the hub has counted it, or has not.
  void OnLost() { --left_; }

  // As far as is known; nullopt: nothing is.
  std::optional<int64_t> Left(absl::Time now) const { return now < resets_ ? std::optional(std::max<int64_t>(0, left_)) : std::nullopt; }
  absl::Time resets() const { return resets_; }

  // `unanswered`: requests that are on their way.
  bool Allows(int unanswered, absl::Time now) const { return now >= resets_ || left_ > unanswered; }

 private:
  int64_t left_ = 0;
  absl::Time reported_ = absl::InfinitePast();
  absl::Time resets_ = absl::InfinitePast();  // nothing is known from then on
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_REQUEST_QUOTA_H_
