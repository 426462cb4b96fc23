// What sources are told of themselves by a bench.
#include "absl/strings/str_cat.h"
#include "daemon/engine/bench.h"

namespace hfget::engine {

// As evidence of a pull would be; its age is kept with it. A rate that this machine held back says nothing of the source.
void Bench::Feed(const Side& side, const BenchSample& sample) {
  if (sample.rate_per_sec <= 0 || !sample.limits.empty()) return;
  const double rate = sample.rate_per_sec / sample.connections;
  const absl::Time now = context_.clock.Steady();
  context_.sources.at(side.source).stats.OnRate(rate);
  context_.sources.OnSuccess(side.source, now);
  if (!side.target.data_host) return;
  DataHost& host = context_.sources.HostOf(side.source, side.target.url.HostAndPort());
  host.health.Success(now);
  host.stats.OnResult(true);
  host.stats.OnRate(rate);
  host.stats.OnBytes(sample.bytes, now);
}

// Likewise, once a sample. What would take a source out at once only counts against it: that is for pulls to find out.
void Bench::Blame(const Side& side, const BenchTrouble& trouble) {
  if (!trouble.any()) return;
  const absl::Time now = context_.clock.Steady();
  if (trouble.cut) return context_.sources.OnCut(side.source, trouble.why);
  if (!trouble.host.empty()) {
    return context_.sources.OnDataHostFailure(side.source, trouble.host, trouble.failure, trouble.rest, trouble.why, now, context_.rng);
  }
  Source& source = context_.sources.at(side.source);
  const bool disables = core::ConsequenceOf(trouble.failure).remedy == core::Remedy::kDisableSource;
  const bool strange = trouble.failure == core::Failure::kWrongAnswer && !source.verified;
  if (!disables && !strange) return context_.sources.OnFailure(side.source, trouble.failure, trouble.rest, trouble.why, now, context_.rng);
  source.counters.failures.Add(trouble.failure);
  source.stats.OnResult(false);
  source.last_failure = trouble.why;
}

std::optional<absl::Duration> Bench::RestOf(const Side& side, int requests) const {
  const Source& source = context_.sources.at(side.source);
  const absl::Time now = context_.clock.Steady();
  absl::Duration rest;
  const auto host = source.data_hosts.find(source.data_host);
  for (const core::SourceHealth* health : {&source.health, host == source.data_hosts.end() ? nullptr : &host->second.health}) {
    const bool rests = health != nullptr && health->Get(now) == core::SourceHealth::State::kResting;
    if (rests) rest = std::max(rest, health->ReturnsAt(now) - now);
  }
  if (requests > 0 && !source.quota.Allows(source.unanswered + requests - 1, now)) rest = std::max(rest, source.quota.resets() - now);
  if (rest <= absl::ZeroDuration()) return std::nullopt;
  return rest;
}

bool Bench::LeaveAlone(size_t index, int requests, const std::string& why, BenchSample& sample) {
  const auto rest = RestOf(sides_[index], requests);
  if (!rest) return false;
  schedule_->Drop(index);
  sample.cause = core::ErrorCause::kNoSource;
  sample.error = absl::StrCat("it asks to wait: ", absl::FormatDuration(absl::Ceil(*rest, absl::Seconds(1))));
  if (!why.empty()) absl::StrAppend(&sample.error, " (", why, ")");
  return true;
}

}  // namespace hfget::engine
