#include "daemon/core/bench_curve.h"

#include <algorithm>
#include <numeric>

namespace hfget::core {

size_t BenchCurve::TickOf(absl::Time at) const {
  return static_cast<size_t>(std::max<int64_t>(0, (at - begin_) / kTick));
}

void BenchCurve::Add(ByteCount bytes, absl::Time now) {
  const size_t tick = TickOf(now);
  if (ticks_.size() <= tick) ticks_.resize(tick + 1);
  ticks_[tick] += bytes;
  bytes_ += bytes;
}

BenchCurve::Rate BenchCurve::RateUntil(absl::Time end) const {
  const absl::Duration whole = end - begin_;
  if (whole < 2 * kTick) return {0, true};
  Rate rate;
  rate.brief = whole < 2 * kWarmUp;
  const size_t from = TickOf(begin_ + (rate.brief ? whole / 2 : kWarmUp));
  const ByteCount counted = std::accumulate(ticks_.begin() + static_cast<ptrdiff_t>(std::min(from, ticks_.size())), ticks_.end(), ByteCount{0});
  const absl::Duration time = whole - static_cast<int64_t>(from) * kTick;
  rate.per_second = static_cast<double>(counted) / absl::ToDoubleSeconds(time);
  return rate;
}

std::vector<ByteCount> BenchCurve::Steps(absl::Time end) const {
  if (end > begin_ && end - begin_ < kStep / 2) return {static_cast<ByteCount>(RateUntil(end).per_second)};
  const auto ticks_a_step = static_cast<size_t>(kStep / kTick);
  std::vector<ByteCount> steps;
  for (absl::Time at = begin_; at < end;) {
    // In a rest of less than half a step one read would be a spike: it goes with the step before.
    const bool last = end - at < kStep + kStep / 2;
    const absl::Time until = last ? end : at + kStep;
    const size_t first = std::min(steps.size() * ticks_a_step, ticks_.size());
    const size_t behind = last ? ticks_.size() : std::min(first + ticks_a_step, ticks_.size());
    const auto at_tick = [this](size_t tick) { return ticks_.begin() + static_cast<ptrdiff_t>(tick); };
    const ByteCount bytes = std::accumulate(at_tick(first), at_tick(behind), ByteCount{0});
    steps.push_back(static_cast<ByteCount>(static_cast<double>(bytes) / absl::ToDoubleSeconds(until - at)));
    at = until;
  }
  return steps;
}

}  // namespace hfget::core
