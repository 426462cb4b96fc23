#include "daemon/disk/operation_order.h"

#include <limits>

namespace hfget::disk {

OperationOrder::Ticket OperationOrder::Begin(Kind kind) {
  absl::MutexLock lock(&mu_);
  (kind == Kind::kWrite ? writes_ : others_).insert(next_);
  return next_++;
}

std::vector<Task> OperationOrder::End(Ticket ticket) {
  absl::MutexLock lock(&mu_);
  if (writes_.erase(ticket) == 0) others_.erase(ticket);
  return TakeReady();
}

std::vector<Task> OperationOrder::AfterWrites(Task task) {
  absl::MutexLock lock(&mu_);
  after_writes_.emplace_back(next_, std::move(task));
  return TakeReady();
}

std::vector<Task> OperationOrder::AfterAll(Task task) {
  absl::MutexLock lock(&mu_);
  after_all_.push_back(std::move(task));
  return TakeReady();
}

std::vector<Task> OperationOrder::TakeReady() {
  std::vector<Task> ready;
  const Ticket oldest = writes_.empty() ? std::numeric_limits<Ticket>::max() : *writes_.begin();
  auto waiting = after_writes_.begin();
  for (; waiting != after_writes_.end() && waiting->first <= oldest; ++waiting) {
    ready.push_back(std::move(waiting->second));
  }
  after_writes_.erase(after_writes_.begin(), waiting);
  if (writes_.empty() && others_.empty() && ready.empty()) ready = std::exchange(after_all_, {});
  return ready;
}

}  // namespace hfget::disk
