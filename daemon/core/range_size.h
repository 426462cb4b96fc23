// How many pieces one request asks for.
#ifndef HFGET_DAEMON_CORE_RANGE_SIZE_H_
#define HFGET_DAEMON_CORE_RANGE_SIZE_H_

#include <algorithm>

#include "absl/time/time.h"
#include "daemon/base/types.h"

namespace hfget::core {

// 3 s of what one connection of the source carries, over a long line up to 6 so that the wait for the first byte is a fortieth
// of it, between 1 and 64 MiB: a request costs a round trip, and a broken one costs little. Near the end the range shrinks to
// half of the connection's fair share of what is left (guided self-scheduling, Polychronopoulos and Kuck 1987), so that all
// end together and little has to be stolen; yet not to less than comes in the time to the first byte, or the connection
// would wait more than it carries. An unknown rate gets 2 MiB: enough to measure.
// Units: rates in bytes per second, `left` in bytes not asked for yet.
inline PieceIndex RangePieces(double connection_rate, double total_rate, ByteCount left,
                              absl::Duration latency = absl::ZeroDuration()) {
  if (connection_rate <= 0) return 2;
  const double wait = absl::ToDoubleSeconds(latency);
  const double most = std::clamp(40 * wait, 3.0, 6.0) * connection_rate;
  const double share = static_cast<double>(left) * connection_rate / std::max(total_rate, connection_rate) / 2;
  const double worth_it = wait * connection_rate;
  const double bytes = std::clamp(std::min(most, std::max(share, worth_it)), 1.0 * kMiB, 64.0 * kMiB);
  return static_cast<PieceIndex>(bytes / kPieceBytes);
}

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_RANGE_SIZE_H_
