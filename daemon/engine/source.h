// One configured source with what is known of it: pace, health, proof, how many connections it bears.
#ifndef HFGET_DAEMON_ENGINE_SOURCE_H_
#define HFGET_DAEMON_ENGINE_SOURCE_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/core/absences.h"
#include "daemon/core/connection_limit.h"
#include "daemon/core/proof.h"
#include "daemon/core/request_quota.h"
#include "daemon/core/source_health.h"
#include "daemon/core/source_stats.h"
#include "daemon/core/token_bucket.h"
#include "daemon/engine/config.h"
#include "daemon/engine/counters.h"
#include "daemon/hub/dialect.h"
#include "daemon/hub/repo_id.h"
#include "daemon/hub/url.h"
#include "hfget/v1/records.pb.h"

namespace hfget::engine {

// A host that a source's redirects led to. Its failures are not the hub's.
struct DataHost {
  core::SourceStats stats;
  core::SourceHealth health;
  absl::Time seen = absl::InfinitePast();  // wall

  void OnSuccess(ByteCount bytes, absl::Duration body_time, absl::Time now) {
    health.Success(now);
    stats.OnResult(true);
    stats.OnFlight(bytes, body_time);
    stats.OnBytes(bytes, now);
  }
};

// Thread: the engine.
struct Source {
  Source(SourceConfig config, hub::Url base, int max_connections)
      : config(std::move(config)),
        base(std::move(base)),
        dialect(hub::DialectOf(this->config.dialect).value_or(hub::Dialect::kHuggingFace)),
        limit(max_connections) {}

  // Whose repos it has, and whose tokens mean something to it.
  hub::Hub hub() const { return dialect == hub::Dialect::kModelScope ? hub::Hub::kModelScope : hub::Hub::kHuggingFace; }

  SourceConfig config;
  hub::Url base;
  hub::Dialect dialect = hub::Dialect::kHuggingFace;
  core::SourceStats stats;
  SourceCounters counters;
  core::SourceHealth health;
  core::ConnectionLimit limit;
  core::Absences absences;
  std::optional<core::TokenBucket> bucket;  // nullopt: no limit
  core::Proof proof;
  std::map<std::string, DataHost> data_hosts;  // by "host[:port]"; at most kMostDataHosts
  std::string data_host;                       // the one that was led to last; empty: none

  // Off: by the configuration, or by the user at run time (which the record keeps).
  bool off = false;
  bool switched = false;  // the user has said so at run time
  std::string off_why;

  // It was seen to answer as its dialect does, by a pull or a probe. Until then one request at a time is at stake.
  bool verified = false;
  absl::Time probed = absl::InfinitePast();         // wall: when that was last asked
  absl::Time stranger_until = absl::InfinitePast();  // it answered otherwise: not asked before
  int strange_answers = 0;                          // in a row, while not verified

  int in_use = 0;                                // connections that have a flight now
  core::RequestQuota quota;                      // of requests for files, as the hub announces it
  int unanswered = 0;                            // such requests on their way to the hub itself
  absl::Time not_before = absl::InfinitePast();  // back-off after failures
  int failures_in_a_row = 0;
  absl::Time failed_at = absl::InfinitePast();  // last
  std::string last_failure;                      // one line for people
  int64_t stalls = 0;
  int64_t rate_limited = 0;
  std::vector<records::v1::ConvictionRecord> convictions;

  static constexpr size_t kMostDataHosts = 8;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_SOURCE_H_
