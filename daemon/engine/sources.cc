#include "daemon/engine/sources.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/core/token_policy.h"

namespace hfget::engine {
namespace {

constexpr absl::Duration kFirstBackOff = absl::Milliseconds(250);
constexpr absl::Duration kMaxBackOff = absl::Seconds(2);
constexpr absl::Duration kFirstStrangeRest = absl::Minutes(10);
constexpr absl::Duration kLongestStrangeRest = absl::Hours(24);
constexpr absl::Duration kUnnamedRest = absl::Seconds(30);

using State = core::SourceHealth::State;

core::TokenQuestion QuestionOf(const Source& s, hub::Hub realm, core::ProofVerdict proof) {
  core::TokenQuestion question;
  question.https = s.base.scheme == "https";
  question.loopback = s.base.IsLoopback();
  question.same_realm = s.hub() == realm;
  question.policy = s.config.token_policy;
  question.proof = proof;
  return question;
}

const DataHost* CurrentHost(const Source& s) {
  const auto host = s.data_hosts.find(s.data_host);
  return host == s.data_hosts.end() ? nullptr : &host->second;
}

// When an ejected one, or one that answered strangely, returns; InfiniteFuture: not by being taken back.
absl::Time Returns(const Source& s, absl::Time now) {
  absl::Time at = s.stranger_until;
  const DataHost* host = CurrentHost(s);
  for (const core::SourceHealth* health : {&s.health, host == nullptr ? nullptr : &host->health}) {
    if (health == nullptr || health->Usable(now)) continue;
    if (health->Get(now) != State::kEjected) return absl::InfiniteFuture();
    at = std::max(at, health->ReturnsAt(now));
  }
  return s.off ? absl::InfiniteFuture() : at;
}

}  // namespace

Sources::Sources(const EngineConfig& config, std::vector<std::string>* problems, const Clock* clock)
    : clock_(clock) {
  const absl::Time now = clock == nullptr ? absl::UnixEpoch() : clock->Steady();
  if (config.max_bytes_per_sec > 0) bucket_.emplace(config.max_bytes_per_sec, now);
  for (const SourceConfig& c : config.sources) {
    SourceSnapshot out;
    out.name = c.name;
    out.endpoint = c.endpoint;
    out.dialect = c.dialect;
    out.token_policy = std::string(core::TokenPolicyName(c.token_policy));
    out.state = "off";
    if (c.endpoint.empty()) {
      out.reason = "it has no endpoint";
    } else if (!hub::DialectOf(c.dialect)) {
      out.reason = absl::StrCat("dialect \"", c.dialect, "\" is not spoken by this version");
    } else if (auto url = hub::ParseUrl(c.endpoint); url.ok()) {
      Source& s = all_.emplace_back(c, *std::move(url), std::min(c.max_connections, config.max_connections));
      s.off = !c.enabled;
      if (c.max_bytes_per_sec > 0) s.bucket.emplace(c.max_bytes_per_sec, now);
      if (s.off) s.off_why = "switched off in the configuration";
      continue;
    } else {
      out.reason = absl::StrCat("endpoint is not a URL: ", url.status().message());
      problems->push_back(absl::StrCat("source ", c.name, " is off: ", out.reason));
    }
    off_.push_back(std::move(out));
  }
}

std::optional<core::SourceIndex> Sources::Find(const std::string& name) const {
  for (core::SourceIndex i = 0; i < count(); ++i) {
    if (all_[i].config.name == name) return i;
  }
  return std::nullopt;
}

std::vector<std::string> Sources::Names() const {
  std::vector<std::string> names;
  for (const Source& s : all_) names.push_back(s.config.name);
  for (const SourceSnapshot& s : off_) names.push_back(s.name);
  return names;
}

bool Sources::Usable(core::SourceIndex index, absl::Time now) const {
  const Source& s = all_[index];
  const DataHost* host = CurrentHost(s);
  return !s.off && s.health.Usable(now) && now >= s.stranger_until && (host == nullptr || host->health.Usable(now));
}

std::optional<std::string> Sources::Out(core::SourceIndex index, absl::Time now) const {
  const Source& s = all_[index];
  if (s.off) return s.off_why;
  const State state = s.health.Get(now);
  if (state == State::kDisabled || state == State::kQuarantined) return s.health.reason();
  return std::nullopt;
}

void Sources::KeepOneUsable(absl::Time now, hub::Hub hub) {
  Source* first = nullptr;
  for (core::SourceIndex i = 0; i < count(); ++i) {
    if (all_[i].hub() != hub) continue;
    if (Usable(i, now)) return;
    const absl::Time returns = Returns(all_[i], now);
    if (returns == absl::InfiniteFuture()) continue;
    if (first == nullptr || returns < Returns(*first, now)) first = &all_[i];
  }
  if (first == nullptr) return;
  first->health.Return();
  first->stranger_until = absl::InfinitePast();
  if (const auto host = first->data_hosts.find(first->data_host); host != first->data_hosts.end()) {
    host->second.health.Return();
  }
}

int Sources::ConnectionsAllowed(core::SourceIndex index) const {
  const Source& s = all_[index];
  const absl::Time wall = Wall();
  const bool proof_at_stake = s.config.token_policy == core::TokenPolicy::kIfProven &&
                              s.proof.Get(wall) == core::ProofVerdict::kForwards && !s.proof.completed(wall);
  return s.verified && !proof_at_stake ? s.limit.Get() : 1;
}

std::vector<core::SourceIndex> Sources::ListingOrder(absl::Time now, hub::Hub hub) const {
  std::vector<core::SourceIndex> order;
  for (core::SourceIndex i = 0; i < count(); ++i) {
    if (all_[i].hub() == hub && !Out(i, now)) order.push_back(i);
  }
  const auto rank = [&](core::SourceIndex i) {
    return std::make_pair(!all_[i].config.authority, !Usable(i, now));
  };
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return rank(a) < rank(b); });
  return order;
}

