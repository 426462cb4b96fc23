// A unary call whose answer the net has to give: it ends at once when the caller goes or the server
// drains.
#ifndef HFGET_DAEMON_RPC_SLOW_CALL_H_
#define HFGET_DAEMON_RPC_SLOW_CALL_H_

#include <functional>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "daemon/rpc/client_ledger.h"
#include "grpcpp/support/server_callback.h"

namespace hfget::rpc {

// Held by whoever will answer, and by itself until gRPC is done with it. Finished exactly once, by
// the first of Answer and the caller's end. An engine that goes without an answer needs no care: the
// server has cancelled its calls before. Thread: any.
class SlowCall final : public grpc::ServerUnaryReactor,
                       public std::enable_shared_from_this<SlowCall> {
 public:
  // `ticket`: its place among the client's slow calls.
  static std::shared_ptr<SlowCall> New(ClientLedger::Ticket ticket);

  // `fill` writes the response, unless the call is over; then it is not called.
  void Answer(const absl::Status& status, const std::function<void()>& fill);

  void OnCancel() override;
  void OnDone() override;

 private:
  explicit SlowCall(ClientLedger::Ticket ticket) : ticket_(std::move(ticket)) {}

  const ClientLedger::Ticket ticket_;

  absl::Mutex mu_;
  bool over_ ABSL_GUARDED_BY(mu_) = false;
  std::shared_ptr<SlowCall> self_;  // until OnDone
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_SLOW_CALL_H_
