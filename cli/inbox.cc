#include "cli/inbox.h"

#include <csignal>
#include <utility>

namespace hfget::cli {

void Inbox::Open() {
  const absl::MutexLock lock(&mu_);
  open_ = true;
}

void Inbox::Close() {
  const absl::MutexLock lock(&mu_);
  open_ = false;
}

bool Inbox::PutSignal(int signal) {
  const absl::MutexLock lock(&mu_);
  if (signal == SIGWINCH) {
    news_.resized = true;
  } else if (signal == SIGCONT) {
    news_.resumed = true;
  } else {
    if (!open_ || news_.signal != 0) return false;  // the second Ctrl-C does not wait
    news_.signal = signal;
  }
  has_news_ = true;
  return true;
}

void Inbox::BeginStream() {
  const absl::MutexLock lock(&mu_);
  news_.snapshot.reset();
  news_.bench.clear();
  news_.ended.reset();
}

void Inbox::PutSnapshot(v1::Pull pull) {
  const absl::MutexLock lock(&mu_);
  news_.snapshot = std::move(pull);
  has_news_ = true;
}

void Inbox::PutBench(v1::BenchSourcesResponse response) {
  const absl::MutexLock lock(&mu_);
  news_.bench.push_back(std::move(response));
  has_news_ = true;
}

void Inbox::PutEnd(absl::Status status) {
  const absl::MutexLock lock(&mu_);
  news_.ended = std::move(status);
  has_news_ = true;
}

Inbox::News Inbox::Wait(absl::Time deadline) {
  const absl::MutexLock lock(&mu_);
  mu_.AwaitWithDeadline(absl::Condition(this, &Inbox::HasNews), deadline);
  has_news_ = false;
  return std::exchange(news_, News{});
}

}  // namespace hfget::cli
