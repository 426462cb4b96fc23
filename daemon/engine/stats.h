// The daemon's figures at one moment, in plain values: what GetStats and the metrics port tell. Nothing in it names a pull, a repo, a
// user, a token or a URL: it may be shown where those may not, and the number of its series does not grow with what is pulled.
#ifndef HFGET_DAEMON_ENGINE_STATS_H_
#define HFGET_DAEMON_ENGINE_STATS_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/engine/counters.h"

namespace hfget::engine {

struct SourceFigures {
  std::string name;
  std::string state;  // as in SourceSnapshot
  SourceCounters counters = {};
  double rate_bytes_per_sec = 0;  // now, all connections together; 0 when nothing comes
  int connections = 0;
  std::optional<absl::Duration> latency = std::nullopt;  // to the first byte, decayed; nullopt: not known
  double success = 1;                     // 0..1, decayed
  int convictions = 0;                    // kept over restarts
};

struct Stats {
  absl::Time started;  // wall; counters are since then
  Counters counters;
  std::vector<SourceFigures> sources;  // in order of the configuration, those that cannot be used last
  std::map<core::PullState, int> pulls;  // that are remembered, without dry runs
  absl::Duration oldest_queued;          // how long the one that waits longest has; zero: none waits
  int open_files = 0;                    // partial files under way
  int max_connections = 0;
  int max_active_pulls = 0;
  absl::Duration checkpoint_lag;  // age of the oldest written byte that no record claims yet; zero: there is none
  ByteCount buffer_bytes = 0;     // of the pool
  ByteCount buffer_bytes_used = 0;
  int waiting_for_buffers = 0;  // connections
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_STATS_H_
