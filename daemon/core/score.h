// One figure for how good a source is: bytes per second that one connection is expected to bring.
#ifndef HFGET_DAEMON_CORE_SCORE_H_
#define HFGET_DAEMON_CORE_SCORE_H_

#include <algorithm>

#include "absl/time/time.h"
#include "daemon/base/types.h"

namespace hfget::core {

// A range is 3 s of the connection's rate, between 1 and 64 MiB (range_size.h), and waits for its first byte; of all requests
// so many succeed. Rule: success × range ÷ (first byte + range ÷ rate). Units: bytes per second; 0: unknown.
inline double ScoreOf(double connection_rate, absl::Duration first_byte, double success) {
  if (connection_rate <= 0) return 0;
  const double range = std::clamp(3 * connection_rate, 1.0 * kMiB, 64.0 * kMiB);
  return success * range / (absl::ToDoubleSeconds(first_byte) + range / connection_rate);
}

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_SCORE_H_
