#include "daemon/core/pull_state.h"

namespace hfget::core {

bool IsTerminal(PullState state) {
  return state == PullState::kDone || state == PullState::kFailed || state == PullState::kCancelled;
}

bool MayFollow(PullState from, PullState to) {
  if (IsTerminal(from)) return false;
  switch (to) {
    case PullState::kFailed:
    case PullState::kCancelled:
      return true;
    case PullState::kQueued:  // after a restart, when the token has come, or the cause of a pause has gone
      return from != PullState::kPublishing;
    case PullState::kListing:
      return from == PullState::kQueued || from == PullState::kNeedsToken;
    case PullState::kFetching:
      // From publishing: files vanished while the rest was fetched.
      return from == PullState::kQueued || from == PullState::kListing || from == PullState::kPublishing;
    case PullState::kPublishing:
      return from == PullState::kListing || from == PullState::kFetching;
    case PullState::kDone:
      return from != PullState::kNeedsToken && from != PullState::kPaused;
    case PullState::kNeedsToken:
      return from != PullState::kPaused;
    case PullState::kPaused:
      return from == PullState::kQueued || from == PullState::kListing || from == PullState::kFetching ||
             from == PullState::kPublishing;
    case PullState::kUnspecified:
      return false;
  }
  return false;
}

absl::string_view PullStateName(PullState state) {
  switch (state) {
    case PullState::kUnspecified:
      return "unknown";
    case PullState::kQueued:
      return "queued";
    case PullState::kListing:
      return "listing";
    case PullState::kFetching:
      return "fetching";
    case PullState::kPublishing:
      return "publishing";
    case PullState::kDone:
      return "done";
    case PullState::kFailed:
      return "failed";
    case PullState::kCancelled:
      return "cancelled";
    case PullState::kNeedsToken:
      return "needs-token";
    case PullState::kPaused:
      return "paused";
  }
  return "unknown";
}

}  // namespace hfget::core
