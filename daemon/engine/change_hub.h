// Who watches all pulls, or those that a filter is about.
#ifndef HFGET_DAEMON_ENGINE_CHANGE_HUB_H_
#define HFGET_DAEMON_ENGINE_CHANGE_HUB_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "daemon/core/pull_filter.h"
#include "daemon/core/telling_pace.h"
#include "daemon/engine/api.h"

namespace hfget::engine {

// Every change of state at once, progress once a second, less often when many watch many (core::TellingPace). One pull after the other, so
// that not all are told of at the same moment. Thread: the engine.
class ChangeHub {
 public:
  static constexpr absl::Duration kInterval = absl::Seconds(1);

  void Watch(core::PullFilter filter, std::shared_ptr<Watcher> watcher) {
    std::erase_if(watchers_, [](const Entry& entry) { return entry.watcher.expired(); });
    watchers_.push_back({std::move(filter), std::move(watcher)});
  }

  bool watched() const { return !watchers_.empty(); }

  // `concerns`: whether a filter is about the pull.
  void Publish(const std::shared_ptr<const PullSnapshot>& snapshot, absl::FunctionRef<bool(const core::PullFilter&)> concerns) {
    std::erase_if(watchers_, [&](const Entry& entry) {
      const std::shared_ptr<Watcher> watcher = entry.watcher.lock();
      if (watcher == nullptr) return true;
      if (concerns(entry.filter) && entry.filter.Keeps(snapshot->state)) watcher->OnSnapshot(snapshot);
      return false;
    });
  }

  // True when it is time to tell of the progress of the next pull, of `moving` ones.
  bool Due(absl::Time now, size_t moving) {
    if (watchers_.empty() || now < next_) return false;
    const int64_t turns = std::max<int64_t>(static_cast<int64_t>(moving), 1);
    next_ = now + core::TellingPace(kInterval, turns * static_cast<int64_t>(watchers_.size())) / turns;
    return moving > 0;
  }
  absl::Time NextTick() const { return watchers_.empty() ? absl::InfiniteFuture() : next_; }

 private:
  struct Entry {
    core::PullFilter filter;
    std::weak_ptr<Watcher> watcher;
  };
  std::vector<Entry> watchers_;
  absl::Time next_ = absl::InfinitePast();
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_CHANGE_HUB_H_
