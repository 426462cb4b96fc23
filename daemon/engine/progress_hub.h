// Who watches which pull, and how often they are told.
#ifndef HFGET_DAEMON_ENGINE_PROGRESS_HUB_H_
#define HFGET_DAEMON_ENGINE_PROGRESS_HUB_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "daemon/core/telling_pace.h"
#include "daemon/engine/api.h"

namespace hfget::engine {

// At most ten snapshots a second a pull, fewer when very many watch (core::TellingPace), made only where somebody watches; the terminal one
// at once and last. Each pull has a beat of its own, so that not all watchers are told at the same moment. Thread: the engine.
class ProgressHub {
 public:
  static constexpr absl::Duration kInterval = absl::Milliseconds(100);

  // Tells `watcher` the current state; keeps it when more is to come.
  void Watch(const std::string& pull, std::shared_ptr<Watcher> watcher,
             std::shared_ptr<const PullSnapshot> current, bool terminal) {
    watcher->OnSnapshot(std::move(current));
    if (terminal) return;
    const auto [audience, fresh] = audiences_.try_emplace(pull);
    audience->second.watchers.push_back(watcher);
    ++watchers_;
    if (fresh) next_ = absl::InfinitePast();
  }

  bool Watched(const std::string& pull) const { return audiences_.count(pull) > 0; }

  void Publish(const std::string& pull, std::shared_ptr<const PullSnapshot> snapshot, bool terminal) {
    const auto it = audiences_.find(pull);
    if (it == audiences_.end()) return;
    std::vector<std::weak_ptr<Watcher>>& watchers = it->second.watchers;
    const size_t gone = std::erase_if(watchers, [&](const std::weak_ptr<Watcher>& weak) {
      const std::shared_ptr<Watcher> watcher = weak.lock();
      if (watcher) watcher->OnSnapshot(snapshot);
      return watcher == nullptr;
    });
    watchers_ -= static_cast<int64_t>(gone);
    if (!terminal && !watchers.empty()) return;
    watchers_ -= static_cast<int64_t>(watchers.size());
    audiences_.erase(it);
  }

  // Calls `publish` for each watched pull whose time has come.
  void Tick(absl::Time now, absl::FunctionRef<void(const std::string&)> publish) {
    if (audiences_.empty() || now < next_) return;
    const absl::Duration interval = core::TellingPace(kInterval, watchers_);
    next_ = absl::InfiniteFuture();
    std::vector<std::string> due;
    for (auto& [pull, audience] : audiences_) {
      if (now >= audience.next) {
        audience.next = now + interval;
        due.push_back(pull);
      }
      next_ = std::min(next_, audience.next);
    }
    for (const std::string& pull : due) publish(pull);
  }

  absl::Time NextTick() const { return audiences_.empty() ? absl::InfiniteFuture() : next_; }

 private:
  struct Audience {
    std::vector<std::weak_ptr<Watcher>> watchers;
    absl::Time next = absl::InfinitePast();
  };

  std::map<std::string, Audience> audiences_;  // by pull
  int64_t watchers_ = 0;                       // of all of them, with those that have gone unnoticed
  absl::Time next_ = absl::InfinitePast();     // of theirs, the first
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_PROGRESS_HUB_H_