void Sources::OnSuccess(core::SourceIndex index, absl::Time now) {
  Source& s = all_[index];
  s.health.Success(now);
  s.stats.OnResult(true);
  s.failures_in_a_row = 0;
  s.not_before = absl::InfinitePast();
  s.verified = true;
  s.strange_answers = 0;
  s.stranger_until = absl::InfinitePast();
  s.probed = Wall();
}

void Sources::OnFailure(core::SourceIndex index, core::Failure failure, std::optional<absl::Duration> rest,
                        const std::string& why, absl::Time now, absl::BitGenRef rng) {
  Source& s = all_[index];
  s.counters.failures.Add(failure);
  const core::Consequence consequence = core::ConsequenceOf(failure);
  s.last_failure = why.empty() ? std::string(core::FailureName(failure)) : why;
  s.stalls += failure == core::Failure::kStall;
  if (consequence.remedy == core::Remedy::kPauseSource) {
    ++s.rate_limited;
    s.health.Rest(rest.value_or(kUnnamedRest), now);
    s.limit.OnLoss(now);
    return;
  }
  if (consequence.remedy == core::Remedy::kDisableSource) {
    s.health.Disable(s.last_failure);
    return;
  }
  if (!consequence.counts_against_health && !consequence.local_origin) return;
  s.stats.OnResult(false);
  if (failure == core::Failure::kReset || failure == core::Failure::kStall) s.limit.OnLoss(now);
  BackOff(s, now);
  s.health.Fail(consequence.local_origin, now, rng);
  if (!s.verified && failure == core::Failure::kWrongAnswer) OnStrangeAnswer(s, now);
}

void Sources::OnCut(core::SourceIndex index, const std::string& why) {
  all_[index].last_failure = why;
  all_[index].stats.OnResult(false);
  all_[index].counters.failures.Add(core::Failure::kReset);
}

void Sources::OnStrangeAnswer(Source& s, absl::Time now) {
  const absl::Duration rest = kFirstStrangeRest * (1 << std::min(s.strange_answers, 8));
  ++s.strange_answers;
  s.stranger_until = now + std::min(rest, kLongestStrangeRest);
  s.probed = Wall();
}

void Sources::BackOff(Source& s, absl::Time now) {
  if (now < s.not_before) return;  // they broke together
  ++s.failures_in_a_row;
  s.failed_at = now;
  const int doublings = std::min(s.failures_in_a_row - 1, 6);
  s.not_before = now + std::min(kFirstBackOff * (1 << doublings), kMaxBackOff);
}

DataHost& Sources::HostOf(core::SourceIndex index, const std::string& name) {
  Source& s = all_[index];
  if (s.data_hosts.count(name) == 0 && s.data_hosts.size() >= Source::kMostDataHosts) {
    s.data_hosts.erase(std::min_element(s.data_hosts.begin(), s.data_hosts.end(), [](const auto& a, const auto& b) {
      return a.second.seen < b.second.seen;
    }));
  }
  DataHost& host = s.data_hosts[name];
  host.seen = Wall();
  s.data_host = name;
  return host;
}

