// The states of a pull, and which may follow which.
#ifndef HFGET_DAEMON_CORE_PULL_STATE_H_
#define HFGET_DAEMON_CORE_PULL_STATE_H_

#include "absl/strings/string_view.h"

namespace hfget::core {

// Numbers as in hfget.proto's PullState; they are persisted.
enum class PullState {
  kUnspecified = 0,
  kQueued = 1,
  kListing = 2,
  kFetching = 3,
  kPublishing = 4,
  kDone = 5,
  kFailed = 6,
  kCancelled = 7,
  kNeedsToken = 8,
  kPaused = 9,
};

bool IsTerminal(PullState state);            // done, failed, cancelled
bool MayFollow(PullState from, PullState to);
absl::string_view PullStateName(PullState state);  // "queued", "listing", …

// Why a pull failed. Numbers as in hfget.proto's ErrorCause; they are persisted.
enum class ErrorCause {
  kNone = 0,
  kInvalid = 1,
  kNotFound = 2,
  kUnauthorized = 3,
  kNoSource = 4,
  kDisk = 5,
  kHostileListing = 6,
  kCorrupt = 7,
  kInternal = 8,
  kDeadline = 9,
  kLimit = 10,
  kState = 11,
  kUnavailable = 12,
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_PULL_STATE_H_
