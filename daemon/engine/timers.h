// Things to do later, on the engine thread.
#ifndef HFGET_DAEMON_ENGINE_TIMERS_H_
#define HFGET_DAEMON_ENGINE_TIMERS_H_

#include <map>
#include <utility>

#include "absl/time/time.h"
#include "daemon/base/mailbox.h"

namespace hfget::engine {

// Equal times run in the order in which they were set. Thread: the engine.
class Timers {
 public:
  using Id = std::pair<absl::Time, uint64_t>;

  // `when` is on the steady clock.
  Id At(absl::Time when, Task task) {
    const Id id{when, ++sequence_};
    tasks_.emplace(id, std::move(task));
    return id;
  }
  void Cancel(const Id& id) { tasks_.erase(id); }

  absl::Time Next() const { return tasks_.empty() ? absl::InfiniteFuture() : tasks_.begin()->first.first; }

  void RunDue(absl::Time now) {
    while (!tasks_.empty() && tasks_.begin()->first.first <= now) {
      Task task = std::move(tasks_.begin()->second);
      tasks_.erase(tasks_.begin());
      task();
    }
  }

 private:
  uint64_t sequence_ = 0;
  std::map<Id, Task> tasks_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_TIMERS_H_
