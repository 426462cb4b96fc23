#include "daemon/engine/engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/engine/pull_record.h"
#include "daemon/hub/path_check.h"

namespace hfget::engine {
namespace {

constexpr absl::Duration kHouseKeeping = absl::Seconds(1);
constexpr absl::Duration kSaveSourcesEvery = absl::Seconds(30);
// Ended pulls that are remembered; older ones are forgotten.
constexpr size_t kRememberedPulls = 500;

absl::Status NoSuchPull(const std::string& id) {
  return absl::NotFoundError(absl::StrCat("no pull has the id \"", id, "\"; see hfget ps --all"));
}

}  // namespace

Engine::Engine(EngineParts parts)
    : config_(std::move(parts.config)),
      mailbox_(parts.mailbox),
      client_(parts.client),
      disk_(parts.disk),
      clock_(parts.clock),
      started_(clock_.Wall()),
      store_(parts.store, clock_, counters_),
      rng_(parts.seed),
      sources_([this] {
        std::vector<std::string> problems;
        Sources sources(config_, &problems, &clock_);
        for (const std::string& problem : problems) spdlog::warn("{}", problem);
        return sources;
      }()),
      context_{config_, client_, disk_, store_, clock_, timers_, sources_, rng_, counters_},
      racer_(std::make_unique<Racer>(context_)),
      prober_(std::make_unique<Prober>(context_)) {
  disk_.buffers().OnAvailable([this] { mailbox_.Post([this] { racer_->OnBuffersAvailable(); }); });
}

Engine::~Engine() {
  disk_.buffers().OnAvailable(nullptr);
  // Its waiters are pulls and doctors.
  prober_.reset();
  doctors_.clear();
  // Pulls are the transfers' clients: the transfers go first.
  racer_.reset();
}

void Engine::Recover() {
  store::Contents contents = store_.Load();
  for (const auto& record : contents.sources) sources_.Load(record);
  for (auto& [key, record] : contents.transfers) racer_->Load(key, std::move(record));
  size_t unfinished = 0;
  for (const auto& record : contents.pulls) {
    if (const absl::Status checked = CheckPullRecord(record); !checked.ok()) {
      spdlog::warn("the pull {} is left as it is recorded: {}", hub::Printable(record.id(), 60), checked.message());
      continue;
    }
    auto pull = std::make_unique<Pull>(context_, *racer_, *this, record);
    next_sequence_ = std::max(next_sequence_, record.sequence() + 1);
    unfinished += !core::IsTerminal(pull->state());
    pulls_[record.id()] = std::move(pull);
  }
  if (unfinished > 0) spdlog::info("{} unfinished pull(s) go on", unfinished);
  begin_wanted_ = true;
}

void Engine::Turn(absl::Duration max_wait) {
  mailbox_.Drain();
  absl::Time now = clock_.Steady();
  timers_.RunDue(now);
  if (begin_wanted_ && !stopping_) BeginQueued();
  racer_->Tick(now);
  hub_.Tick(now, [&](const std::string& id) { Publish(id, now); });
  if (now >= next_house_keeping_) HouseKeeping(now);
  if (stopped_) return;
  now = clock_.Steady();
  const absl::Time next = std::min({timers_.Next(), racer_->NextTick(now), hub_.NextTick(), next_house_keeping_});
  const absl::Duration wait = mailbox_.empty() && !begin_wanted_ ? std::min(max_wait, next - now) : absl::ZeroDuration();
  client_.Poll(std::max(wait, absl::ZeroDuration()));
}

void Engine::HouseKeeping(absl::Time now) {
  next_house_keeping_ = now + kHouseKeeping;
  for (const auto& [id, pull] : pulls_) pull->CheckProgress(now);
  ForgetOldest();
  if (now >= next_source_save_ && !stopping_) {
    if (next_source_save_ != absl::InfinitePast()) SaveSources();
    next_source_save_ = now + kSaveSourcesEvery;
  }
}

void Engine::SaveSources() {
  store::Batch batch;
  for (core::SourceIndex i = 0; i < sources_.count(); ++i) {
    if (!sources_.at(i).stats.times().seen() && sources_.at(i).last_failure.empty()) continue;
    batch.puts.emplace_back(store::SourceKey(sources_.at(i).config.name),
                            sources_.ToRecord(i, clock_.Wall()).SerializeAsString());
  }
  if (!batch.empty()) store_.Commit(std::move(batch), store::Durability::kProgress, [](absl::Status) {});
}

void Engine::BeginQueued() {
  begin_wanted_ = false;
  int active = 0;
  std::vector<Pull*> waiting;
  for (const auto& [id, pull] : pulls_) {
    active += pull->active();
    if (pull->state() == core::PullState::kQueued) waiting.push_back(pull.get());
  }
  std::sort(waiting.begin(), waiting.end(), [](const Pull* a, const Pull* b) { return a->sequence() < b->sequence(); });
  for (Pull* pull : waiting) {
    if (active >= config_.max_active_pulls) return;
    ++active;
    pull->Begin();
  }
}

std::string Engine::NewId() {
  std::string id;
  do {
    id = absl::StrFormat("%08x", static_cast<uint32_t>(rng_()));
  } while (pulls_.count(id) > 0);
  return id;
}

Pull* Engine::Find(const std::string& id) const {
  const auto it = pulls_.find(id);
  return it == pulls_.end() ? nullptr : it->second.get();
}

void Engine::StartPull(PullSpec spec, Answer<PullStarted> answer) {
  mailbox_.Post([this, spec = std::move(spec), answer = std::move(answer)]() mutable {
    DoStartPull(std::move(spec), std::move(answer));
  });
}

void Engine::DoStartPull(PullSpec spec, Answer<PullStarted> answer) {
  if (stopping_) return answer(absl::UnavailableError("the daemon is shutting down; try again in a moment"));
  for (const auto& [id, pull] : pulls_) {
    if (core::IsTerminal(pull->state()) || !pull->SameAs(spec)) continue;
    if (!spec.token.empty()) pull->GiveToken(std::move(spec.token), spec.token_is_ambient);
    pull->SetLimits(spec.max_bytes_per_sec, spec.max_connections);
    pull->TryDiskNow();
    if (!spec.modelscope_token.empty()) pull->GiveModelScopeToken(std::move(spec.modelscope_token));
    if (!spec.dry_run) ++counters_.pulls_joined;
    return answer(PullStarted{pull->Snapshot(clock_.Steady()), true});
  }
  int of_owner = 0;
  for (const auto& [id, pull] : pulls_) of_owner += !core::IsTerminal(pull->state()) && pull->owner() == spec.owner;
  if (of_owner >= config_.max_pulls_per_client) {
    return answer(absl::ResourceExhaustedError(
        absl::StrCat(of_owner, " pulls are running or queued, as many as one client may have ([api] max_pulls_per_client): wait "
                     "until some have ended, or cancel them")));
  }
  const std::string id = NewId();
  auto owned = std::make_unique<Pull>(context_, *racer_, *this, id, next_sequence_++, std::move(spec));
  Pull& pull = *owned;
  pulls_[id] = std::move(owned);
  begin_wanted_ = true;
  if (pull.dry_run()) return answer(PullStarted{pull.Snapshot(clock_.Steady()), false});
  spdlog::info("pull {} accepted: {}", id, pull.repo().name);
  store::Batch batch;
  batch.puts.emplace_back(store::PullKey(id), pull.ToRecord().SerializeAsString());
  store_.Commit(std::move(batch), store::Durability::kPromise,
                [this, id, answer = std::move(answer)](absl::Status status) mutable {
                  Pull* pull = Find(id);
                  if (pull == nullptr) return answer(NoSuchPull(id));
                  if (!status.ok()) {
                    // Nobody was promised anything.
                    pull->Cancel(true);
                    pulls_.erase(id);
                    return answer(Annotate(status, "the pull could not be recorded"));
                  }
                  ++counters_.pulls_accepted;
                  answer(PullStarted{pull->Snapshot(clock_.Steady()), false});
                });
}

void Engine::OnChanged(Pull& pull) {
  begin_wanted_ = true;
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
  if (hub_.Watched(pull.id())) Publish(pull.id(), clock_.Steady());
}

void Engine::Publish(const std::string& id, absl::Time now) {
  Pull* pull = Find(id);
  if (pull == nullptr) return;
  hub_.Publish(id, std::make_shared<const PullSnapshot>(pull->Snapshot(now)), core::IsTerminal(pull->state()));
}

void Engine::Forget(const std::string& id) {
  pulls_.erase(id);
  store::Batch batch;
  batch.deletes.push_back(store::PullKey(id));
  store_.Commit(std::move(batch), store::Durability::kProgress, [](absl::Status) {});
}

void Engine::ForgetOldest() {
  std::vector<const Pull*> ended;
  for (const auto& [id, pull] : pulls_) {
    if (core::IsTerminal(pull->state())) ended.push_back(pull.get());
  }
  if (ended.size() <= kRememberedPulls) return;
  std::sort(ended.begin(), ended.end(), [](const Pull* a, const Pull* b) { return a->sequence() < b->sequence(); });
  ended.resize(ended.size() - kRememberedPulls);
  std::vector<std::string> ids;
  for (const Pull* pull : ended) ids.push_back(pull->id());
  for (const std::string& id : ids) Forget(id);
}

void Engine::GetPull(std::string id, Answer<PullSnapshot> answer) {
  mailbox_.Post([this, id = std::move(id), answer = std::move(answer)]() mutable {
    Pull* pull = Find(id);
    if (pull == nullptr) return answer(NoSuchPull(id));
    answer(pull->Snapshot(clock_.Steady()));
  });
}

void Engine::ListPulls(bool active_only, Answer<std::vector<PullSnapshot>> answer) {
  mailbox_.Post([this, active_only, answer = std::move(answer)]() mutable {
    std::vector<Pull*> chosen;
    for (const auto& [id, pull] : pulls_) {
      if (!active_only || !core::IsTerminal(pull->state())) chosen.push_back(pull.get());
    }
    std::sort(chosen.begin(), chosen.end(), [](const Pull* a, const Pull* b) { return a->sequence() > b->sequence(); });
    std::vector<PullSnapshot> out;
    for (Pull* pull : chosen) out.push_back(pull->Snapshot(clock_.Steady()));
    answer(std::move(out));
  });
}

void Engine::CancelPull(std::string id, bool discard_partial, Answer<PullSnapshot> answer) {
  mailbox_.Post([this, id = std::move(id), discard_partial, answer = std::move(answer)]() mutable {
    Pull* pull = Find(id);
    if (pull == nullptr) return answer(NoSuchPull(id));
    pull->Cancel(discard_partial);
    answer(pull->Snapshot(clock_.Steady()));
  });
}

void Engine::ListSources(Answer<std::vector<SourceSnapshot>> answer) {
  mailbox_.Post([this, answer = std::move(answer)]() mutable { answer(sources_.Snapshot(clock_.Steady())); });
}

void Engine::WhoAmI(Secret token, Answer<AccountAnswer> answer) {
  mailbox_.Post([this, token = std::move(token), answer = std::move(answer)]() mutable {
    if (!token.empty() || config_.find_token == nullptr) return AskAccount(std::move(token), std::move(answer));
    auto own = std::make_shared<Secret>();
    disk_.Run(
        [own, find = config_.find_token](FileSystem&) {
          *own = find();
          return absl::OkStatus();
        },
        [this, own, answer = std::move(answer)](absl::Status) mutable { AskAccount(std::move(*own), std::move(answer)); });
  });
}

void Engine::AskAccount(Secret token, Answer<AccountAnswer> answer) {
  if (token.empty()) {
    AccountAnswer none;
    none.error.cause = core::ErrorCause::kUnauthorized;
    none.error.message = "there is no token: log in with hfget auth login, or set HF_TOKEN";
    return answer(std::move(none));
  }
  const uint64_t id = next_account_query_++;
  account_queries_[id] = std::make_unique<AccountQuery>(
      context_, std::move(token), [this, id, answer = std::move(answer)](AccountAnswer said) mutable {
        answer(std::move(said));
        mailbox_.Post([this, id] { account_queries_.erase(id); });
      });
}

void Engine::ProbeSource(std::string name, Answer<std::vector<SourceSnapshot>> answer) {
  mailbox_.Post([this, name = std::move(name), answer = std::move(answer)]() mutable {
    std::vector<core::SourceIndex> chosen;
    for (core::SourceIndex i = 0; i < sources_.count(); ++i) {
      const Source& s = sources_.at(i);
      if (name.empty() ? !s.off : s.config.name == name) chosen.push_back(i);
    }
    if (chosen.empty()) return answer(NoSuchSource(name));
    auto left = std::make_shared<size_t>(chosen.size());
    auto shared = std::make_shared<Answer<std::vector<SourceSnapshot>>>(std::move(answer));
    for (const core::SourceIndex i : chosen) {
      prober_->Probe(i, [this, chosen, left, shared] {
        if (--*left > 0) return;
        std::vector<SourceSnapshot> probed;
        for (const core::SourceIndex index : chosen) probed.push_back(sources_.SnapshotOf(index, clock_.Steady()));
        (*shared)(std::move(probed));
      });
    }
  });
}

void Engine::SetSource(std::string name, SourceChange change, Answer<SourceSnapshot> answer) {
  mailbox_.Post([this, name = std::move(name), change, answer = std::move(answer)]() mutable {
    const auto index = sources_.Find(name);
    if (!index) return answer(NoSuchSource(name));
    if (change == SourceChange::kReset) {
      sources_.Reset(*index);
    } else {
      sources_.Switch(*index, change == SourceChange::kEnable);
    }
    store::Batch batch;
    batch.puts.emplace_back(store::SourceKey(name), sources_.ToRecord(*index, clock_.Wall()).SerializeAsString());
    store_.Commit(std::move(batch), store::Durability::kPromise,
                  [this, index = *index, answer = std::move(answer)](absl::Status status) mutable {
                    if (!status.ok()) return answer(Annotate(status, "the change could not be recorded"));
                    answer(sources_.SnapshotOf(index, clock_.Steady()));
                  });
  });
}

void Engine::Diagnose(DiagnoseSpec spec, std::shared_ptr<FindingSink> sink) {
  // Weak from here on: who has gone is not worked for.
  mailbox_.Post([this, spec = std::move(spec), weak = std::weak_ptr<FindingSink>(sink)]() mutable {
    const uint64_t id = next_doctor_++;
    const auto retire = [this, id] { mailbox_.Post([this, id] { doctors_.erase(id); }); };
    auto doctor = std::make_unique<Doctor>(
        context_, *prober_, std::move(spec),
        [weak, retire](const hub::Finding& finding) {
          const auto sink = weak.lock();
          if (sink == nullptr) return retire();
          sink->OnFinding(finding);
        },
        [weak, retire] {
          if (const auto sink = weak.lock()) sink->OnEnd();
          retire();
        });
    Doctor& begun = *doctor;
    doctors_[id] = std::move(doctor);
    begun.Begin();
  });
}

absl::Status Engine::NoSuchSource(const std::string& name) const {
  const std::vector<std::string> names = sources_.Names();
  if (std::find(names.begin(), names.end(), name) != names.end()) {
    return absl::FailedPreconditionError(absl::StrCat("the source \"", name, "\" cannot be used; see hfget sources"));
  }
  return absl::NotFoundError(
      absl::StrCat("no source is named \"", name, "\"; there are ", absl::StrJoin(names, ", ")));
}

void Engine::Watch(std::string id, std::shared_ptr<Watcher> watcher, Answer<bool> answer) {
  mailbox_.Post([this, id = std::move(id), watcher = std::move(watcher), answer = std::move(answer)]() mutable {
    Pull* pull = Find(id);
    if (pull == nullptr) return answer(NoSuchPull(id));
    answer(true);
    hub_.Watch(id, std::move(watcher), std::make_shared<const PullSnapshot>(pull->Snapshot(clock_.Steady())),
               core::IsTerminal(pull->state()));
  });
}

void Engine::Stop() {
  mailbox_.Post([this] {
    if (stopping_) return;
    stopping_ = true;
    spdlog::info("stopping: {} connection(s) are closed, progress is recorded", racer_->connections());
    SaveSources();
    racer_->Shutdown([this] { stopped_ = true; });
  });
}

}  // namespace hfget::engine
