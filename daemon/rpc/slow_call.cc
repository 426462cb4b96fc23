#include "daemon/rpc/slow_call.h"

#include <utility>

#include "daemon/rpc/convert.h"

namespace hfget::rpc {

std::shared_ptr<SlowCall> SlowCall::New(ClientLedger::Ticket ticket) {
  std::shared_ptr<SlowCall> call(new SlowCall(std::move(ticket)));
  call->self_ = call;
  return call;
}

void SlowCall::Answer(const absl::Status& status, const std::function<void()>& fill) {
  absl::MutexLock lock(&mu_);
  if (std::exchange(over_, true)) return;
  if (status.ok()) fill();
  Finish(ToGrpc(status));
}

void SlowCall::OnCancel() {
  Answer(absl::CancelledError("the caller has gone, or the daemon is shutting down"), nullptr);
}

void SlowCall::OnDone() { const std::shared_ptr<SlowCall> last = std::move(self_); }

}  // namespace hfget::rpc
