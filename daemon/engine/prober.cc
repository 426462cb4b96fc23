#include "daemon/engine/prober.h"

#include <utility>

#include "daemon/base/log.h"

namespace hfget::engine {
namespace {

core::ProofVerdict VerdictOf(hub::CanaryVerdict verdict) {
  switch (verdict) {
    case hub::CanaryVerdict::kForwards:
      return core::ProofVerdict::kForwards;
    case hub::CanaryVerdict::kNotSeenToForward:
      return core::ProofVerdict::kNotSeenToForward;
    case hub::CanaryVerdict::kUnknown:
      return core::ProofVerdict::kUnknown;
  }
  return core::ProofVerdict::kUnknown;
}

}  // namespace

void Prober::Probe(core::SourceIndex source, Done done) {
  ended_probes_.clear();
  ended_rounds_.clear();
  Running& running = running_[source];
  running.waiting.push_back(std::move(done));
  if (running.probe == nullptr && running.round == nullptr) StartProbe(source);
}

void Prober::ProveAll(Done done) {
  ended_rounds_.clear();
  const absl::Time wall = context_.clock.Wall();
  std::vector<core::SourceIndex> due;
  for (core::SourceIndex i = 0; i < context_.sources.count(); ++i) {
    const Source& s = context_.sources.at(i);
    const bool wants = s.config.token_policy == core::TokenPolicy::kIfProven && context_.sources.WouldSendToken(i);
    const bool runs = running_.count(i) > 0;
    if (wants && !context_.sources.Out(i, context_.clock.Steady()) && (s.proof.Due(wall) || runs)) due.push_back(i);
  }
  auto left = std::make_shared<size_t>(due.size() + 1);
  auto all = std::make_shared<Done>(std::move(done));
  const auto one = [left, all] {
    if (--*left == 0) (*all)();
  };
  for (const core::SourceIndex i : due) Prove(i, one);
  one();
}

void Prober::Prove(core::SourceIndex source, Done done) {
  Running& running = running_[source];
  running.waiting.push_back(std::move(done));
  if (running.probe == nullptr && running.round == nullptr) StartRound(source);
}

void Prober::StartProbe(core::SourceIndex source) {
  running_[source].probe = std::make_unique<DialectProbe>(
      context_, source,
      [this, source](core::Failure failure, std::string why) { OnProbed(source, failure, why); });
}

void Prober::OnProbed(core::SourceIndex source, core::Failure failure, const std::string& why) {
  const absl::Time now = context_.clock.Steady();
  ended_probes_.push_back(std::move(running_[source].probe));
  Source& s = context_.sources.at(source);
  if (failure == core::Failure::kNone) {
    context_.sources.OnSuccess(source, now);
  } else {
    spdlog::info("source {} does not pass its probe: {}", s.config.name, why);
    context_.sources.OnFailure(source, failure, {}, why, now, context_.rng);
  }
  s.probed = context_.clock.Wall();
  const bool comparable = failure == core::Failure::kNone && !s.config.authority && s.config.dialect == "huggingface";
  if (comparable) return StartRound(source);
  End(source);
}

void Prober::StartRound(core::SourceIndex source) {
  running_[source].round = std::make_unique<CanaryRound>(
      context_, source, context_.sources.Authority(),
      [this, source](hub::CanaryResult result) { OnJudged(source, std::move(result)); });
}

void Prober::OnJudged(core::SourceIndex source, hub::CanaryResult result) {
  ended_rounds_.push_back(std::move(running_[source].round));
  Source& s = context_.sources.at(source);
  const core::ProofVerdict verdict = VerdictOf(result.verdict);
  const absl::Time wall = context_.clock.Wall();
  const bool stands = verdict == core::ProofVerdict::kForwards && s.proof.completed(wall);
  spdlog::info("proof of source {}: {}: {}", s.config.name, hub::CanaryVerdictName(result.verdict), result.why);
  s.proof.Set(verdict, std::move(result.why), wall);
  if (stands) s.proof.Complete();
  End(source);
}

void Prober::End(core::SourceIndex source) {
  store::Batch batch;
  batch.puts.emplace_back(store::SourceKey(context_.sources.at(source).config.name),
                          context_.sources.ToRecord(source, context_.clock.Wall()).SerializeAsString());
  context_.store.Commit(std::move(batch), store::Durability::kProgress, [](absl::Status) {});
  std::vector<Done> waiting = std::move(running_[source].waiting);
  running_.erase(source);
  for (Done& done : waiting) done();
}

}  // namespace hfget::engine
