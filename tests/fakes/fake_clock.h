// The one timeline of a simulation: a clock that moves only when told, and runs what is planned on the way.
#ifndef HFGET_TESTS_FAKES_FAKE_CLOCK_H_
#define HFGET_TESTS_FAKES_FAKE_CLOCK_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "absl/time/time.h"
#include "daemon/base/clock.h"
#include "daemon/base/mailbox.h"

namespace hfget::testing {

// Equal times run in the order in which they were planned, so that a seed means one history. Thread: one.
class FakeClock final : public Clock {
 public:
  absl::Time Wall() const override { return kWallAtZero + (now_ - absl::UnixEpoch()); }
  absl::Time Steady() const override { return now_; }
  absl::Duration ThreadCpu() const override { return absl::ZeroDuration(); }

  void At(absl::Time when, Task task) {
    tasks_.emplace(std::make_pair(std::max(when, now_), ++sequence_), std::move(task));
  }
  void After(absl::Duration delay, Task task) { At(now_ + delay, std::move(task)); }

  absl::Time Next() const { return tasks_.empty() ? absl::InfiniteFuture() : tasks_.begin()->first.first; }
  // Moves to the next event and runs it, when it comes by `until`; else only moves to `until`. True: one ran.
  bool RunOne(absl::Time until) {
    if (Next() > until) {
      now_ = std::max(now_, until);
      return false;
    }
    now_ = tasks_.begin()->first.first;
    Task task = std::move(tasks_.begin()->second);
    tasks_.erase(tasks_.begin());
    ++events_;
    task();
    return true;
  }
  void Advance(absl::Duration by) {
    for (const absl::Time until = now_ + by; RunOne(until);) {
    }
  }

  // What was planned never happens: the process that planned it has died.
  void Forget() { tasks_.clear(); }

  uint64_t events() const { return events_; }

 private:
  static constexpr absl::Time kWallAtZero = absl::FromUnixSeconds(1'800'000'000);

  absl::Time now_ = absl::UnixEpoch() + absl::Hours(1);
  uint64_t sequence_ = 0;
  uint64_t events_ = 0;
  std::map<std::pair<absl::Time, uint64_t>, Task> tasks_;
};

}  // namespace hfget::testing

#endif  // HFGET_TESTS_FAKES_FAKE_CLOCK_H_
