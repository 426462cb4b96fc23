#include "daemon/engine/engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"

namespace hfget::engine {
namespace {

constexpr absl::Duration kHouseKeeping = absl::Seconds(1);
constexpr absl::Duration kSaveSourcesEvery = absl::Seconds(30);

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
  EndErrands();
  // Pulls are the transfers' clients: the transfers go first.
  racer_.reset();
}

void Engine::Turn(absl::Duration max_wait) {
  mailbox_.Drain();
  absl::Time now = clock_.Steady();
  timers_.RunDue(now);
  if (begin_wanted_ && !stopping_) BeginQueued();
  racer_->Tick(now);
  hub_.Tick(now, [&](const std::string& id) { Publish(id); });
  if (changes_.Due(now, pulls_.active().size())) TellProgress();
  if (now >= next_house_keeping_) HouseKeeping(now);
  if (stopped_) return;
  now = clock_.Steady();
  const absl::Time next = std::min({timers_.Next(), racer_->NextTick(now), hub_.NextTick(), changes_.NextTick(), next_house_keeping_});
  const absl::Duration wait = mailbox_.empty() && !begin_wanted_ ? std::min(max_wait, next - now) : absl::ZeroDuration();
  client_.Poll(std::max(wait, absl::ZeroDuration()));
}

void Engine::HouseKeeping(absl::Time now) {
  next_house_keeping_ = now + kHouseKeeping;
  // A copy: one that fails leaves them.
  for (Pull* pull : std::vector<Pull*>(pulls_.open().begin(), pulls_.open().end())) {
    pull->CheckProgress(now);
    pull->CheckDeadline();
  }
  ForgetOldest();
  DropErrands();
  if (!stopping_) BenchIfDue();
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

absl::Status Engine::NoSuchSource(const std::string& name) const {
  const std::vector<std::string> names = sources_.Names();
  if (std::find(names.begin(), names.end(), name) != names.end()) {
    return absl::FailedPreconditionError(absl::StrCat("the source \"", name, "\" cannot be used; see hfget sources"));
  }
  return absl::NotFoundError(
      absl::StrCat("no source is named \"", name, "\"; there are ", absl::StrJoin(names, ", ")));
}

void Engine::Stop() {
  mailbox_.Post([this] {
    if (stopping_) return;
    stopping_ = true;
    EndErrands();
    spdlog::info("stopping: {} connection(s) are closed, progress is recorded", racer_->connections());
    SaveSources();
    racer_->Shutdown([this] { stopped_ = true; });
  });
}

}  // namespace hfget::engine
