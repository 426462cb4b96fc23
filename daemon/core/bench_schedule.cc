#include "daemon/core/bench_schedule.h"

namespace hfget::core {
namespace {

// A sample of fewer says nothing.
constexpr ByteCount kLeastBytes = 64 * kKiB;

// Of one source: none more than it may have, each once.
std::vector<int> CountsFor(int most, const std::vector<int>& wanted) {
  std::vector<int> counts;
  for (const int count : wanted) {
    if (counts.empty() || counts.back() < most) counts.push_back(std::min(count, most));
  }
  return counts;
}

}  // namespace

BenchSchedule::BenchSchedule(const std::vector<int>& most_connections, const Limits& limits)
    : sample_bytes_(limits.sample_bytes), left_(limits.total_bytes) {
  std::vector<std::vector<int>> counts;
  for (const int most : most_connections) counts.push_back(CountsFor(most, limits.connections));
  for (int round = 1; round <= limits.rounds; ++round) {
    for (size_t step = 0; step < limits.connections.size(); ++step) {
      for (size_t source = 0; source < counts.size(); ++source) {
        if (step < counts[source].size()) turns_.push_back({source, counts[source][step], round, step == 0, 0});
      }
    }
  }
  std::reverse(turns_.begin(), turns_.end());
}

std::optional<BenchSchedule::Turn> BenchSchedule::Next() {
  if (turns_.empty()) return std::nullopt;
  Turn turn = turns_.back();
  turn.bytes = std::min(sample_bytes_, std::max(share(), std::min(left_, kLeastBytes)));
  if (turn.bytes <= 0) return std::nullopt;
  turns_.pop_back();
  ++taken_;
  return turn;
}

void BenchSchedule::Drop(size_t source) {
  std::erase_if(turns_, [source](const Turn& turn) { return turn.source == source; });
}

}  // namespace hfget::core
