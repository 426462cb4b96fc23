// How a source is shown, and what of it outlives the process.
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "daemon/core/score.h"
#include "daemon/core/token_policy.h"
#include "daemon/engine/sources.h"

namespace hfget::engine {
namespace {

using State = core::SourceHealth::State;

std::string In(absl::Time until, absl::Time now) {
  return absl::FormatDuration(absl::Ceil(until - now, absl::Seconds(1)));
}

std::pair<std::string, std::string> StateOf(const core::SourceHealth& health, const std::string& failure, absl::Time now) {
  switch (health.Get(now)) {
    case State::kOk:
      return {"ok", ""};
    case State::kEjected:
      return {"ejected", absl::StrCat(failure, "; back in ", In(health.ReturnsAt(now), now))};
    case State::kResting:
      return {"resting", absl::StrCat("rate limited; back in ", In(health.ReturnsAt(now), now))};
    case State::kQuarantined:
      return {"quarantined", health.reason()};
    case State::kDisabled:
      return {"off", health.reason()};
  }
  return {"unknown", ""};
}

std::pair<std::string, std::string> StateOf(const Source& s, absl::Time now) {
  if (s.off) return {"off", s.off_why};
  auto state = StateOf(s.health, s.last_failure, now);
  if (state.first != "ok") return state;
  if (now < s.stranger_until) {
    return {"unverified", absl::StrCat("does not answer as a hub does: ", s.last_failure, "; asked again in ",
                                       In(s.stranger_until, now))};
  }
  const auto host = s.data_hosts.find(s.data_host);
  if (host != s.data_hosts.end() && !host->second.health.Usable(now)) {
    return StateOf(host->second.health, s.last_failure, now);
  }
  if (!s.verified) return {"unverified", s.last_failure.empty() ? "not asked yet" : s.last_failure};
  return {"ok", ""};
}

std::string WithoutPassword(const std::string& proxy) {
  const size_t scheme = proxy.find("://");
  const size_t at = proxy.rfind('@');
  if (scheme == std::string::npos || at == std::string::npos || at < scheme) return proxy;
  return absl::StrCat(proxy.substr(0, scheme + 3), "…", proxy.substr(at));
}

DataHostSnapshot SnapshotOfHost(const std::string& name, const DataHost& host, absl::Time now) {
  DataHostSnapshot out;
  out.host = name;
  out.state = StateOf(host.health, "", now).first;
  out.rate_per_sec = static_cast<ByteCount>(host.stats.connection_rate());
  if (host.stats.times().seen()) out.latency = host.stats.times().mean();
  out.success = host.stats.success();
  out.bytes = host.stats.bytes();
  return out;
}

void SetStats(const core::SourceStats& stats, records::v1::SourceRecord& record) {
  record.set_rate_bytes_per_sec(stats.connection_rate());
  if (stats.times().seen()) {
    record.set_latency_seconds(absl::ToDoubleSeconds(stats.times().mean()));
    record.set_latency_deviation_seconds(absl::ToDoubleSeconds(stats.times().deviation()));
  }
  record.set_success(stats.success());
}

void SetProof(const core::Proof& proof, absl::Time wall, records::v1::SourceRecord& record) {
  if (proof.at() == absl::InfinitePast()) return;
  records::v1::ProofRecord& out = *record.mutable_proof();
  out.set_verdict(static_cast<int>(proof.verdict()));
  out.set_why(proof.why());
  out.set_at_unix_ms(absl::ToUnixMillis(proof.at()));
  out.set_completed(proof.completed(wall));
}

void SetHost(const std::string& name, const DataHost& host, records::v1::DataHostRecord& out) {
  out.set_host(name);
  out.set_rate_bytes_per_sec(host.stats.connection_rate());
  if (host.stats.times().seen()) {
    out.set_latency_seconds(absl::ToDoubleSeconds(host.stats.times().mean()));
    out.set_latency_deviation_seconds(absl::ToDoubleSeconds(host.stats.times().deviation()));
  }
  out.set_success(host.stats.success());
  out.set_updated_unix_ms(absl::ToUnixMillis(host.seen));
}

core::ProofVerdict VerdictOf(int number) {
  const auto verdict = static_cast<core::ProofVerdict>(number);
  const bool known = verdict == core::ProofVerdict::kForwards || verdict == core::ProofVerdict::kNotSeenToForward;
  return known ? verdict : core::ProofVerdict::kUnknown;
}

}  // namespace

SourceSnapshot Sources::SnapshotOf(core::SourceIndex index, absl::Time now) const {
  const Source& source = all_[index];
  SourceSnapshot s;
  s.name = source.config.name;
  s.endpoint = source.config.endpoint;
  s.dialect = source.config.dialect;
  s.token_policy = std::string(core::TokenPolicyName(source.config.token_policy));
  s.proxy = WithoutPassword(source.config.proxy);
  s.enabled = !source.off;
  std::tie(s.state, s.reason) = StateOf(source, now);
  const double rate = source.in_use > 0 ? source.stats.RateNow(now) : source.stats.connection_rate();
  s.rate_per_sec = static_cast<ByteCount>(rate);
  s.score = core::ScoreOf(source.stats.connection_rate(), source.stats.latency(), source.stats.success());
  s.bytes = source.stats.bytes();
  if (source.stats.times().seen()) s.latency = source.stats.times().mean();
  s.latency_p95 = source.stats.latency_p95();
  s.success = source.stats.success();
  s.connections = source.in_use;
  s.stalls = source.stalls;
  s.rate_limited = source.rate_limited;
  s.convictions = static_cast<int>(source.convictions.size());
  for (const auto& conviction : source.convictions) {
    const std::string when = absl::FormatTime("%Y-%m-%d %H:%M:%SZ", absl::FromUnixMillis(conviction.at_unix_ms()), absl::UTCTimeZone());
    s.evidence.push_back(absl::StrCat(when, ": ", conviction.evidence()));
  }
  s.proof = source.proof.Get(Wall());
  s.proof_why = source.proof.why();
  s.proven = source.proof.at();
  s.probed = source.probed;
  for (const auto& [name, host] : source.data_hosts) s.data_hosts.push_back(SnapshotOfHost(name, host, now));
  return s;
}

std::vector<SourceSnapshot> Sources::Snapshot(absl::Time now) const {
  std::vector<SourceSnapshot> out;
  for (core::SourceIndex i = 0; i < count(); ++i) out.push_back(SnapshotOf(i, now));
  out.insert(out.end(), off_.begin(), off_.end());
  return out;
}

std::vector<SourceFigures> Sources::Figures(absl::Time now) const {
  std::vector<SourceFigures> out;
  for (const Source& source : all_) {
    SourceFigures f;
    f.name = source.config.name;
    f.state = StateOf(source, now).first;
    f.counters = source.counters;
    f.rate_bytes_per_sec = source.stats.RateNow(now);
    f.connections = source.in_use;
    if (source.stats.times().seen()) f.latency = source.stats.times().mean();
    f.success = source.stats.success();
    f.convictions = static_cast<int>(source.convictions.size());
    out.push_back(std::move(f));
  }
  for (const SourceSnapshot& off : off_) {
    SourceFigures f;
    f.name = off.name;
    f.state = off.state;
    out.push_back(std::move(f));
  }
  return out;
}

records::v1::SourceRecord Sources::ToRecord(core::SourceIndex index, absl::Time wall) const {
  const Source& s = all_[index];
  records::v1::SourceRecord record;
  record.set_name(s.config.name);
  SetStats(s.stats, record);
  SetProof(s.proof, wall, record);
  record.set_updated_unix_ms(absl::ToUnixMillis(wall));
  record.set_best_connections(s.limit.best());
  record.set_switched_off(s.switched && s.off);
  record.set_switched_on(s.switched && !s.off);
  record.set_stalls(s.stalls);
  record.set_rate_limited(s.rate_limited);
  if (s.probed != absl::InfinitePast()) record.set_probed_unix_ms(absl::ToUnixMillis(s.probed));
  record.set_probe_passed(s.verified);
  record.set_probe_why(s.last_failure);
  record.set_latency_p95_seconds(absl::ToDoubleSeconds(s.stats.latency_p95()));
  for (const auto& [name, host] : s.data_hosts) SetHost(name, host, *record.add_data_hosts());
  for (const auto& conviction : s.convictions) *record.add_convictions() = conviction;
  return record;
}

void Sources::Load(const records::v1::SourceRecord& record) {
  const auto index = Find(record.name());
  if (!index) return;
  Source& s = all_[*index];
  const absl::Time wall = Wall();
  const auto age = [wall](int64_t unix_ms) {
    return wall == absl::InfinitePast() ? absl::ZeroDuration() : wall - absl::FromUnixMillis(unix_ms);
  };
  s.stats.Load(record.rate_bytes_per_sec(), absl::Seconds(record.latency_seconds()),
               absl::Seconds(record.latency_deviation_seconds()), record.success(), age(record.updated_unix_ms()));
  s.limit = core::ConnectionLimit(s.limit.max(), record.best_connections());
  s.stalls = record.stalls();
  s.rate_limited = record.rate_limited();
  s.verified = record.probe_passed() && age(record.updated_unix_ms()) < core::SourceStats::kPaceLife;
  if (record.probed_unix_ms() > 0) s.probed = absl::FromUnixMillis(record.probed_unix_ms());
  if (record.has_proof()) {
    s.proof.Load(VerdictOf(record.proof().verdict()), record.proof().why(),
                 absl::FromUnixMillis(record.proof().at_unix_ms()), record.proof().completed(), wall);
  }
  if (record.switched_off() || record.switched_on()) Switch(*index, record.switched_on());
  for (const auto& host : record.data_hosts()) {
    s.data_hosts[host.host()].stats.Load(host.rate_bytes_per_sec(), absl::Seconds(host.latency_seconds()),
                                         absl::Seconds(host.latency_deviation_seconds()), host.success(),
                                         age(host.updated_unix_ms()));
  }
  s.convictions.assign(record.convictions().begin(), record.convictions().end());
  if (!s.convictions.empty()) s.health.Quarantine(s.convictions.back().evidence());
}

}  // namespace hfget::engine
