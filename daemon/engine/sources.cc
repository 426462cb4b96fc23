#include "daemon/engine/sources.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/core/token_policy.h"

namespace hfget::engine {
namespace {

constexpr absl::Duration kFirstBackOff = absl::Milliseconds(250);
constexpr absl::Duration kMaxBackOff = absl::Seconds(10);

SourceSnapshot Described(const SourceConfig& config) {
  SourceSnapshot s;
  s.name = config.name;
  s.endpoint = config.endpoint;
  s.dialect = config.dialect;
  s.token_policy = std::string(core::TokenPolicyName(config.token_policy));
  return s;
}

std::pair<std::string, std::string> StateOf(const Source& source, absl::Time now) {
  using State = core::SourceHealth::State;
  const std::string back =
      absl::FormatDuration(absl::Trunc(source.health.ReturnsAt(now) - now, absl::Seconds(1)));
  switch (source.health.Get(now)) {
    case State::kOk:
      if (source.stats.times().seen() || source.stats.bytes() > 0) return {"ok", ""};
      return {"unverified", source.last_failure};
    case State::kEjected:
      return {"ejected", absl::StrCat(source.last_failure, "; back in ", back)};
    case State::kResting:
      return {"resting", absl::StrCat("rate limited; back in ", back)};
    case State::kQuarantined:
      return {"quarantined", source.health.reason()};
    case State::kDisabled:
      return {"off", source.health.reason()};
  }
  return {"unknown", ""};
}

}  // namespace

Sources::Sources(const EngineConfig& config, std::vector<std::string>* problems) {
  for (const SourceConfig& c : config.sources) {
    SourceSnapshot off = Described(c);
    off.state = "off";
    if (!c.enabled) {
      off.reason = "switched off in the configuration";
    } else if (c.dialect != "huggingface") {
      off.reason = absl::StrCat("dialect \"", c.dialect, "\" is not spoken by this version");
    } else if (auto url = hub::ParseUrl(c.endpoint); url.ok()) {
      all_.emplace_back(c, *std::move(url), std::min(c.max_connections, config.max_connections));
      continue;
    } else {
      off.reason = absl::StrCat("endpoint is not a URL: ", url.status().message());
      problems->push_back(absl::StrCat("source ", c.name, " is off: ", off.reason));
    }
    off_.push_back(std::move(off));
  }
}

std::optional<core::SourceIndex> Sources::Find(const std::string& name) const {
  for (core::SourceIndex i = 0; i < count(); ++i) {
    if (all_[i].config.name == name) return i;
  }
  return std::nullopt;
}

void Sources::KeepOneUsable(absl::Time now) {
  Source* first = nullptr;
  for (Source& s : all_) {
    if (s.health.Usable(now)) return;
    if (s.health.Get(now) != core::SourceHealth::State::kEjected) continue;
    if (first == nullptr || s.health.ReturnsAt(now) < first->health.ReturnsAt(now)) first = &s;
  }
  if (first != nullptr) first->health.Return();
}

std::vector<core::SourceIndex> Sources::ListingOrder(absl::Time now) const {
  std::vector<core::SourceIndex> order;
  for (core::SourceIndex i = 0; i < count(); ++i) {
    const auto state = all_[i].health.Get(now);
    if (state == core::SourceHealth::State::kDisabled) continue;
    if (state == core::SourceHealth::State::kQuarantined) continue;
    order.push_back(i);
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
}

void Sources::OnFailure(core::SourceIndex index, core::Failure failure,
                        std::optional<absl::Duration> rest, const std::string& why, absl::Time now,
                        absl::BitGenRef rng) {
  Source& s = all_[index];
  const core::Consequence consequence = core::ConsequenceOf(failure);
  s.last_failure = why.empty() ? std::string(core::FailureName(failure)) : why;
  if (consequence.remedy == core::Remedy::kPauseSource) {
    s.health.Rest(rest.value_or(absl::Seconds(30)), now);
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
  ++s.failures_in_a_row;
  const int doublings = std::min(s.failures_in_a_row - 1, 6);
  s.not_before = now + std::min(kFirstBackOff * (1 << doublings), kMaxBackOff);
  s.health.Fail(consequence.local_origin, now, rng);
}

void Sources::OnHeaders(core::SourceIndex index, const hub::HeaderFields& headers, absl::Time now) {
  const auto limit = hub::ParseRateLimit(hub::FindHeader(headers, "ratelimit"));
  if (limit && limit->remaining <= 0) all_[index].health.Rest(limit->reset + absl::Seconds(1), now);
}

const std::string& Sources::HomeOf(core::SourceIndex index) const {
  for (const Source& source : all_) {
    if (source.config.authority) return source.config.endpoint;
  }
  return all_[index].config.endpoint;
}

bool Sources::MaySendToken(core::SourceIndex index) const {
  const Source& s = all_[index];
  core::TokenQuestion question;
  question.https = s.base.scheme == "https";
  question.loopback = s.base.IsLoopback();
  question.same_realm = s.config.dialect == "huggingface";
  question.policy = s.config.token_policy;
  return core::MaySendToken(question);
}

std::vector<SourceSnapshot> Sources::Snapshot(absl::Time now) const {
  std::vector<SourceSnapshot> out;
  for (const Source& source : all_) {
    SourceSnapshot s = Described(source.config);
    std::tie(s.state, s.reason) = StateOf(source, now);
    s.rate_per_sec = static_cast<ByteCount>(source.in_use > 0 ? source.stats.RateNow(now)
                                                              : source.stats.connection_rate());
    s.bytes = source.stats.bytes();
    if (source.stats.times().seen()) s.latency = source.stats.times().mean();
    s.success = source.stats.success();
    s.connections = source.in_use;
    out.push_back(std::move(s));
  }
  out.insert(out.end(), off_.begin(), off_.end());
  return out;
}

records::v1::SourceRecord Sources::ToRecord(core::SourceIndex index, absl::Time wall) const {
  const Source& s = all_[index];
  records::v1::SourceRecord record;
  record.set_name(s.config.name);
  record.set_rate_bytes_per_sec(s.stats.connection_rate());
  if (s.stats.times().seen()) {
    record.set_latency_seconds(absl::ToDoubleSeconds(s.stats.times().mean()));
    record.set_latency_deviation_seconds(absl::ToDoubleSeconds(s.stats.times().deviation()));
  }
  record.set_success(s.stats.success());
  record.set_updated_unix_ms(absl::ToUnixMillis(wall));
  record.set_best_connections(s.limit.best());
  for (const auto& conviction : s.convictions) *record.add_convictions() = conviction;
  return record;
}

void Sources::Load(const records::v1::SourceRecord& record) {
  const auto index = Find(record.name());
  if (!index) return;
  Source& s = all_[*index];
  s.stats.Load(record.rate_bytes_per_sec(), absl::Seconds(record.latency_seconds()),
               absl::Seconds(record.latency_deviation_seconds()), record.success());
  s.limit = core::ConnectionLimit(s.limit.max(), record.best_connections());
  s.convictions.assign(record.convictions().begin(), record.convictions().end());
  if (!s.convictions.empty()) s.health.Quarantine(s.convictions.back().evidence());
}

}  // namespace hfget::engine
