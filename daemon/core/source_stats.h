// What is known of one source's pace: rate of one connection, time to first byte, success; all decayed.
#ifndef HFGET_DAEMON_CORE_SOURCE_STATS_H_
#define HFGET_DAEMON_CORE_SOURCE_STATS_H_

#include <algorithm>
#include <cmath>

#include "absl/time/time.h"
#include "daemon/base/types.h"
#include "daemon/core/latency_window.h"
#include "daemon/core/rate_meter.h"
#include "daemon/core/stall_timeout.h"

namespace hfget::core {

// Pure. Thread: the engine.
class SourceStats {
 public:
  // One flight ended after `bytes` in `elapsed` (from its first byte on). Flights below 256 KiB say little about rate.
  void OnFlight(ByteCount bytes, absl::Duration elapsed) {
    if (bytes < 256 * kKiB || elapsed <= absl::ZeroDuration()) return;
    OnRate(static_cast<double>(bytes) / absl::ToDoubleSeconds(elapsed));
  }
  // Of one connection, as it was measured: however slow. Units: bytes per second.
  void OnRate(double rate) {
    if (!(rate > 0)) return;
    connection_rate_ = connection_rate_ <= 0 ? rate : connection_rate_ * 0.7 + rate * 0.3;
  }
  void OnFirstByte(absl::Duration latency) {
    latency_.Observe(latency);
    window_.Observe(latency);
  }
  void OnResult(bool good) { success_ += ((good ? 1.0 : 0.0) - success_) / 16; }
  void OnBytes(ByteCount bytes, absl::Time now) {
    total_rate_.Add(bytes, now);
    bytes_ += bytes;
  }

  double connection_rate() const { return connection_rate_; }  // Units: bytes per second; 0: unknown
  double RateNow(absl::Time now) const { return total_rate_.PerSecond(now); }
  absl::Duration latency() const { return latency_.seen() ? latency_.mean() : absl::Milliseconds(200); }
  absl::Duration StallAfter() const { return latency_.Get(); }
  const StallTimeout& times() const { return latency_; }
  absl::Duration latency_p95() const { return window_.Percentile(0.95); }  // of this process; zero: unknown
  double success() const { return success_; }  // 0..1
  ByteCount bytes() const { return bytes_; }   // since the start of the process

  // Pace is believed for so long; failures are forgiven by half in each such time.
  static constexpr absl::Duration kPaceLife = absl::Hours(7 * 24);
  static constexpr absl::Duration kForgiveHalf = absl::Hours(6);
  // No answer is waited for so long; and an infinite mean would never come down again.
  static constexpr absl::Duration kLongestLatency = absl::Minutes(10);
  // From a record of an earlier run, `age` ago by wall time; what makes no sense is left out.
  void Load(double connection_rate, absl::Duration latency, absl::Duration deviation, double success,
            absl::Duration age = absl::ZeroDuration()) {
    age = std::max(age, absl::ZeroDuration());
    if (success >= 0 && success <= 1) success_ = 1 - (1 - success) * std::exp2(-absl::FDivDuration(age, kForgiveHalf));
    if (age >= kPaceLife) return;
    if (std::isfinite(connection_rate)) connection_rate_ = std::max(connection_rate, 0.0);
    const auto is_time = [](absl::Duration d) { return d >= absl::ZeroDuration() && d <= kLongestLatency; };
    if (latency > absl::ZeroDuration() && is_time(latency) && is_time(deviation)) latency_.Load(latency, deviation);
  }

 private:
  double connection_rate_ = 0;
  StallTimeout latency_;
  LatencyWindow window_;
  double success_ = 1;
  RateMeter total_rate_;
  ByteCount bytes_ = 0;
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_SOURCE_STATS_H_
