// Benches as a daemon would tell them.
#ifndef HFGET_TESTS_CLI_BENCH_SAMPLES_H_
#define HFGET_TESTS_CLI_BENCH_SAMPLES_H_

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "cli/bench_run.h"
#include "tests/cli/pull_samples.h"

namespace hfget::cli::testing {

// What a source gives in a sample bench. mib: a second with one connection; 0: it is down.
struct BenchedSource {
  std::string name;
  double mib = 0;
  double most = 0;      // a second, with any number of connections
  double shake = 0.02;  // how much the rate varies
  double ms = 20;       // of a round trip to it
  std::string data_host;
};

inline const std::vector<BenchedSource>& BenchedSources() {
  static const auto* const kSources = new std::vector<BenchedSource>{
      {"tuna", 14.2, 92, .03, 9, "cdn.tuna.example"}, {"official", 11.8, 61, .10, 48, "cas-bridge.xethub.example"},
      {"hf-mirror", 7.1, 24, .18, 31, ""}, {"modelscope", 3.9, 15, .06, 74, "cdn.modelscope.example"}, {"pai", 0, 0, 0, 0, ""}};
  return *kSources;
}

inline google::protobuf::Duration DurationProto(double seconds) {
  google::protobuf::Duration duration;
  duration.set_seconds(static_cast<int64_t>(seconds));
  duration.set_nanos(static_cast<int>((seconds - std::floor(seconds)) * 1e9));
  return duration;
}

inline v1::BenchPlan SampleBenchPlan() {
  v1::BenchPlan plan;
  plan.set_repo("org/model");
  plan.set_type(v1::REPO_TYPE_MODEL);
  plan.set_revision("main");
  plan.set_commit(kCommit);
  plan.set_file("model-00001-of-00002.safetensors");
  plan.set_file_bytes(4 * kGiB);
  for (const BenchedSource& source : BenchedSources()) plan.add_sources(source.name);
  for (const int count : {1, 2, 4, 8}) plan.add_connections(count);
  plan.set_rounds(3);
  plan.set_size_bytes(64 * kMiB);
  *plan.mutable_sample_duration() = DurationProto(20);
  plan.set_max_bytes(512 * kMiB);
  plan.set_samples(60);
  plan.mutable_started()->set_seconds(1767225600);  // 2026-01-01
  return plan;
}

// Between -1 and 1, the same every time.
inline double Wobble(int seed) { return std::sin(seed * 12.9898 + std::sin(seed * 78.233) * 3); }

inline v1::BenchSample SampleOf(const BenchedSource& source, int round, int connections) {
  v1::BenchSample sample;
  sample.set_source(source.name);
  sample.set_round(round);
  sample.set_connections(connections);
  sample.mutable_at()->set_seconds(1767225600 + round * 60 + connections);
  if (source.mib == 0) {
    sample.mutable_error()->set_cause(v1::ERROR_CAUSE_UNAVAILABLE);
    sample.mutable_error()->set_message("connection refused");
    return sample;
  }
  const double full = source.most * (1 - std::exp(-source.mib * connections / source.most)) * (1 + source.shake * Wobble(round * 7 + connections));
  const int steps = std::clamp(static_cast<int>(64 / full / 0.25) + 2, 6, 80);
  for (int i = 0; i < steps; ++i) {
    const double now = full * std::min(1.0, 0.25 + i * 0.22) * (1 + 1.4 * source.shake * Wobble(i * 31 + round * 5 + connections));
    sample.add_curve(static_cast<int64_t>(std::max(0.0, now) * kMiB));
  }
  *sample.mutable_curve_step() = DurationProto(0.25);
  *sample.mutable_duration() = DurationProto(0.25 * steps);
  sample.set_rate_bytes_per_sec(static_cast<int64_t>(full * kMiB));
  sample.set_bytes(static_cast<int64_t>(std::min(64.0, full * 0.25 * steps) * kMiB));
  if (connections == 8 && source.name == "tuna") sample.add_limits("cpu");
  if (connections != 1) return sample;
  sample.mutable_hub()->set_host(source.name + ".example");
  *sample.mutable_hub()->mutable_first_byte() = DurationProto(source.ms * 4 / 1000);
  return sample;
}

inline v1::BenchSpread SpreadOf(std::vector<double> values) {
  v1::BenchSpread spread;
  std::sort(values.begin(), values.end());
  spread.set_count(static_cast<int>(values.size()));
  if (values.empty()) return spread;
  spread.set_median(values[values.size() / 2]);
  spread.set_p10(values.front());
  spread.set_p90(values.back());
  return spread;
}

inline v1::BenchSpread OneValue(double value) { return SpreadOf({value}); }

inline v1::BenchLatencySpread SampleLatency(double ms, double phases) {
  v1::BenchLatencySpread latency;
  *latency.mutable_dns() = OneValue(ms * 0.4 / 1000);
  *latency.mutable_connect() = OneValue(ms * 1.4 / 1000);
  *latency.mutable_tls() = OneValue(ms * 2.9 / 1000);
  *latency.mutable_first_byte() = OneValue(ms * phases / 1000);
  return latency;
}

inline void FillBenchRow(const BenchRun& run, const BenchedSource& source, v1::BenchRow* row) {
  for (const int count : {1, 2, 4, 8}) {
    std::vector<double> rates;
    for (const v1::BenchSample& sample : run.samples) {
      if (sample.source() == source.name && sample.connections() == count) rates.push_back(static_cast<double>(sample.rate_bytes_per_sec()));
    }
    v1::BenchRow::Step* step = row->add_steps();
    step->set_connections(count);
    *step->mutable_rate() = SpreadOf(rates);
    if (row->best().median() * 1.05 < step->rate().median()) {
      *row->mutable_best() = step->rate();
      row->set_best_connections(count);
    }
  }
  *row->mutable_one_connection() = row->steps(0).rate();
  *row->mutable_hub() = SampleLatency(source.ms, 4);
  if (!source.data_host.empty()) *row->mutable_data_host() = SampleLatency(source.ms * 1.3, 4.6);
  row->set_data_host_name(source.data_host);
}

inline v1::BenchReport SampleBenchReport(const BenchRun& run) {
  v1::BenchReport report;
  int rank = 0;
  for (const BenchedSource& source : BenchedSources()) {
    v1::BenchRow* row = report.add_rows();
    row->set_source(source.name);
    row->set_endpoint("https://" + source.name + ".example");
    if (source.mib == 0) {
      row->set_why("connection refused");
      row->mutable_error()->set_cause(v1::ERROR_CAUSE_UNAVAILABLE);
      row->mutable_error()->set_message("connection refused");
      continue;
    }
    row->set_rank(++rank);
    row->set_why(rank == 1 ? "the fastest, and the steadiest" : "slower than tuna");
    row->set_ranges(true);
    row->set_commit(source.name == "hf-mirror" ? "0123456701234567012345670123456701234567" : kCommit);
    row->set_lags(source.name == "hf-mirror");
    row->set_lag_known(true);
    row->set_samples(12);
    row->set_token_verdict(source.name == "official" ? v1::TOKEN_VERDICT_FORWARDS : v1::TOKEN_VERDICT_UNSPECIFIED);
    if (source.name == "official") {
      row->set_quota_known(true);
      row->set_quota_left(480);
      *row->mutable_quota_resets() = DurationProto(240);
    }
    if (source.name == "tuna") row->add_limits("cpu");
    FillBenchRow(run, source, row);
  }
  report.set_recommendation("Use tuna first, with 8 connections, then official: together they give about 119 MiB/s from here.");
  for (const v1::BenchSample& sample : run.samples) report.set_bytes(report.bytes() + sample.bytes());
  report.set_samples(static_cast<int>(run.samples.size()));
  report.set_complete(true);
  return report;
}

// Complete: five sources, one of them down, in three rounds with 1, 2, 4 and 8 connections.
inline BenchRun SampleBench() {
  BenchRun run;
  run.plan = SampleBenchPlan();
  for (int round = 1; round <= 3; ++round) {
    for (const int count : {1, 2, 4, 8}) {
      for (const BenchedSource& source : BenchedSources()) run.samples.push_back(SampleOf(source, round, count));
    }
  }
  run.report = SampleBenchReport(run);
  return run;
}

// As the stream brings it: plan, progress, each sample with the report so far, the report alone.
inline std::vector<v1::BenchSourcesResponse> SampleBenchStream(const BenchRun& run) {
  std::vector<v1::BenchSourcesResponse> stream;
  *stream.emplace_back().mutable_plan() = run.plan;
  for (const v1::BenchSample& sample : run.samples) {
    v1::BenchProgress* progress = stream.emplace_back().mutable_progress();
    progress->set_source(sample.source());
    progress->set_round(sample.round());
    progress->set_connections(sample.connections());
    progress->set_rate_bytes_per_sec(sample.rate_bytes_per_sec());
    v1::BenchSourcesResponse& ended = stream.emplace_back();
    *ended.mutable_sample() = sample;
    *ended.mutable_report() = run.report;
    ended.mutable_report()->set_complete(false);
    ended.mutable_report()->set_samples(static_cast<int>(stream.size() / 2));
  }
  *stream.emplace_back().mutable_report() = run.report;
  return stream;
}

// A bench an hour of each source; "pai" fails, and "hf-mirror" sometimes.
inline std::vector<v1::BenchPoint> SampleBenchHistory(int hours = 72) {
  std::vector<v1::BenchPoint> points;
  for (int hour = 0; hour < hours; ++hour) {
    for (const BenchedSource& source : BenchedSources()) {
      v1::BenchPoint& point = points.emplace_back();
      point.mutable_at()->set_seconds(1767225600 + hour * 3600);
      point.set_source(source.name);
      point.set_repo("org/model");
      point.set_file("model.safetensors");
      const bool fails = source.mib == 0 || (source.name == "hf-mirror" && hour % 11 == 5);
      if (fails) {
        point.set_error("connection refused");
        continue;
      }
      const double day = 1 - 0.35 * std::max(0.0, std::sin((hour % 24 - 12) / 24.0 * 6.283));
      point.set_best_bytes_per_sec(source.most * 0.8 * day * (1 + 2 * source.shake * Wobble(hour * 3)) * kMiB);
      point.set_best_connections(8);
      point.set_one_connection_bytes_per_sec(source.mib * kMiB);
      *point.mutable_first_byte() = DurationProto(source.ms / 250);
    }
  }
  return points;
}

}  // namespace hfget::cli::testing

#endif  // HFGET_TESTS_CLI_BENCH_SAMPLES_H_
