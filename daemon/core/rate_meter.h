// Bytes per second, decayed: recent seconds count most, silence counts as zero.
#ifndef HFGET_DAEMON_CORE_RATE_METER_H_
#define HFGET_DAEMON_CORE_RATE_METER_H_

#include <cmath>

#include "absl/time/time.h"
#include "daemon/base/types.h"

namespace hfget::core {

// An exponentially decayed sum of bytes over the decayed time that it was gathered in, so that the first seconds are not
// taken for slow ones. Pure; all times from one steady clock.
class RateMeter {
 public:
  explicit RateMeter(absl::Duration half_life = absl::Seconds(2)) : half_life_(half_life) {}

  void Start(absl::Time now) {
    if (started_) return;
    started_ = true;
    last_ = now;
  }

  bool started() const { return started_; }

  void Add(ByteCount bytes, absl::Time now) {
    Start(now);
    Decay(now);
    bytes_ += static_cast<double>(bytes);
  }

  // Units: bytes per second. 0 before there is anything to say.
  double PerSecond(absl::Time now) const {
    RateMeter at = *this;
    at.Decay(now);
    return at.seconds_ < 1e-3 ? 0 : at.bytes_ / at.seconds_;
  }

  // How much time the figure rests on; at most about 1.44 half-lives. Units: seconds
  double Weight(absl::Time now) const {
    RateMeter at = *this;
    at.Decay(now);
    return at.seconds_;
  }

 private:
  void Decay(absl::Time now) {
    if (!started_ || now <= last_) return;
    const double dt = absl::ToDoubleSeconds(now - last_);
    const double tau = absl::ToDoubleSeconds(half_life_) / M_LN2;
    const double keep = std::exp(-dt / tau);
    bytes_ *= keep;
    seconds_ = seconds_ * keep + tau * (1 - keep);
    last_ = now;
  }

  absl::Duration half_life_;
  bool started_ = false;
  absl::Time last_;
  double bytes_ = 0;
  double seconds_ = 0;
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_RATE_METER_H_
