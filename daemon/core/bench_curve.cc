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

double BenchCurve::BurstsFrom(size_t from, size_t end) const {
  std::vector<size_t> begins;  // ticks
  size_t empty = 0;
  for (size_t tick = 0; tick < ticks_.size(); ++tick) {
    if (ticks_[tick] == 0) {
      ++empty;
      continue;
    }
    if (tick >= from && empty >= kPause) begins.push_back(tick);
    empty = 0;
  }
  if (begins.size() < 2) return 0;
  const size_t span = begins.back() - begins.front();
  const size_t period = span / (begins.size() - 1);
  // A silence at the end is none between bursts, and a few of them do not stand for a long sample.
  if (end - begins.back() > period + period / 2 || span * 3 < end - from) return 0;
  const auto at = [this](size_t tick) { return ticks_.begin() + static_cast<ptrdiff_t>(tick); };
  const ByteCount counted = std::accumulate(at(begins.front()), at(begins.back()), ByteCount{0});
  return static_cast<double>(counted) / absl::ToDoubleSeconds(static_cast<int64_t>(span) * kTick);
}

BenchCurve::Rate BenchCurve::RateUntil(absl::Time end) const {
  const absl::Duration whole = end - begin_;
  if (whole < 2 * kTick) return {0, true};
  Rate rate;
  rate.brief = whole < 2 * kWarmUp;
  const size_t from = TickOf(begin_ + (rate.brief ? whole / 2 : kWarmUp));
  rate.per_second = BurstsFrom(from, TickOf(end));
  if (rate.per_second > 0) return rate;
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
