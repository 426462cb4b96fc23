#include "daemon/rpc/watch_reactor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/rpc/convert.h"

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
    waiting_ = nullptr;
    writing_ = true;
    StartWrite(&current_);
  } else if (closing_) {
    finished_ = true;
    Finish(ToGrpc(status_));
  }
}

absl::Status WatchSet::Add(const std::shared_ptr<WatchReactor>& watch) {
  absl::MutexLock lock(&mu_);
  if (!closed_.ok()) return closed_;
  watches_.erase(
      std::remove_if(watches_.begin(), watches_.end(), [](const auto& w) { return w.expired(); }),
      watches_.end());
  if (watches_.size() >= most_) {
    return absl::ResourceExhaustedError(absl::StrCat(
        most_,
        " watches are open, more than the daemon serves: close some, or ask with GetPull"));
  }
  watches_.push_back(watch);
  return absl::OkStatus();
}

void WatchSet::CloseAll(const absl::Status& status) {
  std::vector<std::weak_ptr<WatchReactor>> watches;
  {
    absl::MutexLock lock(&mu_);
    if (!closed_.ok()) return;
    closed_ = status;
    watches.swap(watches_);
  }
  for (const auto& weak : watches) {
    if (const auto watch = weak.lock()) watch->Close(status);
  }
}

}  // namespace hfget::rpc
