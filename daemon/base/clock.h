// The two times that there are. Decisions take a time as an argument; only the edges ask a Clock.
#ifndef HFGET_DAEMON_BASE_CLOCK_H_
#define HFGET_DAEMON_BASE_CLOCK_H_

#include "absl/time/time.h"

namespace hfget {

// Thread: any.
class Clock {
 public:
  virtual ~Clock() = default;

  // Wall time: for what people read, for expiry of links, and for what outlives a restart. May jump.
  virtual absl::Time Wall() const = 0;

  // Never goes back: for rates, time-outs and intervals. Its zero means nothing; it is an absl::Time only so that
  // durations come out of subtraction.
  virtual absl::Time Steady() const = 0;

  // What the calling thread has had of a processor.
  virtual absl::Duration ThreadCpu() const = 0;
};

// The machine's clocks.
Clock& RealClock();

}  // namespace hfget

#endif  // HFGET_DAEMON_BASE_CLOCK_H_
