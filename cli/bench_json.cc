#include "cli/bench_json.h"

#include "cli/json_value.h"
#include "cli/pull_text.h"

namespace hfget::cli {
namespace {

template <typename Values>
Json ArrayJson(const Values& values) {
  Json array = Json::array();
  for (const auto& value : values) array.push_back(value);
  return array;
}

Json ErrorOrNull(bool known, const v1::Error& error) { return known ? ErrorObject(error) : Json(nullptr); }

Json BenchPlanJson(const v1::BenchPlan& plan) {
  return {{"repo", plan.repo()},
          {"type", RepoTypeName(plan.type())},
          {"revision", plan.revision()},
          {"commit", plan.commit()},
          {"file", plan.file()},
          {"file_bytes", plan.file_bytes()},
          {"sources", ArrayJson(plan.sources())},
          {"connections", ArrayJson(plan.connections())},
          {"rounds", plan.rounds()},
          {"size_bytes", plan.size_bytes()},
          {"sample_duration_seconds", SecondsJson(plan.has_sample_duration(), plan.sample_duration())},
          {"max_bytes", plan.max_bytes()},
          {"samples", plan.samples()},
          {"started", TimeJson(plan.has_started(), plan.started())},
          {"notices", ArrayJson(plan.notices())}};
}

Json LatencyJson(bool known, const v1::BenchLatency& latency) {
  if (!known) return nullptr;
  return {{"host", latency.host()},
          {"address", latency.address()},
          {"dns_seconds", SecondsJson(latency.has_dns(), latency.dns())},
          {"connect_seconds", SecondsJson(latency.has_connect(), latency.connect())},
          {"tls_seconds", SecondsJson(latency.has_tls(), latency.tls())},
          {"first_byte_seconds", SecondsJson(latency.has_first_byte(), latency.first_byte())}};
}

Json SampleJson(const v1::BenchSample& sample) {
  return {{"source", sample.source()},
          {"round", sample.round()},
          {"connections", sample.connections()},
          {"at", TimeJson(sample.has_at(), sample.at())},
          {"bytes", sample.bytes()},
          {"duration_seconds", SecondsJson(sample.has_duration(), sample.duration())},
          {"rate_bytes_per_sec", sample.rate_bytes_per_sec()},
          {"brief", sample.brief()},
          {"curve_bytes_per_sec", ArrayJson(sample.curve())},
          {"curve_step_seconds", SecondsJson(sample.has_curve_step(), sample.curve_step())},
          {"limits", ArrayJson(sample.limits())},
          {"error", ErrorOrNull(sample.has_error(), sample.error())},
          {"hub", LatencyJson(sample.has_hub(), sample.hub())},
          {"data_host", LatencyJson(sample.has_data_host(), sample.data_host())}};
}

Json SpreadJson(const v1::BenchSpread& spread) {
  if (spread.count() == 0) return nullptr;
  return {{"median", spread.median()}, {"p10", spread.p10()}, {"p90", spread.p90()}, {"count", spread.count()}};
}

Json LatencySpreadJson(bool known, const v1::BenchLatencySpread& spread) {
  if (!known) return nullptr;
  return {{"dns_seconds", SpreadJson(spread.dns())},
          {"connect_seconds", SpreadJson(spread.connect())},
          {"tls_seconds", SpreadJson(spread.tls())},
          {"first_byte_seconds", SpreadJson(spread.first_byte())}};
}

Json StepsJson(const v1::BenchRow& row) {
  Json steps = Json::array();
  for (const v1::BenchRow::Step& step : row.steps()) {
    steps.push_back({{"connections", step.connections()},
                     {"rate_bytes_per_sec", SpreadJson(step.rate())},
                     {"samples", step.samples()},
                     {"failed", step.failed()}});
  }
  return steps;
}

Json RowJson(const v1::BenchRow& row) {
  return {{"source", row.source()},
          {"endpoint", row.endpoint()},
          {"rank", row.rank()},
          {"why", row.why()},
          {"error", ErrorOrNull(row.has_error(), row.error())},
          {"one_connection_bytes_per_sec", SpreadJson(row.one_connection())},
          {"best_bytes_per_sec", SpreadJson(row.best())},
          {"best_connections", row.best_connections()},
          {"brief", row.brief()},
          {"steps", StepsJson(row)},
          {"samples", row.samples()},
          {"failed", row.failed()},
          {"hub", LatencySpreadJson(row.has_hub(), row.hub())},
          {"data_host", LatencySpreadJson(row.has_data_host(), row.data_host())},
          {"data_host_name", row.data_host_name()},
          {"data_address", row.data_address()},
          {"ranges", row.ranges()},
          {"redirect", row.redirect()},
          {"link_lifetime_seconds", SecondsJson(row.has_link_lifetime(), row.link_lifetime())},
          {"commit", row.commit()},
          {"lags", row.lag_known() ? Json(row.lags()) : Json(nullptr)},
          {"token_verdict", VerdictName(row.token_verdict())},
          {"quota_left", row.quota_known() ? Json(row.quota_left()) : Json(nullptr)},
          {"quota_resets_seconds", SecondsJson(row.has_quota_resets(), row.quota_resets())},
          {"limits", ArrayJson(row.limits())}};
}

Json ReportJson(const v1::BenchReport& report) {
  Json rows = Json::array();
  for (const v1::BenchRow& row : report.rows()) rows.push_back(RowJson(row));
  return {{"rows", std::move(rows)},
          {"recommendation", report.recommendation()},
          {"bytes", report.bytes()},
          {"samples", report.samples()},
          {"complete", report.complete()},
          {"finished", TimeJson(report.has_finished(), report.finished())}};
}

}  // namespace

std::string BenchJson(const BenchRun& run) {
  Json samples = Json::array();
  for (const v1::BenchSample& sample : run.samples) samples.push_back(SampleJson(sample));
  return Dump({{"plan", BenchPlanJson(run.plan)}, {"samples", std::move(samples)}, {"report", ReportJson(run.report)}});
}

std::string BenchHistoryJson(const std::vector<v1::BenchPoint>& points) {
  Json array = Json::array();
  for (const v1::BenchPoint& point : points) {
    array.push_back({{"at", TimeJson(point.has_at(), point.at())},
                     {"source", point.source()},
                     {"repo", point.repo()},
                     {"file", point.file()},
                     {"one_connection_bytes_per_sec", point.one_connection_bytes_per_sec()},
                     {"best_bytes_per_sec", point.best_bytes_per_sec()},
                     {"best_connections", point.best_connections()},
                     {"first_byte_seconds", SecondsJson(point.has_first_byte(), point.first_byte())},
                     {"scheduled", point.scheduled()},
                     {"error", point.error()}});
  }
  return Dump(array);
}

}  // namespace hfget::cli
