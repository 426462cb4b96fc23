// How often those who watch are told of progress.
#ifndef HFGET_DAEMON_CORE_TELLING_PACE_H_
#define HFGET_DAEMON_CORE_TELLING_PACE_H_

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

namespace hfget::core {

// A message to one watcher costs the daemon some 20 us of CPU, and its reader as much: a few hundred watchers would take from the transfers
// what only shows how these go on. Rule: as often as `usual`, as long as that makes no more than kTellingsPerSec messages in all; with
// more watchers each is told less often, and all equally. Changes of state are not progress: they are told at once, to all.
constexpr int64_t kTellingsPerSec = 2500;

// Between two tellings of the same. `messages`: what a round of telling all of them sends.
inline absl::Duration TellingPace(absl::Duration usual, int64_t messages) {
  return std::max(usual, absl::Seconds(1) * messages / kTellingsPerSec);
}

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_TELLING_PACE_H_
