// Who watches which pull, and how often they are told.
#ifndef HFGET_DAEMON_ENGINE_PROGRESS_HUB_H_
#define HFGET_DAEMON_ENGINE_PROGRESS_HUB_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "daemon/engine/api.h"

namespace hfget::engine {

// At most ten snapshots a second a pull, made only where somebody watches; the terminal one at once and last.
// Thread: the engine.
class ProgressHub {
 public:
  static constexpr absl::Duration kInterval = absl::Milliseconds(100);

  // Tells `watcher` the current state; keeps it when more is to come.
  void Watch(const std::string& pull, std::shared_ptr<Watcher> watcher,
             std::shared_ptr<const PullSnapshot> current, bool terminal) {
    watcher->OnSnapshot(std::move(current));
    if (!terminal) watchers_[pull].push_back(watcher);
  }

  bool Watched(const std::string& pull) const { return watchers_.count(pull) > 0; }

  void Publish(const std::string& pull, std::shared_ptr<const PullSnapshot> snapshot, bool terminal) {
    const auto it = watchers_.find(pull);
    if (it == watchers_.end()) return;
    std::erase_if(it->second, [&](const std::weak_ptr<Watcher>& weak) {
      const std::shared_ptr<Watcher> watcher = weak.lock();
      if (watcher) watcher->OnSnapshot(snapshot);
      return watcher == nullptr;
    });
    if (terminal || it->second.empty()) watchers_.erase(it);
  }

  // Calls `publish` for each watched pull when the time has come.
  void Tick(absl::Time now, absl::FunctionRef<void(const std::string&)> publish) {
    if (watchers_.empty() || now < next_) return;
    next_ = now + kInterval;
    std::vector<std::string> pulls;
    for (const auto& [pull, watchers] : watchers_) pulls.push_back(pull);
    for (const std::string& pull : pulls) publish(pull);
  }

  absl::Time NextTick() const { return watchers_.empty() ? absl::InfiniteFuture() : next_; }

 private:
  std::map<std::string, std::vector<std::weak_ptr<Watcher>>> watchers_;
  absl::Time next_ = absl::InfinitePast();
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_PROGRESS_HUB_H_
