// What the engine remembers of pulls, over restarts too, and who is told when one changes.
#include <algorithm>
#include <utility>

#include "daemon/base/log.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/pull_record.h"
#include "daemon/hub/path_check.h"

namespace hfget::engine {
namespace {

// Of the pulls that are remembered beyond the limit, because they were given a name in the last day.
constexpr int kRememberedNames = 10'000;
// More changes than can have been told of before they were recorded: their numbers are not used again.
constexpr int64_t kLostChanges = 1'000'000;

}  // namespace

void Engine::Recover() {
  store::Contents contents = store_.Load();
  for (const auto& record : contents.sources) sources_.Load(record);
  for (const auto& record : contents.benches) bench_history_.Load(record);
  for (auto& [key, record] : contents.transfers) racer_->Load(key, std::move(record));
  for (const auto& record : contents.pulls) {
    if (const absl::Status checked = CheckPullRecord(record); !checked.ok()) {
      spdlog::warn("the pull {} is left as it is recorded: {}", hub::Printable(record.id(), 60), checked.message());
      continue;
    }
    auto pull = std::make_unique<Pull>(context_, *racer_, *this, record);
    next_sequence_ = std::max(next_sequence_, record.sequence() + 1);
    next_change_ = std::max(next_change_, record.change() + 1);
    pulls_.Put(std::move(pull));
  }
  next_change_ += kLostChanges;
  if (static_cast<int>(pulls_.ended()) >= config_.remembered_pulls) {
    // Those that have been forgotten ended before all that are remembered without a name (ForgetOldest).
    forgotten_change_ = next_change_;
    for (const Pull* pull : pulls_.all()) {
      if (core::IsTerminal(pull->state()) && !pull->named()) forgotten_change_ = std::min(forgotten_change_, pull->change() - 1);
    }
  }
  if (!pulls_.open().empty()) spdlog::info("{} unfinished pull(s) go on", pulls_.open().size());
  begin_wanted_ = true;
}

void Engine::OnChanged(Pull& pull) {
  begin_wanted_ = true;
  pulls_.Refresh(pull);
  pull.set_change(next_change_++);
  const core::PullState state = pull.state();
  const bool ended = core::IsTerminal(state);
  if (ended) spdlog::info("pull {} is {}", pull.id(), core::PullStateName(state));
  if (ended && !pull.dry_run()) CountEnd(pull.error(), state);
  if (!pull.dry_run()) {
    store::Batch batch;
    batch.puts.emplace_back(store::PullKey(pull.id()), pull.ToRecord().SerializeAsString());
    store_.Commit(std::move(batch), ended ? store::Durability::kPromise : store::Durability::kProgress,
                  [id = pull.id()](absl::Status status) {
                    if (!status.ok()) spdlog::error("pull {} could not be recorded: {}", id, status.message());
                  });
  }
  if (hub_.Watched(pull.id())) Publish(pull.id());
  if (changes_.watched()) TellAll(pull);
}

// Of one that has ended nothing changes: who comes back shares it with all others who do.
std::shared_ptr<const PullSnapshot> Engine::BriefOf(Pull& pull) {
  if (std::shared_ptr<const PullSnapshot> told = pull.told().lock(); told != nullptr && told->change == pull.change()) return told;
  auto snapshot = std::make_shared<const PullSnapshot>(pull.Brief(clock_.Steady()));
  if (core::IsTerminal(pull.state())) pull.told() = snapshot;
  return snapshot;
}

void Engine::TellAll(const Pull& pull) {
  auto snapshot = std::make_shared<PullSnapshot>(pull.Brief(clock_.Steady()));
  if (pull.state() == core::PullState::kQueued) snapshot->queue_position = pulls_.PositionOf(pull);
  changes_.Publish(std::move(snapshot), [&pull](const core::PullFilter& filter) { return pull.Concerns(filter); });
}

void Engine::TellProgress() {
  const PullTable::Aged& active = pulls_.active();
  auto next = active.upper_bound(told_sequence_);
  if (next == active.end()) next = active.begin();
  told_sequence_ = (*next)->sequence();
  TellAll(**next);
}

void Engine::Publish(const std::string& id) {
  Pull* pull = pulls_.Find(id);
  if (pull == nullptr) return;
  hub_.Publish(id, std::make_shared<const PullSnapshot>(SnapshotOf(*pull)), core::IsTerminal(pull->state()));
}

void Engine::Forget(const std::string& id, store::Durability durability, absl::AnyInvocable<void(absl::Status)> done) {
  if (const Pull* pull = pulls_.Find(id)) forgotten_change_ = std::max(forgotten_change_, pull->change());
  pulls_.Erase(id);
  store::Batch batch;
  batch.deletes.push_back(store::PullKey(id));
  store_.Commit(std::move(batch), durability, [done = std::move(done)](absl::Status status) mutable {
    if (done) done(std::move(status));
  });
}

// Who ended first, not who was asked for first: one that took long is not forgotten before its client has seen its end. A name that was given
// stands for its pull for a day: as long as there are not too many, that one is not forgotten.
void Engine::ForgetOldest() {
  int left = static_cast<int>(pulls_.ended());
  if (left <= config_.remembered_pulls) return;
  std::vector<const Pull*> ended;
  for (const Pull* pull : pulls_.all()) {
    if (core::IsTerminal(pull->state())) ended.push_back(pull);
  }
  std::sort(ended.begin(), ended.end(), [](const Pull* a, const Pull* b) { return a->change() < b->change(); });
  std::vector<std::string> ids;
  for (const Pull* pull : ended) {
    if (left <= config_.remembered_pulls) break;
    if (pull->named() && left <= kRememberedNames) continue;
    ids.push_back(pull->id());
    --left;
  }
  for (const std::string& id : ids) Forget(id, store::Durability::kProgress, nullptr);
}

void Engine::Watch(std::string id, std::shared_ptr<Watcher> watcher, Answer<bool> answer) {
  WithPull<bool>(std::move(id), std::move(answer), [this, watcher = std::move(watcher)](Pull& pull, Answer<bool> answer) mutable {
    answer(true);
    hub_.Watch(pull.id(), std::move(watcher), std::make_shared<const PullSnapshot>(SnapshotOf(pull)), core::IsTerminal(pull.state()));
  });
}

void Engine::WatchAll(core::PullFilter filter, int64_t after, std::shared_ptr<Watcher> watcher, Answer<WatchBegun> answer) {
  mailbox_.Post([this, filter = std::move(filter), after, watcher = std::move(watcher), answer = std::move(answer)]() mutable {
    // One that was never given is of another state folder, or of one that was lost.
    const bool known = after < next_change_;
    const bool incomplete = after > 0 && (!known || after < forgotten_change_);
    if (!known) after = 0;
    std::vector<Pull*> news;
    for (Pull* pull : after > 0 ? pulls_.all() : pulls_.open()) {
      if ((after == 0 || pull->change() > after) && filter.Keeps(pull->state()) && pull->Concerns(filter)) news.push_back(pull);
    }
    std::sort(news.begin(), news.end(), [](const Pull* a, const Pull* b) { return a->change() < b->change(); });
    const int64_t begin = after > 0 ? after : (news.empty() ? next_change_ : news.front()->change()) - 1;
    answer(WatchBegun{begin, incomplete});
    for (Pull* pull : news) watcher->OnSnapshot(BriefOf(*pull));
    changes_.Watch(std::move(filter), std::move(watcher));
  });
}

}  // namespace hfget::engine
