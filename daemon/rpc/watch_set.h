// All calls that stay open, to be counted and closed.
#ifndef HFGET_DAEMON_RPC_WATCH_SET_H_
#define HFGET_DAEMON_RPC_WATCH_SET_H_

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "daemon/rpc/closable.h"

namespace hfget::rpc {

// Thread: any.
class WatchSet {
 public:
  // `most`: of all clients together, beside the limit of each (DoorConfig).
  explicit WatchSet(size_t most) : most_(most) {}

  // Errors: RESOURCE_EXHAUSTED beyond the most; after CloseAll, its status.
  absl::Status Add(const std::shared_ptr<Closable>& watch);
  // REQUIRES: !status.ok().
  void CloseAll(const absl::Status& status);

 private:
  const size_t most_;
  absl::Mutex mu_;
  absl::Status closed_ ABSL_GUARDED_BY(mu_);
  std::vector<std::weak_ptr<Closable>> watches_ ABSL_GUARDED_BY(mu_);
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_WATCH_SET_H_
