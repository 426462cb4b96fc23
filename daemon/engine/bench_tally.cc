#include "daemon/engine/bench_tally.h"

#include <algorithm>
#include <utility>

#include "absl/strings/string_view.h"

namespace hfget::engine {
namespace {

core::BenchStanding StandingOf(const BenchRow& row) {
  core::BenchStanding standing;
  standing.source = row.source;
  const auto best = row.steps.find(row.best_connections);
  standing.best = best == row.steps.end() ? core::BenchStep{row.best} : best->second;
  standing.connections = row.best_connections;
  standing.first_byte = absl::Seconds(row.hub.first_byte.median) + absl::Seconds(row.data_host.first_byte.median);
  standing.lags = row.lags;
  standing.samples = row.samples;
  standing.failed = row.failed;
  standing.trouble = row.trouble;
  standing.out = row.out;
  return standing;
}

bool Holds(const std::vector<std::string>& words, absl::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); }

}  // namespace

void BenchTally::Latencies::Add(const BenchLatency& latency) {
  dns.push_back(absl::ToDoubleSeconds(latency.dns));
  connect.push_back(absl::ToDoubleSeconds(latency.connect));
  tls.push_back(absl::ToDoubleSeconds(latency.tls));
  first_byte.push_back(absl::ToDoubleSeconds(latency.first_byte));
}

BenchLatencySpread BenchTally::Latencies::Spread() const {
  return {core::SpreadOf(dns), core::SpreadOf(connect), core::SpreadOf(tls), core::SpreadOf(first_byte)};
}

void BenchTally::Add(const BenchSample& sample) {
  if (sample.hub) hub_.Add(*sample.hub);
  if (sample.data_host) {
    data_host_.Add(*sample.data_host);
    data_host_name_ = sample.data_host->host;
    data_address_ = sample.data_host->address;
  }
  for (const std::string& limit : sample.limits) {
    if (!Holds(limits_, limit)) limits_.push_back(limit);
  }
  Samples& samples = samples_[sample.connections];
  ++samples.all;
  const bool came = sample.rate_per_sec > 0;
  samples.failed += !came || !sample.error.empty();
  if (came) {
    brought_ = true;
    (Holds(sample.limits, "pulls") ? samples.disturbed : samples.rates).push_back(sample.rate_per_sec);
    samples.brief += sample.brief;
  }
  if (!sample.error.empty()) Refuse(sample.cause, sample.error);
}

void BenchTally::Refuse(core::ErrorCause cause, std::string why) {
  cause_ = cause;
  error_ = std::move(why);
}

BenchRow BenchTally::Row() const {
  BenchRow row;
  row.hub = hub_.Spread();
  row.data_host = data_host_.Spread();
  row.data_host_name = data_host_name_;
  row.data_address = data_address_;
  row.limits = limits_;
  row.trouble = error_;
  for (const auto& [connections, samples] : samples_) {
    row.samples += samples.all;
    row.failed += samples.failed;
    const core::Spread rate = core::SpreadOf(samples.rates.empty() ? samples.disturbed : samples.rates);
    if (rate.count > 0) row.steps[connections] = {rate, samples.all, samples.failed};
  }
  if (!brought_) {
    row.cause = cause_;
    row.error = error_;
    return row;
  }
  if (const auto one = row.steps.find(1); one != row.steps.end()) row.one_connection = one->second.rate;
  row.best_connections = core::BestConnections(row.steps);
  row.best = row.steps.at(row.best_connections).rate;
  row.brief = samples_.at(row.best_connections).brief;
  return row;
}

void RankRows(std::vector<BenchRow>& rows, std::string& recommendation) {
  std::vector<core::BenchStanding> standings;
  for (const BenchRow& row : rows) standings.push_back(StandingOf(row));
  const std::vector<size_t> order = core::RankSources(standings);
  recommendation = core::Recommend(standings, order);
  std::vector<BenchRow> ranked;
  for (const size_t i : order) {
    BenchRow& row = ranked.emplace_back(std::move(rows[i]));
    row.why = core::WhyThere(standings[i], standings[order.front()]);
    if (row.best.count > 0 && row.out.empty()) row.rank = static_cast<int>(ranked.size());
  }
  rows = std::move(ranked);
}

}  // namespace hfget::engine
