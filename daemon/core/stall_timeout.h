// How long a transfer may be silent: mean + 4 deviations of the source's own request times, between 2 and 20 s.
// Source: TCP's retransmission timer (RFC 6298) as libtorrent uses it for requests; design.md "Racing".
#ifndef HFGET_DAEMON_CORE_STALL_TIMEOUT_H_
#define HFGET_DAEMON_CORE_STALL_TIMEOUT_H_

#include <algorithm>

#include "absl/time/time.h"

namespace hfget::core {

// Mean and mean deviation of times to first byte. Pure.
class StallTimeout {
 public:
  void Observe(absl::Duration request_time) {
    if (!seen_) {
      mean_ = request_time;
      deviation_ = request_time / 2;
      seen_ = true;
      return;
    }
    deviation_ += (absl::AbsDuration(request_time - mean_) - deviation_) / 4;
    mean_ += (request_time - mean_) / 8;
  }

  // 10 s until something was observed.
  absl::Duration Get() const {
    if (!seen_) return absl::Seconds(10);
    return std::clamp(mean_ + 4 * deviation_, absl::Seconds(2), absl::Seconds(20));
  }

  bool seen() const { return seen_; }
  absl::Duration mean() const { return mean_; }
  absl::Duration deviation() const { return deviation_; }
  void Load(absl::Duration mean, absl::Duration deviation) {
    mean_ = mean;
    deviation_ = deviation;
    seen_ = true;
  }

 private:
  bool seen_ = false;
  absl::Duration mean_;
  absl::Duration deviation_;
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_STALL_TIMEOUT_H_
