// What a bench is asked for and what it says, in plain values. Fields as in hfget.proto's Bench… messages.
#ifndef HFGET_DAEMON_ENGINE_BENCH_VALUES_H_
#define HFGET_DAEMON_ENGINE_BENCH_VALUES_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/secret.h"
#include "daemon/base/types.h"
#include "daemon/core/bench_ranking.h"
#include "daemon/core/pull_state.h"
#include "daemon/core/spread.h"
#include "daemon/core/token_policy.h"
#include "daemon/hub/repo_id.h"

namespace hfget::engine {

// Checked before it reaches the engine, but for the names of the sources.
struct BenchSpec {
  std::optional<hub::RepoId> repo;  // none: the configured one
  std::string revision;             // empty: the default one
  std::string file;                 // empty: one of fitting size
  std::vector<std::string> sources;  // empty: all that are on
  ByteCount sample_bytes = 64 * kMiB;
  std::vector<int> connections = {1, 2, 4, 8};  // ascending
  int rounds = 3;
  absl::Duration sample_duration = absl::Seconds(20);
  ByteCount total_bytes = 512 * kMiB;
  Secret token;
  bool token_is_ambient = false;
  bool anonymous = false;
  bool scheduled = false;  // by the configuration: nobody listens
};

struct BenchPlan {
  BenchSpec spec;  // with what was chosen; without token
  hub::RepoId repo;
  std::string commit;
  ByteCount file_size = 0;
  std::vector<std::string> sources;
  int samples = 0;
  absl::Time started;
  std::vector<std::string> notices;
};

struct BenchProgress {
  std::string source;
  int round = 0;
  int connections = 0;
  ByteCount bytes = 0;
  ByteCount rate_per_sec = 0;
  int samples_done = 0;
};

struct BenchLatency {
  std::string host, address;
  absl::Duration dns, connect, tls, first_byte;
};

struct BenchSample {
  std::string source;
  int round = 0;
  int connections = 0;
  absl::Time at;  // wall
  ByteCount bytes = 0;
  absl::Duration duration;
  double rate_per_sec = 0;
  bool brief = false;
  std::vector<ByteCount> curve;
  std::vector<std::string> limits;
  core::ErrorCause cause = core::ErrorCause::kNone;
  std::string error;  // empty: it went well
  std::optional<BenchLatency> hub, data_host;
};

struct BenchLatencySpread {
  core::Spread dns, connect, tls, first_byte;  // Units: seconds
};

struct BenchRow {
  std::string source, endpoint;
  int rank = 0;
  std::string why;
  core::ErrorCause cause = core::ErrorCause::kNone;
  std::string error;
  std::string trouble;  // of the last sample that failed, also when others brought bytes
  std::string out;      // why the daemon does not use it now, whatever it brings; empty: it does
  core::Spread one_connection, best;
  int best_connections = 0;
  core::BenchSteps steps;  // those that have a rate
  int samples = 0, failed = 0;
  int brief = 0;  // of those behind `best`
  BenchLatencySpread hub, data_host;
  std::string data_host_name, data_address;
  bool ranges = false;
  std::string redirect;
  std::optional<absl::Duration> link_lifetime;
  std::string commit;
  bool lag_known = false, lags = false;
  core::ProofVerdict proof = core::ProofVerdict::kUnknown;
  std::optional<int64_t> quota_left;
  absl::Duration quota_resets;
  std::vector<std::string> limits;
};

struct BenchReport {
  std::vector<BenchRow> rows;
  std::string recommendation;
  ByteCount bytes = 0;
  int samples = 0;
  bool complete = false;
  absl::Time finished;  // wall; complete only
};

struct BenchPoint {
  absl::Time at;  // wall
  std::string source, repo, file;
  double one_connection = 0, best = 0;  // Units: bytes per second
  int best_connections = 0;
  absl::Duration first_byte;
  std::string error;
  bool scheduled = false;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_BENCH_VALUES_H_
