// How fast bytes come in a simulation: what a connection, a host and the whole line carry, and how that changes with time.
#ifndef HFGET_TESTS_FAKES_FAKE_LINE_H_
#define HFGET_TESTS_FAKES_FAKE_LINE_H_

#include <algorithm>
#include <limits>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/types.h"

namespace hfget::testing {

inline constexpr double kNoLimit = std::numeric_limits<double>::infinity();

// A factor that changes at given moments (of the steady clock); 1 before the first.
class RateCurve {
 public:
  struct Step {
    absl::Time from;
    double factor;
  };

  RateCurve() = default;
  explicit RateCurve(std::vector<Step> steps) : steps_(std::move(steps)) {}

  double At(absl::Time now) const {
    double factor = 1;
    for (const Step& step : steps_) {
      if (step.from <= now) factor = step.factor;
    }
    return factor;
  }

 private:
  std::vector<Step> steps_;  // ascending
};

// From `begin` to `end` every connection breaks and none is made.
struct LossBurst {
  absl::Time begin;
  absl::Time end;
};

// What befalls the bodies of one host, besides its rates.
struct FakeShape {
  RateCurve curve;                      // of all its rates
  ByteCount connection_full_bytes = 0;  // of one body at full rate, then at a share of it; 0: all
  double connection_later = 1;
  ByteCount host_full_bytes = 0;        // of the host; likewise
  double host_later = 1;
  int crowd = 0;                        // more connections than this make all of them slow; 0: never
  double crowded = 1;                   // to this share of their rate
  std::vector<LossBurst> bursts;
  double latency_spread = 0.25;         // times differ by so much

  bool Lost(absl::Time now) const {
    return std::any_of(bursts.begin(), bursts.end(), [now](const LossBurst& b) { return b.begin <= now && now < b.end; });
  }
  // Of a host's rates, with so many connections, after so many bytes of it.
  double HostFactor(absl::Time now, int connections, ByteCount sent) const {
    double factor = curve.At(now);
    if (crowd > 0 && connections > crowd) factor *= crowded;
    if (host_full_bytes > 0 && sent >= host_full_bytes) factor *= host_later;
    return factor;
  }
  double ConnectionFactor(ByteCount sent) const {
    return connection_full_bytes > 0 && sent >= connection_full_bytes ? connection_later : 1;
  }
};

// What all hosts share: the user's own line, or a proxy.
struct FakeLine {
  double rate = kNoLimit;  // Units: bytes per second
  RateCurve curve;

  double Rate(absl::Time now) const { return rate * curve.At(now); }
};

// Max-min fairness: everybody gets what he can take, at most the level that fills the pipe.
inline double FairLevel(std::vector<double> takers, double pipe) {
  if (pipe == kNoLimit) return kNoLimit;
  std::sort(takers.begin(), takers.end());
  size_t left = takers.size();
  for (const double most : takers) {
    if (most * static_cast<double>(left) >= pipe) return pipe / static_cast<double>(left);
    pipe -= most;
    --left;
  }
  return kNoLimit;
}

}  // namespace hfget::testing

#endif  // HFGET_TESTS_FAKES_FAKE_LINE_H_
