#include "daemon/rpc/bench_proto.h"

#include "daemon/core/bench_curve.h"
#include "daemon/rpc/convert.h"

namespace hfget::rpc {
namespace {

v1::Error ErrorOf(core::ErrorCause cause, const std::string& message, const std::string& source) {
  engine::PullError error;
  error.cause = cause;
  error.message = message;
  error.source = source;
  return ToProto(error);
}

v1::BenchLatency Latency(const engine::BenchLatency& latency) {
  v1::BenchLatency out;
  out.set_host(ValidUtf8(latency.host));
  out.set_address(ValidUtf8(latency.address));
  Set(latency.dns, out.mutable_dns());
  Set(latency.connect, out.mutable_connect());
  Set(latency.tls, out.mutable_tls());
  Set(latency.first_byte, out.mutable_first_byte());
  return out;
}

v1::BenchSpread SpreadOf(const core::Spread& spread) {
  v1::BenchSpread out;
  out.set_median(spread.median);
  out.set_p10(spread.p10);
  out.set_p90(spread.p90);
  out.set_count(spread.count);
  return out;
}

v1::BenchLatencySpread SpreadOf(const engine::BenchLatencySpread& spread) {
  v1::BenchLatencySpread out;
  *out.mutable_dns() = SpreadOf(spread.dns);
  *out.mutable_connect() = SpreadOf(spread.connect);
  *out.mutable_tls() = SpreadOf(spread.tls);
  *out.mutable_first_byte() = SpreadOf(spread.first_byte);
  return out;
}

void SetRates(const engine::BenchRow& row, v1::BenchRow* out) {
  if (row.one_connection.count > 0) *out->mutable_one_connection() = SpreadOf(row.one_connection);
  if (row.best.count > 0) *out->mutable_best() = SpreadOf(row.best);
  out->set_best_connections(row.best_connections);
  for (const auto& [connections, known] : row.steps) {
    v1::BenchRow::Step* step = out->add_steps();
    step->set_connections(connections);
    *step->mutable_rate() = SpreadOf(known.rate);
    step->set_samples(known.samples);
    step->set_failed(known.failed);
  }
  out->set_samples(row.samples);
  out->set_failed(row.failed);
  out->set_brief(row.brief);
}

v1::BenchRow RowOf(const engine::BenchRow& row) {
  v1::BenchRow out;
  out.set_source(ValidUtf8(row.source));
  out.set_endpoint(ValidUtf8(row.endpoint));
  out.set_rank(row.rank);
  out.set_why(ValidUtf8(row.why));
  if (!row.error.empty()) *out.mutable_error() = ErrorOf(row.cause, row.error, row.source);
  SetRates(row, &out);
  if (row.hub.first_byte.count > 0) *out.mutable_hub() = SpreadOf(row.hub);
  if (row.data_host.first_byte.count > 0) *out.mutable_data_host() = SpreadOf(row.data_host);
  out.set_data_host_name(ValidUtf8(row.data_host_name));
  out.set_data_address(ValidUtf8(row.data_address));
  out.set_ranges(row.ranges);
  out.set_redirect(ValidUtf8(row.redirect));
  if (row.link_lifetime && *row.link_lifetime != absl::InfiniteDuration()) Set(*row.link_lifetime, out.mutable_link_lifetime());
  out.set_commit(ValidUtf8(row.commit));
  out.set_lags(row.lags);
  out.set_lag_known(row.lag_known);
  out.set_token_verdict(ToProto(row.proof));
  out.set_quota_known(row.quota_left.has_value());
  if (row.quota_left) {
    out.set_quota_left(*row.quota_left);
    Set(row.quota_resets, out.mutable_quota_resets());
  }
  for (const std::string& limit : row.limits) out.add_limits(limit);
  return out;
}

}  // namespace

v1::BenchPlan ToProto(const engine::BenchPlan& plan) {
  v1::BenchPlan out;
  out.set_repo(ValidUtf8(hub::ShownName(plan.repo)));
  out.set_type(ToProto(plan.repo.type));
  out.set_revision(ValidUtf8(plan.spec.revision));
  out.set_commit(ValidUtf8(plan.commit));
  out.set_file(ValidUtf8(plan.spec.file));
  out.set_file_bytes(plan.file_size);
  for (const std::string& source : plan.sources) out.add_sources(ValidUtf8(source));
  for (const int connections : plan.spec.connections) out.add_connections(connections);
  out.set_rounds(plan.spec.rounds);
  out.set_size_bytes(plan.spec.sample_bytes);
  Set(plan.spec.sample_duration, out.mutable_sample_duration());
  out.set_max_bytes(plan.spec.total_bytes);
  out.set_samples(plan.samples);
  Set(plan.started, out.mutable_started());
  for (const std::string& notice : plan.notices) out.add_notices(ValidUtf8(notice));
  return out;
}

v1::BenchProgress ToProto(const engine::BenchProgress& progress) {
  v1::BenchProgress out;
  out.set_source(ValidUtf8(progress.source));
  out.set_round(progress.round);
  out.set_connections(progress.connections);
  out.set_bytes(progress.bytes);
  out.set_rate_bytes_per_sec(progress.rate_per_sec);
  out.set_samples_done(progress.samples_done);
  return out;
}

v1::BenchSample ToProto(const engine::BenchSample& sample) {
  v1::BenchSample out;
  out.set_source(ValidUtf8(sample.source));
  out.set_round(sample.round);
  out.set_connections(sample.connections);
  Set(sample.at, out.mutable_at());
  out.set_bytes(sample.bytes);
  Set(sample.duration, out.mutable_duration());
  out.set_rate_bytes_per_sec(static_cast<int64_t>(sample.rate_per_sec));
  out.set_brief(sample.brief);
  for (const ByteCount step : sample.curve) out.add_curve(step);
  Set(core::BenchCurve::kStep, out.mutable_curve_step());
  for (const std::string& limit : sample.limits) out.add_limits(limit);
  if (!sample.error.empty()) *out.mutable_error() = ErrorOf(sample.cause, sample.error, sample.source);
  if (sample.hub) *out.mutable_hub() = Latency(*sample.hub);
  if (sample.data_host) *out.mutable_data_host() = Latency(*sample.data_host);
  return out;
}

v1::BenchReport ToProto(const engine::BenchReport& report) {
  v1::BenchReport out;
  for (const engine::BenchRow& row : report.rows) *out.add_rows() = RowOf(row);
  out.set_recommendation(ValidUtf8(report.recommendation));
  out.set_bytes(report.bytes);
  out.set_samples(report.samples);
  out.set_complete(report.complete);
  if (report.complete) Set(report.finished, out.mutable_finished());
  return out;
}

v1::BenchPoint ToProto(const engine::BenchPoint& point) {
  v1::BenchPoint out;
  Set(point.at, out.mutable_at());
  out.set_source(ValidUtf8(point.source));
  out.set_repo(ValidUtf8(point.repo));
  out.set_file(ValidUtf8(point.file));
  out.set_one_connection_bytes_per_sec(point.one_connection);
  out.set_best_bytes_per_sec(point.best);
  out.set_best_connections(point.best_connections);
  Set(point.first_byte, out.mutable_first_byte());
  out.set_error(ValidUtf8(point.error));
  out.set_scheduled(point.scheduled);
  return out;
}

}  // namespace hfget::rpc
