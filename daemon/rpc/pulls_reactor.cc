#include "daemon/rpc/pulls_reactor.h"

#include <algorithm>

#include "daemon/rpc/convert.h"
#include "daemon/rpc/place_token.h"

namespace hfget::rpc {

std::shared_ptr<PullsReactor> PullsReactor::New() {
  std::shared_ptr<PullsReactor> reactor(new PullsReactor);
  reactor->self_ = reactor;
  return reactor;
}

void PullsReactor::Begin(const engine::WatchBegun& begun) {
  absl::MutexLock lock(&mu_);
  told_ = begun.change;
  current_.set_resume_token(ToPlaceToken(told_));
  current_.set_incomplete(begun.incomplete);
  begins_ = true;
  Advance();
}

void PullsReactor::OnSnapshot(std::shared_ptr<const engine::PullSnapshot> snapshot) {
  absl::MutexLock lock(&mu_);
  if (closing_) return;
  const auto [waits, fresh] = waits_.try_emplace(snapshot->id, snapshot->change);
  if (!fresh) waiting_.erase(std::exchange(waits->second, snapshot->change));
  waiting_[snapshot->change] = std::move(snapshot);
  Advance();
}

void PullsReactor::Close(const absl::Status& status) {
  absl::MutexLock lock(&mu_);
  if (closing_) return;
  closing_ = true;
  status_ = status;
  begins_ = false;
  waiting_.clear();
  Advance();
}

void PullsReactor::OnWriteDone(bool ok) {
  if (!ok) Close(absl::CancelledError("the watch was cancelled"));
  absl::MutexLock lock(&mu_);
  writing_ = false;
  Advance();
}

void PullsReactor::OnDone() { const std::shared_ptr<PullsReactor> self = std::move(self_); }

// With the lock held on purpose, as WatchReactor::Advance.
void PullsReactor::Advance() {
  if (writing_ || finished_) return;
  if (closing_) {
    finished_ = true;
    Finish(ToGrpc(status_));
    return;
  }
  if (!begins_) {
    if (waiting_.empty()) return;
    const auto first = waiting_.begin();
    told_ = std::max(told_, first->first);
    current_.Clear();
    *current_.mutable_pull() = ToProto(*first->second, caller_);
    current_.set_resume_token(ToPlaceToken(told_));
    waits_.erase(first->second->id);
    waiting_.erase(first);
  }
  begins_ = false;
  writing_ = true;
  StartWrite(&current_);
}

}  // namespace hfget::rpc
