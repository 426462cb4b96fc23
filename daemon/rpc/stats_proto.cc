#include "daemon/rpc/stats_proto.h"

#include <string>

#include "daemon/rpc/convert.h"

namespace hfget::rpc {
namespace {

void Fill(const core::Histogram& from, v1::DurationHistogram* to) {
  for (size_t i = 0; i < core::Histogram::kBounds.size(); ++i) {
    v1::DurationHistogram::Bucket& bucket = *to->add_buckets();
    bucket.set_upper_bound_seconds(core::Histogram::kBounds[i]);
    bucket.set_count(from.WithinBound(i));
  }
  to->set_count(from.count());
  to->set_sum_seconds(from.sum_seconds());
}

void Fill(const engine::FailureCounts& from, google::protobuf::RepeatedPtrField<v1::FailureCount>* to) {
  for (size_t i = 1; i < core::kFailures; ++i) {
    const auto failure = static_cast<core::Failure>(i);
    if (from.Get(failure) == 0) continue;
    v1::FailureCount& count = *to->Add();
    count.set_cause(std::string(core::FailureWord(failure)));
    count.set_count(from.Get(failure));
  }
}

void Fill(const engine::SourceFigures& from, v1::SourceStats* to) {
  to->set_name(ValidUtf8(from.name));
  to->set_state(from.state);
  to->set_received_bytes(from.counters.received_bytes);
  to->set_rate_bytes_per_sec(static_cast<int64_t>(from.rate_bytes_per_sec));
  to->set_connections(from.connections);
  if (from.latency) Set(*from.latency, to->mutable_latency());
  to->set_success(from.success);
  to->set_convictions(from.convictions);
  to->set_range_requests(from.counters.range_requests);
  Fill(from.counters.range_retries, to->mutable_range_retries());
  Fill(from.counters.failures, to->mutable_failures());
}

template <typename Counts>
void FillStates(const Counts& from, google::protobuf::RepeatedPtrField<v1::PullStats::StateCount>* to) {
  for (const auto& [state, number] : from) {
    v1::PullStats::StateCount& count = *to->Add();
    count.set_state(static_cast<v1::PullState>(state));
    count.set_count(number);
  }
}

void FillPulls(const engine::Stats& from, v1::PullStats* to) {
  FillStates(from.pulls, to->mutable_by_state());
  Set(from.oldest_queued, to->mutable_oldest_queued());
  to->set_accepted(from.counters.pulls_accepted);
  to->set_joined(from.counters.pulls_joined);
  FillStates(from.counters.pulls_ended, to->mutable_ended());
  for (const auto& [cause, number] : from.counters.pulls_failed) {
    v1::PullStats::FailedCount& count = *to->add_failed();
    count.set_cause(static_cast<v1::ErrorCause>(cause));
    count.set_count(number);
  }
  to->set_max_active(from.max_active_pulls);
}

}  // namespace

v1::GetStatsResponse ToProto(const engine::Stats& stats) {
  v1::GetStatsResponse out;
  out.mutable_started()->set_seconds(absl::ToUnixSeconds(stats.started));
  for (const engine::SourceFigures& source : stats.sources) Fill(source, out.add_sources());
  FillPulls(stats, out.mutable_pulls());
  out.set_wasted_bytes(stats.counters.wasted_bytes);
  out.set_published_bytes(stats.counters.published_bytes);
  out.set_published_files(stats.counters.published_files);
  out.set_open_files(stats.open_files);
  Fill(stats.counters.verify_time, out.mutable_verify_duration());
  out.set_verify_failures(stats.counters.verify_failures);
  Set(stats.checkpoint_lag, out.mutable_checkpoint_lag());
  Fill(stats.counters.checkpoint_time, out.mutable_checkpoint_duration());
  Fill(stats.counters.store_time, out.mutable_store_write_duration());
  out.set_store_write_failures(stats.counters.store_failures);
  out.set_buffer_pool_bytes(stats.buffer_bytes);
  out.set_buffer_pool_used_bytes(stats.buffer_bytes_used);
  out.set_buffer_waits(stats.counters.buffer_waits);
  out.set_waiting_connections(stats.waiting_for_buffers);
  out.set_max_connections(stats.max_connections);
  return out;
}

}  // namespace hfget::rpc
