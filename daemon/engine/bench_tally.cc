#include "daemon/engine/bench_tally.h"

#include <algorithm>
#include <utility>

namespace hfget::engine {
namespace {

core::BenchStanding StandingOf(const BenchRow& row) {
  core::BenchStanding standing;
  standing.source = row.source;
  standing.best = row.best;
  standing.connections = row.best_connections;
  standing.first_byte = absl::Seconds(row.hub.first_byte.median) + absl::Seconds(row.data_host.first_byte.median);
  standing.lags = row.lags;
  standing.trouble = row.error;
  return standing;
}

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
    if (std::find(limits_.begin(), limits_.end(), limit) == limits_.end()) limits_.push_back(limit);
  }
  if (sample.rate_per_sec > 0) rates_[sample.connections].push_back(sample.rate_per_sec);
  if (sample.error.empty()) return;
  cause_ = sample.cause;
  error_ = sample.error;
}

BenchRow BenchTally::Row() const {
  BenchRow row;
  row.hub = hub_.Spread();
  row.data_host = data_host_.Spread();
  row.data_host_name = data_host_name_;
  row.data_address = data_address_;
  row.limits = limits_;
  if (rates_.empty()) {
    row.cause = cause_;
    row.error = error_;
    return row;
  }
  for (const auto& [connections, rates] : rates_) row.steps[connections] = core::SpreadOf(rates);
  if (const auto one = row.steps.find(1); one != row.steps.end()) row.one_connection = one->second;
  row.best_connections = core::BestConnections(row.steps);
  row.best = row.steps.at(row.best_connections);
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
    if (row.best.count > 0) row.rank = static_cast<int>(ranked.size());
  }
  rows = std::move(ranked);
}

}  // namespace hfget::engine
