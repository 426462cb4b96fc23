#include "daemon/rpc/pulls_reactor.h"

#include <algorithm>

#include "daemon/rpc/convert.h"
#include "daemon/rpc/place_token.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::rpc {
namespace {

grpc::ByteBuffer FirstMessage(const engine::WatchBegun& begun) {
  v1::WatchPullsResponse message;
  message.set_resume_token(ToPlaceToken(begun.change));
  message.set_incomplete(begun.incomplete);
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace

std::shared_ptr<PullsReactor> PullsReactor::New(Postman& postman) {
  std::shared_ptr<PullsReactor> reactor(new PullsReactor(postman));
  reactor->self_ = reactor;
  return reactor;
}

void PullsReactor::Begin(const engine::WatchBegun& begun) {
  absl::MutexLock lock(&mu_);
  if (closing_) return;
  told_ = begun.change;
  begun_ = begun;
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
  begun_ = std::nullopt;
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
  } else if (begun_ || !waiting_.empty()) {
    if (!std::exchange(called_, true)) postman_.Call(shared_from_this());
  }
}

// Progress since a change that was told of comes after what was not told of yet: a reader that is slower than the progress comes to know of every
// end too.
PullsReactor::Snapshot PullsReactor::TakeFirst() {
  const auto untold = waiting_.upper_bound(told_);
  const auto first = untold != waiting_.end() ? untold : waiting_.begin();
  const Snapshot snapshot = std::move(first->second);
  told_ = std::max(told_, first->first);
  waits_.erase(snapshot->id);
  waiting_.erase(first);
  return snapshot;
}

// Without the lock, as WatchReactor::Deliver.
void PullsReactor::Deliver(SnapshotBytes& bytes) {
  std::optional<engine::WatchBegun> begun;
  Snapshot snapshot;
  int64_t told = 0;
  {
    absl::MutexLock lock(&mu_);
    called_ = false;
    if (closing_ || writing_ || (!begun_ && waiting_.empty())) return;
    begun = std::exchange(begun_, std::nullopt);
    if (!begun) snapshot = TakeFirst();
    told = told_;
    writing_ = true;
  }
  current_ = begun ? FirstMessage(*begun) : bytes.MessageOf(snapshot, caller_, told);
  StartWrite(&current_);
}

}  // namespace hfget::rpc
