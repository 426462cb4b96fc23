// A unary call that waits for the engine's answer.
#ifndef HFGET_DAEMON_RPC_WAITING_CALL_H_
#define HFGET_DAEMON_RPC_WAITING_CALL_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/engine/api.h"
#include "daemon/rpc/convert.h"
#include "grpcpp/support/server_callback.h"

namespace hfget::rpc {

inline absl::Status Draining() {
  return absl::UnavailableError("the daemon is shutting down: try again when it is back");
}

// One unary call that waits for its answer. Finishes it exactly once: by Finish, or as UNAVAILABLE
// when it is destroyed unanswered, which happens when the engine goes with the question still in
// its mailbox. A call that is never finished would keep the server from ever shutting down.
class WaitingCall {
 public:
  explicit WaitingCall(grpc::ServerUnaryReactor* reactor) : reactor_(reactor) {}
  WaitingCall(WaitingCall&& other) noexcept : reactor_(std::exchange(other.reactor_, nullptr)) {}
  WaitingCall& operator=(WaitingCall&&) = delete;
  ~WaitingCall() {
    if (reactor_ != nullptr) Finish(Draining());
  }

  void Finish(const absl::Status& status) {
    std::exchange(reactor_, nullptr)->Finish(ToGrpc(status));
  }

 private:
  grpc::ServerUnaryReactor* reactor_;
};

// An answer for the engine to call: `fill` copies the value into the response, then the call is
// finished.
template <typename T, typename Fill>
engine::EngineApi::Answer<T> AnswerTo(grpc::ServerUnaryReactor* reactor, Fill fill) {
  return [call = WaitingCall(reactor), fill = std::move(fill)](absl::StatusOr<T> result) mutable {
    if (result.ok()) fill(*result);
    call.Finish(result.status());
  };
}

inline grpc::ServerUnaryReactor* FinishNow(grpc::CallbackServerContext* context,
                                    const absl::Status& status) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpc(status));
  return reactor;
}

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_WAITING_CALL_H_
