// A daemon's figures, each with a value of its own.
#ifndef HFGET_TESTS_RPC_STATS_SAMPLES_H_
#define HFGET_TESTS_RPC_STATS_SAMPLES_H_

#include "daemon/engine/stats.h"

namespace hfget::rpc {

inline engine::Stats SomeStats() {
  engine::Stats stats;
  stats.started = absl::FromUnixMillis(1'700'000'000'250);
  engine::SourceFigures tuna;
  tuna.name = "tuna";
  tuna.state = "ejected";
  tuna.counters.received_bytes = 101;
  tuna.counters.range_requests = 102;
  tuna.counters.range_retries.Add(core::Failure::kStall);
  for (int i = 0; i < 2; ++i) tuna.counters.failures.Add(core::Failure::kStall);
  tuna.rate_bytes_per_sec = 103;
  tuna.connections = 104;
  tuna.latency = absl::Milliseconds(250);
  tuna.success = 0.75;
  tuna.convictions = 5;
  stats.sources.push_back(tuna);
  engine::SourceFigures pai;
  pai.name = "pai";
  pai.state = "off";
  stats.sources.push_back(pai);
  stats.pulls = {{core::PullState::kQueued, 6}, {core::PullState::kFetching, 2}};
  stats.oldest_queued = absl::Seconds(7.5);
  stats.open_files = 8;
  stats.max_connections = 64;
  stats.max_active_pulls = 4;
  stats.checkpoint_lag = absl::Seconds(1.5);
  stats.buffer_bytes = 9000;
  stats.buffer_bytes_used = 900;
  stats.waiting_for_buffers = 10;
  engine::Counters& counters = stats.counters;
  counters.wasted_bytes = 11;
  counters.published_bytes = 12;
  counters.published_files = 13;
  counters.verify_failures = 14;
  counters.buffer_waits = 15;
  counters.pulls_accepted = 16;
  counters.pulls_joined = 17;
  counters.pulls_ended = {{core::PullState::kDone, 18}, {core::PullState::kFailed, 19}};
  counters.pulls_failed = {{core::ErrorCause::kNoSource, 19}};
  counters.verify_time.Observe(absl::Seconds(2));
  for (int i = 0; i < 2; ++i) counters.checkpoint_time.Observe(absl::Milliseconds(20));
  for (int i = 0; i < 3; ++i) counters.store_time.Observe(absl::Milliseconds(2));
  counters.store_failures = 20;
  return stats;
}

}  // namespace hfget::rpc

#endif  // HFGET_TESTS_RPC_STATS_SAMPLES_H_
