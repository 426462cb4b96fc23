// A queue of things to do for one owner thread; how threads talk.
#ifndef HFGET_DAEMON_BASE_MAILBOX_H_
#define HFGET_DAEMON_BASE_MAILBOX_H_

#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace hfget {

using Task = absl::AnyInvocable<void()>;

// Where a task can be left for another thread. Thread: any.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void Post(Task task) = 0;
};

// Thread: Post from any; Drain from the owner only.
class Mailbox final : public Executor {
 public:
  // `wake` is called after a post into an empty box, from the posting thread, with no lock held.
  explicit Mailbox(absl::AnyInvocable<void()> wake) : wake_(std::move(wake)) {}

  void Post(Task task) override {
    bool was_empty;
    {
      absl::MutexLock lock(&mu_);
      was_empty = tasks_.empty();
      tasks_.push_back(std::move(task));
    }
    if (was_empty) wake_();
  }

  // Runs what was posted before the call, in order. Returns how many ran.
  size_t Drain() {
    std::vector<Task> tasks;
    {
      absl::MutexLock lock(&mu_);
      tasks.swap(tasks_);
    }
    for (Task& task : tasks) task();
    return tasks.size();
  }

  bool empty() const {
    absl::MutexLock lock(&mu_);
    return tasks_.empty();
  }

 private:
  absl::AnyInvocable<void()> wake_;
  mutable absl::Mutex mu_;
  std::vector<Task> tasks_ ABSL_GUARDED_BY(mu_);
};

}  // namespace hfget

#endif  // HFGET_DAEMON_BASE_MAILBOX_H_
