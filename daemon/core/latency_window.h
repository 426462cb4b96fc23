// The last times to first byte, for the percentiles that a mean hides.
#ifndef HFGET_DAEMON_CORE_LATENCY_WINDOW_H_
#define HFGET_DAEMON_CORE_LATENCY_WINDOW_H_

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "absl/time/time.h"

namespace hfget::core {

// Pure.
class LatencyWindow {
 public:
  static constexpr size_t kLast = 128;

  void Observe(absl::Duration latency) {
    last_[next_++ % kLast] = latency;
    count_ = std::min(count_ + 1, kLast);
  }

  // The nearest-rank percentile, `p` in (0, 1]; zero when nothing was observed.
  absl::Duration Percentile(double p) const {
    if (count_ == 0) return absl::ZeroDuration();
    std::array<absl::Duration, kLast> sorted = last_;
    std::sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(count_));
    const auto rank = static_cast<size_t>(std::ceil(p * static_cast<double>(count_)));
    return sorted[std::clamp<size_t>(rank, 1, count_) - 1];
  }

 private:
  std::array<absl::Duration, kLast> last_{};
  size_t next_ = 0;
  size_t count_ = 0;
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_LATENCY_WINDOW_H_
