// How a pull is asked for again, held, let go of, and shown to those who ask for some of many.
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/engine/pull.h"

namespace hfget::engine {

bool Pull::Ask(PullSpec spec) {
  const records::v1::PullRecord before = ToRecord();
  if (!spec.token.empty()) GiveToken(std::move(spec.token), spec.token_is_ambient);
  if (!spec.modelscope_token.empty()) GiveModelScopeToken(std::move(spec.modelscope_token));
  SetLimits(spec.max_bytes_per_sec, spec.max_connections);
  requests_.Add(spec.request_id, context_.clock.Wall());
  spec.bound ? ++bound_ : kept_ = true;
  const int priority = spec_.terms.priority;
  spec_.terms.TakeOn(spec.terms);
  if (spec_.terms.priority != priority) racer_.Restand(*this);
  held_ ? Unhold() : TryDiskNow();
  return ToRecord().SerializeAsString() != before.SerializeAsString();
}

absl::Status Pull::Hold() {
  if (core::IsTerminal(state_)) {
    return absl::FailedPreconditionError(absl::StrCat("the pull ", id_, " is ", core::PullStateName(state_), ": there is nothing to pause"));
  }
  if (state_ == core::PullState::kNeedsToken) {
    return absl::FailedPreconditionError(absl::StrCat("the pull ", id_, " waits for its token: pull again with it, or cancel it"));
  }
  if (held_) return absl::OkStatus();
  held_ = true;
  error_ = {};
  ++pauses_;  // no more trials of the disk
  if (state_ == core::PullState::kPaused) {
    host_.OnChanged(*this);
    return absl::OkStatus();
  }
  LetGo();
  spdlog::info("pull {} is held", id_);
  SetState(core::PullState::kPaused);
  return absl::OkStatus();
}

void Pull::Unhold() {
  held_ = false;
  TryDiskNow();
}

void Pull::Release() {
  if (bound_ > 0) --bound_;
  if (bound_ > 0 || kept_ || core::IsTerminal(state_)) return;
  spdlog::info("pull {} is cancelled: whoever wanted it has gone", id_);
  Cancel(false);
}

void Pull::TakeTokens(const Pull& earlier) {
  if (earlier.token_.origin() == records::v1::TOKEN_ORIGIN_REQUEST) token_ = earlier.token_;
  if (earlier.scope_token_.origin() == records::v1::TOKEN_ORIGIN_REQUEST) scope_token_ = earlier.scope_token_;
}

void Pull::CheckDeadline() {
  if (core::IsTerminal(state_) || context_.clock.Wall() < spec_.terms.deadline) return;
  PullError error;
  error.cause = core::ErrorCause::kDeadline;
  error.message = absl::StrCat("it was to be done by ", absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", spec_.terms.deadline, absl::UTCTimeZone()),
                               ": what has come is kept for the next pull");
  Fail(std::move(error));
}

bool Pull::Concerns(const core::PullFilter& filter) const {
  return filter.Concerns(spec_.owner, spec_.terms.labels, hub::ShownName(canonical_));
}

}  // namespace hfget::engine
