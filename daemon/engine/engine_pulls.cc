// What is asked of pulls: begun, found, listed, paused, begun again, forgotten.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/engine/engine.h"

namespace hfget::engine {

// Those that are less urgent keep nobody waiting.
void Engine::BeginQueued() {
  begin_wanted_ = false;
  std::vector<int> active;
  for (const Pull* pull : pulls_.active()) active.push_back(pull->turn().priority);
  std::vector<Pull*> next;
  for (const auto& [turn, pull] : pulls_.queue()) {
    const int priority = pull->turn().priority;
    if (std::count_if(active.begin(), active.end(), [priority](int p) { return p >= priority; }) >= config_.max_active_pulls) break;
    active.push_back(priority);
    next.push_back(pull);
  }
  for (Pull* pull : next) pull->Begin();
}

std::string Engine::NewId() {
  std::string id;
  do {
    id = absl::StrFormat("%08x", static_cast<uint32_t>(rng_()));
  } while (pulls_.Find(id) != nullptr);
  return id;
}

PullSnapshot Engine::SnapshotOf(Pull& pull) const {
  PullSnapshot snapshot = pull.Snapshot(clock_.Steady());
  if (pull.state() == core::PullState::kQueued) snapshot.queue_position = pulls_.PositionOf(pull);
  return snapshot;
}

void Engine::Promise(const Pull& pull, Answer<PullSnapshot> answer) {
  if (pull.dry_run()) return answer(SnapshotOf(*pulls_.Find(pull.id())));
  store::Batch batch;
  batch.puts.emplace_back(store::PullKey(pull.id()), pull.ToRecord().SerializeAsString());
  store_.Commit(std::move(batch), store::Durability::kPromise,
                [this, id = pull.id(), answer = std::move(answer)](absl::Status status) mutable {
                  Pull* pull = pulls_.Find(id);
                  if (pull == nullptr) return answer(NoSuchPull(id));
                  if (!status.ok()) return answer(Annotate(status, "the pull could not be recorded"));
                  answer(SnapshotOf(*pull));
                });
}

void Engine::StartPull(PullSpec spec, Answer<PullStarted> answer) {
  mailbox_.Post([this, spec = std::move(spec), answer = std::move(answer)]() mutable {
    DoStartPull(std::move(spec), std::move(answer));
  });
}

absl::StatusOr<Pull*> Engine::FindEqual(const PullSpec& spec) const {
  if (!spec.request_id.empty()) {
    if (Pull* named = pulls_.FindNamed(spec.owner, spec.request_id)) {
      if (named->SameAs(spec)) return named;
      return absl::AlreadyExistsError(absl::StrCat("the request id \"", spec.request_id, "\" stands for the pull ", named->id(), " of ",
                                                   hub::ShownName(named->repo()), ", which is another one: choose a new request id"));
    }
  }
  return pulls_.FindOpen(spec);
}

absl::Status Engine::RoomFor(const PullSpec& spec, int more) const {
  const int of_owner = more + pulls_.OpenOf(spec.owner);
  if (of_owner < config_.max_pulls_per_client) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat(of_owner, " pulls are running or queued, as many as one client may have ([api] max_pulls_per_client): wait "
                   "until some have ended, or cancel them"));
}

bool Engine::Refuse(Specs& specs) const {
  int more = 0;
  bool refused = false;
  for (absl::StatusOr<PullSpec>& spec : specs) {
    if (spec.ok()) {
      const absl::StatusOr<Pull*> equal = FindEqual(*spec);
      const bool is_new = equal.ok() && *equal == nullptr;
      const absl::Status status = is_new ? RoomFor(*spec, more) : equal.status();
      if (!status.ok()) spec = status;
      more += is_new;
    }
    refused = refused || !spec.ok();
  }
  return refused;
}