void Sources::OnDataHostFailure(core::SourceIndex index, const std::string& name, core::Failure failure,
                                std::optional<absl::Duration> rest, const std::string& why, absl::Time now,
                                absl::BitGenRef rng) {
  Source& s = all_[index];
  s.counters.failures.Add(failure);
  DataHost& host = HostOf(index, name);
  const core::Consequence consequence = core::ConsequenceOf(failure);
  s.last_failure = absl::StrCat(name, ": ", why.empty() ? std::string(core::FailureName(failure)) : why);
  s.stalls += failure == core::Failure::kStall;
  if (consequence.remedy == core::Remedy::kPauseSource) {
    ++s.rate_limited;
    host.health.Rest(rest.value_or(kUnnamedRest), now);
    s.limit.OnLoss(now);
    return;
  }
  const bool blocked = consequence.remedy == core::Remedy::kDisableSource;  // TLS: an ejection, since links may lead elsewhere
  if (!consequence.counts_against_health && !consequence.local_origin && !blocked) return;
  s.stats.OnResult(false);
  host.stats.OnResult(false);
  if (failure == core::Failure::kReset || failure == core::Failure::kStall) s.limit.OnLoss(now);
  BackOff(s, now);
  host.health.Fail(consequence.local_origin, now, rng);
}

void Sources::OnHeaders(core::SourceIndex index, const hub::HeaderFields& headers, absl::Time now) {
  const auto limit = hub::ParseRateLimit(hub::FindHeader(headers, "ratelimit"));
  if (limit && limit->remaining <= 0) all_[index].health.Rest(limit->reset + absl::Seconds(1), now);
}

void Sources::OnFileAnswered(core::SourceIndex index, const hub::HeaderFields& headers, absl::Time asked, absl::Time now) {
  --all_[index].unanswered;
  const auto limit = hub::ParseRateLimit(hub::FindHeader(headers, "ratelimit"));
  if (limit) all_[index].quota.OnReport(limit->remaining, limit->reset, asked, now);
  OnHeaders(index, headers, now);
}

void Sources::OnFileGivenUp(core::SourceIndex index) {
  --all_[index].unanswered;
  all_[index].quota.OnLost();
}

std::optional<core::SourceIndex> Sources::Authority() const {
  for (core::SourceIndex i = 0; i < count(); ++i) {
    if (all_[i].config.authority && !all_[i].off && all_[i].hub() == hub::Hub::kHuggingFace) return i;
  }
  return std::nullopt;
}

const std::string& Sources::HomeOf(core::SourceIndex index) const {
  const bool foreign = all_[index].hub() != hub::Hub::kHuggingFace;
  return all_[foreign ? index : Authority().value_or(index)].config.endpoint;
}

bool Sources::MaySendToken(core::SourceIndex index, hub::Hub realm) const {
  return core::MaySendToken(QuestionOf(all_[index], realm, all_[index].proof.Get(Wall())));
}

bool Sources::WouldSendToken(core::SourceIndex index) const {
  return core::MaySendToken(QuestionOf(all_[index], hub::Hub::kHuggingFace, core::ProofVerdict::kForwards));
}

void Sources::OnAuthenticated(core::SourceIndex index, bool accepted, const std::string& why) {
  Source& s = all_[index];
  if (s.config.token_policy != core::TokenPolicy::kIfProven) return;
  if (accepted) {
    s.proof.Complete();
  } else {
    s.proof.Revoke(absl::StrCat("revoked: a request with a token came back with ", why), Wall());
  }
}

void Sources::OnReceived(core::SourceIndex index, core::TokenBucket* pull, ByteCount bytes, absl::Time now) {
  if (bucket_) bucket_->Take(bytes, now);
  if (all_[index].bucket) all_[index].bucket->Take(bytes, now);
  if (pull != nullptr) pull->Take(bytes, now);
}

absl::Time Sources::OpenAt(core::SourceIndex index, const core::TokenBucket* pull, absl::Time now) const {
  absl::Time open = now;
  if (bucket_) open = std::max(open, bucket_->OpenAt(now));
  if (all_[index].bucket) open = std::max(open, all_[index].bucket->OpenAt(now));
  return pull == nullptr ? open : std::max(open, pull->OpenAt(now));
}

void Sources::Switch(core::SourceIndex index, bool on) {
  Source& s = all_[index];
  s.switched = true;
  s.off = !on;
  s.off_why = on ? "" : "switched off by hfget sources disable";
}

void Sources::Reset(core::SourceIndex index) {
  Source& old = all_[index];
  Source fresh(old.config, old.base, old.limit.max());
  fresh.off = old.off;
  fresh.switched = old.switched;
  fresh.off_why = old.off_why;
  fresh.in_use = old.in_use;
  fresh.unanswered = old.unanswered;
  fresh.bucket = old.bucket;
  fresh.counters = old.counters;
  old = std::move(fresh);
}

}  // namespace hfget::engine
