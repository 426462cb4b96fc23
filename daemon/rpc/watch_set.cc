#include "daemon/rpc/watch_set.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace hfget::rpc {

absl::Status WatchSet::Add(const std::shared_ptr<Closable>& watch) {
  absl::MutexLock lock(&mu_);
  if (!closed_.ok()) return closed_;
  watches_.erase(
      std::remove_if(watches_.begin(), watches_.end(), [](const auto& w) { return w.expired(); }),
      watches_.end());
  if (watches_.size() >= most_) {
    return absl::ResourceExhaustedError(absl::StrCat(
        most_,
        " watches are open, more than the daemon serves: close some, or ask with GetPull"));
  }
  watches_.push_back(watch);
  return absl::OkStatus();
}

void WatchSet::CloseAll(const absl::Status& status) {
  std::vector<std::weak_ptr<Closable>> watches;
  {
    absl::MutexLock lock(&mu_);
    if (!closed_.ok()) return;
    closed_ = status;
    watches.swap(watches_);
  }
  for (const auto& weak : watches) {
    if (const auto watch = weak.lock()) watch->Close(status);
  }
}

}  // namespace hfget::rpc
