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
  if (whole <= absl::ZeroDuration()) return {0, true};
  Rate rate;
  rate.brief = whole < 2 * kWarmUp;
  const size_t from = TickOf(begin_ + (rate.brief ? whole / 2 : kWarmUp));
  const ByteCount counted = std::accumulate(ticks_.begin() + static_cast<ptrdiff_t>(std::min(from, ticks_.size())), ticks_.end(), ByteCount{0});
  const absl::Duration time = whole - static_cast<int64_t>(from) * kTick;
  rate.per_second = static_cast<double>(counted) / absl::ToDoubleSeconds(time);
  return rate;
}

std::vector<ByteCount> BenchCurve::Steps(absl::Time end) const {
  const auto ticks_a_step = static_cast<size_t>(kStep / kTick);
  std::vector<ByteCount> steps;
  for (absl::Time at = begin_; at < end; at += kStep) {
    const size_t first = std::min(steps.size() * ticks_a_step, ticks_.size());
    const size_t last = std::min(first + ticks_a_step, ticks_.size());
    const ByteCount bytes = std::accumulate(ticks_.begin() + static_cast<ptrdiff_t>(first), ticks_.begin() + static_cast<ptrdiff_t>(last), ByteCount{0});
    const double seconds = absl::ToDoubleSeconds(std::min(kStep, end - at));
    steps.push_back(static_cast<ByteCount>(static_cast<double>(bytes) / seconds));
  }
  return steps;
}

}  // namespace hfget::core
