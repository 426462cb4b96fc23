#include "daemon/rpc/finding_reactor.h"

#include <utility>

#include "daemon/rpc/convert.h"

namespace hfget::rpc {

std::shared_ptr<FindingReactor> FindingReactor::New() {
  std::shared_ptr<FindingReactor> reactor(new FindingReactor);
  reactor->self_ = reactor;
  return reactor;
}

void FindingReactor::Begin(const std::map<std::string, std::string>& environment) {
  absl::MutexLock lock(&mu_);
  auto& variables = *waiting_.emplace_back().mutable_environment();
  for (const auto& [name, value] : environment) variables[name] = ValidUtf8(value);
  Advance();
}

void FindingReactor::OnFinding(const hub::Finding& finding) {
  absl::MutexLock lock(&mu_);
  if (closing_) return;
  *waiting_.emplace_back().mutable_finding() = ToProto(finding);
  Advance();
}

void FindingReactor::Close(const absl::Status& status) {
  absl::MutexLock lock(&mu_);
  if (closing_) return;
  closing_ = true;
  status_ = status;
  Advance();
}

void FindingReactor::OnWriteDone(bool ok) {
  absl::MutexLock lock(&mu_);
  writing_ = false;
  if (!ok) Abandon();
  Advance();
}

void FindingReactor::OnCancel() {
  absl::MutexLock lock(&mu_);
  Abandon();
  Advance();
}

void FindingReactor::OnDone() {
  // Moved out first: with the last reference gone, `this` is gone at the end of the scope.
  const std::shared_ptr<FindingReactor> self = std::move(self_);
}

void FindingReactor::Abandon() {
  closing_ = true;
  status_ = absl::CancelledError("the diagnosis was cancelled, or the daemon is shutting down");
  waiting_.clear();
}

// StartWrite and Finish with the lock held, as in WatchReactor.
void FindingReactor::Advance() {
  if (writing_ || finished_) return;
  if (!waiting_.empty()) {
    current_ = std::move(waiting_.front());
    waiting_.pop_front();
    writing_ = true;
    StartWrite(&current_);
  } else if (closing_) {
    finished_ = true;
    Finish(ToGrpc(status_));
  }
}

}  // namespace hfget::rpc
