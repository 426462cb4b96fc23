// A call that stays open until it is closed.
#ifndef HFGET_DAEMON_RPC_CLOSABLE_H_
#define HFGET_DAEMON_RPC_CLOSABLE_H_

#include "absl/status/status.h"

namespace hfget::rpc {

// Thread: any.
class Closable {
 public:
  virtual ~Closable() = default;
  // Ends it with `status` as soon as what is under way allows.
  virtual void Close(const absl::Status& status) = 0;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_CLOSABLE_H_
