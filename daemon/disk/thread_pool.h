// Threads that take tasks from one queue, in order.
#ifndef HFGET_DAEMON_DISK_THREAD_POOL_H_
#define HFGET_DAEMON_DISK_THREAD_POOL_H_

#include <deque>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "daemon/base/mailbox.h"

namespace hfget::disk {

// Thread: Post from any, also from a task.
class ThreadPool final : public Executor {
 public:
  explicit ThreadPool(int threads);
  // Runs what is queued, and what that queues, to the end.
  ~ThreadPool() override;

  void Post(Task task) override;

 private:
  void Work();
  bool Due() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  absl::Mutex mu_;
  std::deque<Task> tasks_ ABSL_GUARDED_BY(mu_);
  int running_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;  // constant after construction
};

}  // namespace hfget::disk

#endif  // HFGET_DAEMON_DISK_THREAD_POOL_H_