void Engine::StartPulls(Specs specs, bool all_or_nothing, Answer<std::vector<absl::StatusOr<PullStarted>>> answer) {
  struct Gathering {
    std::vector<absl::StatusOr<PullStarted>> results;
    size_t left;
    Answer<std::vector<absl::StatusOr<PullStarted>>> answer;
  };
  mailbox_.Post([this, specs = std::move(specs), all_or_nothing, answer = std::move(answer)]() mutable {
    const bool none = all_or_nothing && Refuse(specs);
    auto all = std::make_shared<Gathering>();
    all->left = specs.size();
    all->answer = std::move(answer);
    all->results.assign(specs.size(), absl::CancelledError("another of them was refused, and none was begun"));
    for (size_t i = 0; i < specs.size(); ++i) {
      auto take = [all, i](absl::StatusOr<PullStarted> started) {
        all->results[i] = std::move(started);
        if (--all->left == 0) all->answer(std::move(all->results));
      };
      if (!specs[i].ok()) {
        take(specs[i].status());
      } else if (none) {
        take(all->results[i].status());
      } else {
        DoStartPull(*std::move(specs[i]), std::move(take));
      }
    }
  });
}

void Engine::DoStartPull(PullSpec spec, Answer<PullStarted> answer) {
  if (stopping_) return answer(absl::UnavailableError("the daemon is shutting down; try again in a moment"));
  const absl::StatusOr<Pull*> equal = FindEqual(spec);
  if (!equal.ok()) return answer(equal.status());
  if (*equal != nullptr) {
    if (!spec.dry_run) ++counters_.pulls_joined;
    // One that has ended is what the name stands for, and nothing more is done about it.
    if (core::IsTerminal((*equal)->state())) return answer(PullStarted{SnapshotOf(**equal), true});
    const bool changed = (*equal)->Ask(std::move(spec));
    pulls_.Refresh(**equal);
    if (!changed) return answer(PullStarted{SnapshotOf(**equal), true});
    return Promise(**equal, [answer = std::move(answer)](absl::StatusOr<PullSnapshot> pull) mutable {
      if (!pull.ok()) return answer(pull.status());
      answer(PullStarted{*std::move(pull), true});
    });
  }
  if (const absl::Status room = RoomFor(spec); !room.ok()) return answer(room);
  const std::string id = NewId();
  Pull& pull = pulls_.Put(std::make_unique<Pull>(context_, *racer_, *this, id, next_sequence_++, std::move(spec)));
  pull.set_change(next_change_++);
  begin_wanted_ = true;
  if (changes_.watched()) TellAll(pull);
  if (pull.dry_run()) return answer(PullStarted{SnapshotOf(pull), false});
  spdlog::info("pull {} accepted: {}", id, pull.repo().name);
  Promise(pull, [this, id, answer = std::move(answer)](absl::StatusOr<PullSnapshot> recorded) mutable {
    if (recorded.ok()) {
      ++counters_.pulls_accepted;
      return answer(PullStarted{*std::move(recorded), false});
    }
    // Nobody was promised anything.
    if (Pull* pull = pulls_.Find(id)) pull->Cancel(true);
    pulls_.Erase(id);
    answer(recorded.status());
  });
}

void Engine::GetPull(std::string id, Answer<PullSnapshot> answer) {
  WithPull<PullSnapshot>(std::move(id), std::move(answer), [this](Pull& pull, Answer<PullSnapshot> answer) { answer(SnapshotOf(pull)); });
}

void Engine::GetPieceMap(std::string id, int most_cells, Answer<PieceMapSnapshot> answer) {
  WithPull<PieceMapSnapshot>(std::move(id), std::move(answer), [most_cells](const Pull& pull, Answer<PieceMapSnapshot> answer) {
    answer(pull.MapPieces(most_cells));
  });
}

void Engine::ListPulls(PullQuery query, Answer<PullPage> answer) {
  mailbox_.Post([this, query = std::move(query), answer = std::move(answer)]() mutable { answer(PageOf(query)); });
}

PullPage Engine::PageOf(const PullQuery& query) const {
  const auto [chosen, more] = pulls_.Newest(query);
  PullPage page;
  if (more) page.next = chosen.back()->sequence();
  const auto positions = pulls_.PositionsOf(chosen);
  for (Pull* pull : chosen) {
    page.pulls.push_back(query.brief ? pull->Brief(clock_.Steady()) : pull->Snapshot(clock_.Steady()));
    if (const auto found = positions.find(pull); found != positions.end()) page.pulls.back().queue_position = found->second;
  }
  return page;
}

