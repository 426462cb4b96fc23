// What the engine tells of itself.
#include <algorithm>
#include <utility>

#include "daemon/engine/engine.h"

namespace hfget::engine {

void Engine::GetStats(Answer<Stats> answer) {
  mailbox_.Post([this, answer = std::move(answer)]() mutable { answer(TakeStats(clock_.Steady())); });
}

Stats Engine::TakeStats(absl::Time now) const {
  Stats stats;
  stats.started = started_;
  stats.counters = counters_;
  stats.max_connections = config_.max_connections;
  stats.max_active_pulls = config_.max_active_pulls;
  stats.sources = sources_.Figures(now);
  for (const Pull* pull : pulls_.all()) {
    if (pull->dry_run()) continue;
    ++stats.pulls[pull->state()];
    if (pull->state() == core::PullState::kQueued) stats.oldest_queued = std::max(stats.oldest_queued, now - pull->last_progress());
  }
  stats.open_files = static_cast<int>(racer_->open_transfers());
  stats.waiting_for_buffers = racer_->waiting_for_buffers();
  for (const auto& [id, transfer] : racer_->transfers()) {
    const absl::Time since = transfer->unrecorded_since();
    if (since != absl::InfiniteFuture()) stats.checkpoint_lag = std::max(stats.checkpoint_lag, now - since);
  }
  const disk::BufferPool& pool = disk_.buffers();
  stats.buffer_bytes = pool.capacity() * kPieceBytes;
  stats.buffer_bytes_used = (pool.capacity() - pool.available()) * kPieceBytes;
  return stats;
}

void Engine::CountEnd(const PullError& error, core::PullState state) {
  ++counters_.pulls_ended[state];
  if (state == core::PullState::kFailed) ++counters_.pulls_failed[error.cause];
}

}  // namespace hfget::engine
