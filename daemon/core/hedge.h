// When a second source is asked for the same small answer, and how long the first one's word is worth waiting for.
// Source: hedged requests (Dean and Barroso, "The Tail at Scale", 2013), with the preferred source's own times as the measure.
#ifndef HFGET_DAEMON_CORE_HEDGE_H_
#define HFGET_DAEMON_CORE_HEDGE_H_

#include <algorithm>

#include "absl/time/time.h"
#include "daemon/core/stall_timeout.h"

namespace hfget::core {

struct Hedge {
  absl::Duration ask_next_after;  // without an answer for so long, the next source is asked too
  absl::Duration prefer_for;      // for so long from the beginning, the answers of others are held back
};

// `times`: to the first byte, of the source that was asked first. `failing`: its last request failed, so that nobody waits
// for it. One that was never asked gets 0.4 s: a blocked route costs no more than that, once.
inline Hedge HedgeFor(const StallTimeout& times, bool failing) {
  if (failing) return {absl::ZeroDuration(), absl::ZeroDuration()};
  if (!times.seen()) return {absl::Milliseconds(150), absl::Milliseconds(400)};
  const absl::Duration usual = times.mean() + 2 * times.deviation();
  return {std::clamp(usual, absl::Milliseconds(50), absl::Milliseconds(300)),
          std::clamp(2 * usual, absl::Milliseconds(250), absl::Seconds(1))};
}

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_HEDGE_H_