void Engine::CancelPull(std::string id, bool discard_partial, Answer<PullSnapshot> answer) {
  WithPull<PullSnapshot>(std::move(id), std::move(answer), [this, discard_partial](Pull& pull, Answer<PullSnapshot> answer) {
    pull.Cancel(discard_partial);
    answer(SnapshotOf(pull));
  });
}

void Engine::PausePull(std::string id, Answer<PullSnapshot> answer) {
  WithPull<PullSnapshot>(std::move(id), std::move(answer), [this](Pull& pull, Answer<PullSnapshot> answer) {
    if (const absl::Status held = pull.Hold(); !held.ok()) return answer(held);
    Promise(pull, std::move(answer));
  });
}

void Engine::ResumePull(std::string id, Answer<PullSnapshot> answer) {
  WithPull<PullSnapshot>(std::move(id), std::move(answer), [this](Pull& pull, Answer<PullSnapshot> answer) {
    if (core::IsTerminal(pull.state())) {
      return answer(absl::FailedPreconditionError(absl::StrCat("the pull ", pull.id(), " is ", core::PullStateName(pull.state()),
                                                               ": begin it again with hfget retry, or pull again")));
    }
    pull.Unhold();
    Promise(pull, std::move(answer));
  });
}

void Engine::RetryPull(std::string id, Answer<PullSnapshot> answer) {
  WithPull<PullSnapshot>(std::move(id), std::move(answer),
                         [this](Pull& pull, Answer<PullSnapshot> answer) { Retry(pull, std::move(answer)); });
}

void Engine::Retry(Pull& ended, Answer<PullSnapshot> answer) {
  const std::string id = ended.id();
  const core::PullState state = ended.state();
  if ((state != core::PullState::kFailed && state != core::PullState::kCancelled) || ended.dry_run()) {
    return answer(absl::FailedPreconditionError(absl::StrCat("the pull ", id, " is ", ended.dry_run() ? "a dry run" : core::PullStateName(state),
                                                             ": only one that has failed or was cancelled is begun again")));
  }
  records::v1::PullRecord record = ended.ToRecord();
  record.set_state(static_cast<int>(core::PullState::kQueued));
  record.set_sequence(next_sequence_++);
  record.set_change(next_change_++);
  for (auto* text : {record.mutable_error_message(), record.mutable_error_source(), record.mutable_commit()}) text->clear();
  record.clear_error_cause();
  record.clear_finished_unix_ms();
  record.clear_held();
  if (record.deadline_unix_ms() <= absl::ToUnixMillis(clock_.Wall())) record.clear_deadline_unix_ms();
  auto again = std::make_unique<Pull>(context_, *racer_, *this, record);
  again->TakeTokens(ended);
  Pull& pull = pulls_.Put(std::move(again));  // `ended` is gone
  begin_wanted_ = true;
  if (changes_.watched()) TellAll(pull);
  Promise(pull, std::move(answer));
}

void Engine::RemovePull(std::string id, Answer<bool> answer) {
  WithPull<bool>(std::move(id), std::move(answer), [this](Pull& pull, Answer<bool> answer) {
    if (!core::IsTerminal(pull.state())) {
      return answer(absl::FailedPreconditionError(
          absl::StrCat("the pull ", pull.id(), " is ", core::PullStateName(pull.state()), ": cancel it first")));
    }
    // A copy: the id is the pull's, and goes with it.
    Forget(std::string(pull.id()), store::Durability::kPromise, [answer = std::move(answer)](absl::Status status) mutable {
      if (!status.ok()) return answer(Annotate(status, "that the pull is forgotten could not be recorded"));
      answer(true);
    });
  });
}

void Engine::ReleasePull(std::string id) {
  mailbox_.Post([this, id = std::move(id)] {
    if (Pull* pull = pulls_.Find(id)) pull->Release();
  });
}

}  // namespace hfget::engine
