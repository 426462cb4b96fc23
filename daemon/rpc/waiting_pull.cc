#include "daemon/rpc/waiting_pull.h"

#include <utility>

#include "daemon/rpc/convert.h"

namespace hfget::rpc {

WaitingPull::WaitingPull(ClientLedger::Ticket ticket, core::Caller caller, int files, v1::PullResponse* response, Release release)
    : ticket_(std::move(ticket)), caller_(std::move(caller)), files_(files), release_(std::move(release)), response_(response) {}

std::shared_ptr<WaitingPull> WaitingPull::New(ClientLedger::Ticket ticket, core::Caller caller, int files, v1::PullResponse* response,
                                              Release release) {
  std::shared_ptr<WaitingPull> call(new WaitingPull(std::move(ticket), std::move(caller), files, response, std::move(release)));
  call->self_ = call;
  return call;
}

bool WaitingPull::Begin(const std::string& id, bool joined) {
  {
    absl::MutexLock lock(&mu_);
    id_ = id;
    joined_ = joined;
    if (!over_) return true;
    if (!gone_) return false;
  }
  release_(id);
  return false;
}

// One that waits for a token waits for somebody to bring it.
void WaitingPull::OnSnapshot(std::shared_ptr<const engine::PullSnapshot> pull) {
  absl::MutexLock lock(&mu_);
  const bool ended = core::IsTerminal(pull->state) || pull->state == core::PullState::kNeedsToken;
  if (over_ || !(ended || pull->done_files >= files_)) return;
  over_ = true;
  *response_->mutable_pull() = ToProto(*pull, caller_);
  response_->set_joined(joined_);
  Finish(grpc::Status::OK);
}

void WaitingPull::Close(const absl::Status& status) {
  absl::MutexLock lock(&mu_);
  if (std::exchange(over_, true)) return;
  Finish(ToGrpc(status));
}

void WaitingPull::OnCancel() {
  std::string id;
  {
    absl::MutexLock lock(&mu_);
    if (std::exchange(over_, true)) return;
    gone_ = true;
    id = id_;
    Finish(ToGrpc(absl::CancelledError("the caller has gone")));
  }
  if (!id.empty()) release_(id);
}

void WaitingPull::OnDone() { const std::shared_ptr<WaitingPull> last = std::move(self_); }

}  // namespace hfget::rpc
