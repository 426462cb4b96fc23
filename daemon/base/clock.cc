#include "daemon/base/clock.h"

#include <time.h>

#include <chrono>

#include "absl/time/clock.h"

namespace hfget {
namespace {

class MachineClock final : public Clock {
 public:
  absl::Time Wall() const override { return absl::Now(); }

  absl::Time Steady() const override {
    return absl::UnixEpoch() + absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  }

  absl::Duration ThreadCpu() const override {
    timespec used{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return absl::DurationFromTimespec(used);
  }
};

}  // namespace

Clock& RealClock() {
  static MachineClock* const clock = new MachineClock;
  return *clock;
}

}  // namespace hfget
