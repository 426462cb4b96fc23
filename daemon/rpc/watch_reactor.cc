#include "daemon/rpc/watch_reactor.h"

#include <utility>

#include "daemon/rpc/convert.h"

namespace hfget::rpc {

std::shared_ptr<WatchReactor> WatchReactor::New(Postman& postman) {
  std::shared_ptr<WatchReactor> reactor(new WatchReactor(postman));
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

// Finish is called with the lock held on purpose: no reaction runs inside it (gRPC 1.51).
void WatchReactor::Advance() {
  if (writing_ || finished_) return;
  if (waiting_ != nullptr) {
    if (!std::exchange(called_, true)) postman_.Call(shared_from_this());
  } else if (closing_) {
    finished_ = true;
    Finish(ToGrpc(status_));
  }
}

// Without the lock, so that whoever tells of the next snapshot does not wait for the kernel: while writing_ is set nobody finishes the call.
void WatchReactor::Deliver(SnapshotBytes& bytes) {
  std::shared_ptr<const engine::PullSnapshot> snapshot;
  {
    absl::MutexLock lock(&mu_);
    called_ = false;
    if (waiting_ == nullptr) return;
    snapshot = std::move(waiting_);
    writing_ = true;
  }
  current_ = bytes.MessageOf(snapshot, caller_, snapshot->change);
  StartWrite(&current_);
}

}  // namespace hfget::rpc
