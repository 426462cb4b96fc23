// How long things took: counts by upper bound, as Prometheus has them.
#ifndef HFGET_DAEMON_CORE_HISTOGRAM_H_
#define HFGET_DAEMON_CORE_HISTOGRAM_H_

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/time/time.h"

namespace hfget::core {

// Pure. One set of bounds for all: what is measured here takes from a millisecond (a commit) to minutes (the hash of a file that
// was not hashed as it arrived).
class Histogram {
 public:
  static constexpr std::array<double, 11> kBounds{0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1, 2.5, 10, 60, 300};  // Units: seconds

  void Observe(absl::Duration time) {
    const double seconds = std::max(0.0, absl::ToDoubleSeconds(time));
    ++counts_[std::lower_bound(kBounds.begin(), kBounds.end(), seconds) - kBounds.begin()];
    sum_seconds_ += seconds;
    ++count_;
  }

  // Those that took no longer than kBounds[i].
  int64_t WithinBound(size_t i) const {
    int64_t n = 0;
    for (size_t k = 0; k <= i; ++k) n += counts_[k];
    return n;
  }
  int64_t count() const { return count_; }
  double sum_seconds() const { return sum_seconds_; }

 private:
  std::array<int64_t, kBounds.size() + 1> counts_{};  // each bound's own; the last: longer than all
  int64_t count_ = 0;
  double sum_seconds_ = 0;
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_HISTOGRAM_H_
