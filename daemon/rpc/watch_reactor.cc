#include "daemon/rpc/watch_reactor.h"

#include <utility>

#include "daemon/rpc/convert.h"
#include "daemon/rpc/place_token.h"

namespace hfget::rpc {

std::shared_ptr<WatchReactor> WatchReactor::New() {
  std::shared_ptr<WatchReactor> reactor(new WatchReactor);
  reactor->self_ = reactor;
  return reactor;
}

void WatchReactor::OnSnapshot(std::shared_ptr<const engine::PullSnapshot> snapshot) {
  absl::MutexLock lock(&mu_);
  if (closing_) return;
  closing_ = core::IsTerminal(snapshot->state);
  if (!std::exchange(begun_, true) && !closing_ && known_ != 0 && snapshot->change == known_) return;
  waiting_ = std::move(snapshot);
  Advance();
}

void WatchReactor::Close(const absl::Status& status) {
  absl::MutexLock lock(&mu_);
  if (closing_) return;
  closing_ = true;
  status_ = status;
  waiting_ = nullptr;
  Advance();
}

void WatchReactor::OnWriteDone(bool ok) {
  absl::MutexLock lock(&mu_);
  writing_ = false;
  if (!ok) Abandon();
  Advance();
}

void WatchReactor::OnCancel() {
  absl::MutexLock lock(&mu_);
  Abandon();
  Advance();
}

void WatchReactor::OnDone() {
  // Moved out first: with the last reference gone, `this` is gone at the end of the scope.
  const std::shared_ptr<WatchReactor> self = std::move(self_);
}

void WatchReactor::Abandon() {
  closing_ = true;
  status_ = absl::CancelledError("the watch was cancelled");
  waiting_ = nullptr;
}

// StartWrite and Finish are called with the lock held on purpose: no reaction runs inside them
// (gRPC 1.51), and without the lock a cancellation could finish the call between the decision to
// write and the write.
void WatchReactor::Advance() {
  if (writing_ || finished_) return;
  if (waiting_ != nullptr) {
    *current_.mutable_pull() = ToProto(*waiting_, caller_);
    current_.set_resume_token(ToPlaceToken(waiting_->change));
    waiting_ = nullptr;
    writing_ = true;
    StartWrite(&current_);
  } else if (closing_) {
    finished_ = true;
    Finish(ToGrpc(status_));
  }
}

}  // namespace hfget::rpc
