// Which operations on one file are under way, and what waits for them, so that nothing has to block
// a thread to wait.
#ifndef HFGET_DAEMON_DISK_OPERATION_ORDER_H_
#define HFGET_DAEMON_DISK_OPERATION_ORDER_H_

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "daemon/base/mailbox.h"

namespace hfget::disk {

// Thread: any. Tasks are never run here: those that have become ready are handed back.
class OperationOrder {
 public:
  enum class Kind { kWrite, kOther };
  using Ticket = uint64_t;

  // From the moment an operation is asked for, not from when a thread takes it up.
  Ticket Begin(Kind kind);
  std::vector<Task> End(Ticket ticket);

  // Ready when every write that has begun so far has ended.
  std::vector<Task> AfterWrites(Task task);
  // Ready when nothing at all is under way. REQUIRES: no Begin from outside an operation follows.
  std::vector<Task> AfterAll(Task task);

 private:
  std::vector<Task> TakeReady() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  absl::Mutex mu_;
  Ticket next_ ABSL_GUARDED_BY(mu_) = 0;
  std::set<Ticket> writes_ ABSL_GUARDED_BY(mu_);
  std::set<Ticket> others_ ABSL_GUARDED_BY(mu_);
  std::vector<std::pair<Ticket, Task>> after_writes_
      ABSL_GUARDED_BY(mu_);  // in order; ready when no write is below
  std::vector<Task> after_all_ ABSL_GUARDED_BY(mu_);
};

}  // namespace hfget::disk

#endif  // HFGET_DAEMON_DISK_OPERATION_ORDER_H_
