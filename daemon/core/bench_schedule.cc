#include "daemon/core/bench_schedule.h"

namespace hfget::core {
namespace {

// A sample of fewer says nothing.
constexpr ByteCount kLeastBytes = 64 * kKiB;

}  // namespace

BenchSchedule::BenchSchedule(const std::vector<int>& most_connections, const Limits& limits)
    : sample_bytes_(limits.sample_bytes), left_(limits.total_bytes) {
  for (int round = 1; round <= limits.rounds; ++round) {
    for (const int connections : limits.connections) {
      for (size_t source = 0; source < most_connections.size(); ++source) {
        const bool first = connections == limits.connections.front();
        // Of a source that may have fewer than the least that is asked for, those that it may have.
        if (connections > most_connections[source] && !first) continue;
        turns_.push_back({source, std::min(connections, most_connections[source]), round, first, 0});
      }
    }
  }
  std::reverse(turns_.begin(), turns_.end());
}

std::optional<BenchSchedule::Turn> BenchSchedule::Next() {
  if (turns_.empty()) return std::nullopt;
  const ByteCount share = left_ / static_cast<ByteCount>(turns_.size());
  Turn turn = turns_.back();
  turn.bytes = std::min(sample_bytes_, std::max(share, std::min(left_, kLeastBytes)));
  if (turn.bytes <= 0) return std::nullopt;
  turns_.pop_back();
  ++taken_;
  return turn;
}

void BenchSchedule::Drop(size_t source) {
  std::erase_if(turns_, [source](const Turn& turn) { return turn.source == source; });
}

}  // namespace hfget::core
