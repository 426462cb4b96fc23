#include "daemon/rpc/fresh_stats.h"

#include <utility>

#include "absl/status/status.h"

namespace hfget::rpc {

absl::StatusOr<engine::Stats> FreshStats::Get() {
  {
    absl::MutexLock lock(&shared_->mu);
    const bool fresh = shared_->stats && clock_.Steady() - shared_->taken < kFresh;
    if (fresh && !shared_->closed) return *shared_->stats;
  }
  AskOnce();
  absl::MutexLock lock(&shared_->mu);
  const bool in_time = shared_->mu.AwaitWithTimeout(absl::Condition(shared_.get(), &Shared::Settled), patience_);
  if (shared_->closed) return absl::UnavailableError("the daemon is shutting down");
  if (!in_time || !shared_->stats) return absl::UnavailableError("the engine does not answer");
  return *shared_->stats;
}

// Not again while a question is on its way: an engine that is slow must not find a pile of them.
void FreshStats::AskOnce() {
  {
    absl::MutexLock lock(&shared_->mu);
    if (shared_->closed || std::exchange(shared_->asked, true)) return;
    shared_->stats.reset();
  }
  engine_.GetStats([shared = shared_, &clock = clock_](absl::StatusOr<engine::Stats> answer) {
    absl::MutexLock lock(&shared->mu);
    shared->asked = false;
    if (!answer.ok()) return;
    shared->stats = *std::move(answer);
    shared->taken = clock.Steady();
  });
}

void FreshStats::Close() {
  absl::MutexLock lock(&shared_->mu);
  shared_->closed = true;
}

}  // namespace hfget::rpc
