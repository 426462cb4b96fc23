// Which measurements of the past are kept, and how densely.
#ifndef HFGET_DAEMON_CORE_BENCH_RETENTION_H_
#define HFGET_DAEMON_CORE_BENCH_RETENTION_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"

namespace hfget::core {

// The older, the fewer: all of the last two days, then one an hour, after two weeks one in six hours, and none after 90 days. So one that
// is taken every 15 minutes comes to about 800 a source.
constexpr absl::Duration kBenchLife = absl::Hours(24 * 90);

// How far apart measurements of this age are kept; zero: all are. Pure.
inline absl::Duration BenchSpacing(absl::Duration age) {
  if (age < absl::Hours(48)) return absl::ZeroDuration();
  return age < absl::Hours(24 * 14) ? absl::Hours(1) : absl::Hours(6);
}

// Which of them are let go of. `times`: of one source, oldest first, wall. The first in each span of the spacing stays, so that what was
// chosen once is chosen again.
inline std::vector<size_t> BenchOutlived(const std::vector<absl::Time>& times, absl::Time now) {
  std::vector<size_t> outlived;
  int64_t last_span = -1;
  for (size_t i = 0; i < times.size(); ++i) {
    const absl::Duration age = now - times[i];
    const absl::Duration spacing = BenchSpacing(age);
    // The sum with the spacing tells spans of one length from those of another.
    const int64_t span = spacing > absl::ZeroDuration() ? (times[i] - absl::UnixEpoch()) / spacing * 2 + (spacing > absl::Hours(1)) : -1;
    if (age > kBenchLife || (span >= 0 && span == last_span)) {
      outlived.push_back(i);
    } else {
      last_span = span;
    }
  }
  return outlived;
}

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_BENCH_RETENTION_H_
