#include "daemon/rpc/prometheus_text.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "daemon/core/pull_state.h"
#include "daemon/rpc/prometheus_writer.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::rpc {
namespace {

using Sources = std::vector<engine::SourceFigures>;

// As in Source.state.
constexpr absl::string_view kSourceStates[] = {"ok", "unverified", "ejected", "resting", "quarantined", "off"};
constexpr core::PullState kPullStates[] = {core::PullState::kQueued,     core::PullState::kListing,   core::PullState::kFetching,
                                           core::PullState::kPublishing, core::PullState::kPaused,    core::PullState::kNeedsToken,
                                           core::PullState::kDone,       core::PullState::kFailed,    core::PullState::kCancelled};

// "not_found" of ERROR_CAUSE_NOT_FOUND.
std::string WordOf(v1::ErrorCause cause) {
  return absl::AsciiStrToLower(absl::StripPrefix(v1::ErrorCause_Name(cause), "ERROR_CAUSE_"));
}

template <typename Map, typename Key>
int64_t At(const Map& map, Key key) {
  const auto found = map.find(key);
  return found == map.end() ? 0 : found->second;
}

// One sample a source, by `value` of it.
template <typename Value>
void EachSource(PrometheusWriter& out, const Sources& sources, Value value) {
  for (const engine::SourceFigures& source : sources) out.Sample({{"source", source.name}}, value(source));
}

void WriteFailures(PrometheusWriter& out, const Sources& sources, engine::FailureCounts engine::SourceCounters::*counts) {
  for (const engine::SourceFigures& source : sources) {
    for (size_t i = 1; i < core::kFailures; ++i) {
      const auto failure = static_cast<core::Failure>(i);
      out.Sample({{"source", source.name}, {"cause", core::FailureWord(failure)}}, (source.counters.*counts).Get(failure));
    }
  }
}

void WriteStates(PrometheusWriter& out, const Sources& sources) {
  for (const engine::SourceFigures& source : sources) {
    for (const absl::string_view state : kSourceStates) {
      out.Sample({{"source", source.name}, {"state", state}}, int64_t{source.state == state});
    }
    // A state that this table has not learnt is shown all the same.
    if (std::find(std::begin(kSourceStates), std::end(kSourceStates), source.state) == std::end(kSourceStates)) {
      out.Sample({{"source", source.name}, {"state", source.state}}, int64_t{1});
    }
  }
}

void WriteSources(PrometheusWriter& out, const Sources& sources) {
  out.Counter("hfget_received_bytes_total", "Bytes of bodies received from a source.");
  EachSource(out, sources, [](const auto& s) { return s.counters.received_bytes; });
  out.Gauge("hfget_source_rate_bytes_per_second", "What a source gives now, all connections together.");
  EachSource(out, sources, [](const auto& s) { return s.rate_bytes_per_sec; });
  out.Gauge("hfget_source_connections", "Connections that fetch from a source now.");
  EachSource(out, sources, [](const auto& s) { return int64_t{s.connections}; });
  out.Gauge("hfget_source_state", "1 for the state that a source is in: ok, unverified, ejected, resting, quarantined or off.");
  WriteStates(out, sources);
  out.Gauge("hfget_source_success_ratio", "Share of requests to a source that went well, recent ones counting most.");
  EachSource(out, sources, [](const auto& s) { return s.success; });
  out.Gauge("hfget_source_latency_seconds", "Time to the first byte of a source's answers, recent ones counting most. Absent: not known.");
  for (const engine::SourceFigures& source : sources) {
    if (source.latency) out.Sample({{"source", source.name}}, absl::ToDoubleSeconds(*source.latency));
  }
  out.Gauge("hfget_source_convictions", "Times that a source was convicted of wrong bytes; kept over restarts.");
  EachSource(out, sources, [](const auto& s) { return int64_t{s.convictions}; });
  out.Counter("hfget_range_requests_total", "Ranges of files that a source was asked for.");
  EachSource(out, sources, [](const auto& s) { return s.counters.range_requests; });
  out.Counter("hfget_range_retries_total", "Ranges that a source failed to give and that were asked for again, there or elsewhere.");
  WriteFailures(out, sources, &engine::SourceCounters::range_retries);
  out.Counter("hfget_source_failures_total", "Failed requests of all kinds to a source: ranges, listings, probes.");
  WriteFailures(out, sources, &engine::SourceCounters::failures);
}

void WritePulls(PrometheusWriter& out, const engine::Stats& stats) {
  out.Gauge("hfget_pulls", "Pulls that are remembered, by state; those that have ended are forgotten after a while.");
  for (const core::PullState state : kPullStates) out.Sample({{"state", core::PullStateName(state)}}, At(stats.pulls, state));
  out.Gauge("hfget_active_pulls_limit", "Pulls that may run at once; further ones are queued.", int64_t{stats.max_active_pulls});
  out.Gauge("hfget_queue_length", "Pulls that are queued.", At(stats.pulls, core::PullState::kQueued));
  out.Gauge("hfget_queue_oldest_age_seconds", "How long the queued pull has waited that waits longest.",
            absl::ToDoubleSeconds(stats.oldest_queued));
  out.Counter("hfget_pulls_accepted_total", "Pulls that were accepted.", stats.counters.pulls_accepted);
  out.Counter("hfget_pulls_joined_total", "Requests for a pull that was running or queued already.", stats.counters.pulls_joined);
  out.Counter("hfget_pulls_ended_total", "Pulls that have ended, by how.");
  for (const core::PullState state : {core::PullState::kDone, core::PullState::kFailed, core::PullState::kCancelled}) {
    out.Sample({{"state", core::PullStateName(state)}}, At(stats.counters.pulls_ended, state));
  }
  out.Counter("hfget_pulls_failed_total", "Pulls that have failed, by cause.");
  for (int i = v1::ERROR_CAUSE_UNSPECIFIED + 1; i <= v1::ErrorCause_MAX; ++i) {
    if (!v1::ErrorCause_IsValid(i)) continue;
    out.Sample({{"cause", WordOf(static_cast<v1::ErrorCause>(i))}}, At(stats.counters.pulls_failed, static_cast<core::ErrorCause>(i)));
  }
}

void WriteFiles(PrometheusWriter& out, const engine::Stats& stats) {
  const engine::Counters& counters = stats.counters;
  out.Counter("hfget_wasted_bytes_total", "Bytes received and thrown away: lost races, refused answers, wrong pieces.", counters.wasted_bytes);
  out.Counter("hfget_published_bytes_total", "Bytes of files that were fetched, verified and put in their place.", counters.published_bytes);
  out.Counter("hfget_published_files_total", "Files that were fetched, verified and put in their place.", counters.published_files);
  out.Gauge("hfget_open_files", "Partial files under way.", int64_t{stats.open_files});
  out.Histogram("hfget_verify_duration_seconds", "Time from a file's last byte on the disk until its hash is known.", counters.verify_time);
  out.Counter("hfget_verify_failures_total", "Files whose hash was not the listed one.", counters.verify_failures);
}

void WriteMachine(PrometheusWriter& out, const engine::Stats& stats) {
  const engine::Counters& counters = stats.counters;
  out.Gauge("hfget_connections_limit", "Connections to all sources together that there may be.", int64_t{stats.max_connections});
  out.Gauge("hfget_checkpoint_lag_seconds", "Age of the oldest byte on the disk that no checkpoint has recorded; 0: there is none.",
            absl::ToDoubleSeconds(stats.checkpoint_lag));
  out.Histogram("hfget_checkpoint_duration_seconds", "Time to sync and record what has come of one file.", counters.checkpoint_time);
  out.Histogram("hfget_store_write_duration_seconds", "Time of one commit to the state store, as the engine waits for it.",
                counters.store_time);
  out.Counter("hfget_store_write_failures_total", "Commits to the state store that failed.", counters.store_failures);
  out.Gauge("hfget_buffer_pool_size_bytes", "What may be in memory between net and disk.", stats.buffer_bytes);
  out.Gauge("hfget_buffer_pool_used_bytes", "What is in use of the buffer pool.", stats.buffer_bytes_used);
  out.Counter("hfget_buffer_waits_total", "Times that a connection had to wait for a free buffer.", counters.buffer_waits);
  out.Gauge("hfget_waiting_connections", "Connections that wait for a free buffer.", int64_t{stats.waiting_for_buffers});
}

}  // namespace

std::string PrometheusText(const engine::Stats& stats, absl::string_view version) {
  PrometheusWriter out;
  out.Gauge("hfget_build_info", "1, with the daemon's version as a label.");
  out.Sample({{"version", version}}, int64_t{1});
  out.Gauge("hfget_start_time_seconds", "When the daemon started, in seconds since the epoch.",
            absl::ToUnixMillis(stats.started) / 1000.0);
  WriteSources(out, stats.sources);
  WritePulls(out, stats);
  WriteFiles(out, stats);
  WriteMachine(out, stats);
  return out.Take();
}

}  // namespace hfget::rpc
