// What the engine has counted since it was made. Never asked by a decision, so that it can be read and shown at leisure.
#ifndef HFGET_DAEMON_ENGINE_COUNTERS_H_
#define HFGET_DAEMON_ENGINE_COUNTERS_H_

#include <array>
#include <cstdint>
#include <map>

#include "daemon/base/types.h"
#include "daemon/core/failure.h"
#include "daemon/core/histogram.h"
#include "daemon/core/pull_state.h"

namespace hfget::engine {

class FailureCounts {
 public:
  void Add(core::Failure failure) { ++counts_[static_cast<size_t>(failure)]; }
  int64_t Get(core::Failure failure) const { return counts_[static_cast<size_t>(failure)]; }

 private:
  std::array<int64_t, core::kFailures> counts_{};
};

// Of one source; forgotten by no reset.
struct SourceCounters {
  ByteCount received_bytes = 0;   // of bodies
  int64_t range_requests = 0;     // begun
  FailureCounts range_retries;    // ranges that ended so, and what was missing of them was asked for again
  FailureCounts failures;         // of any request: ranges, listings, probes
};

// Thread: the engine.
struct Counters {
  ByteCount wasted_bytes = 0;     // received and thrown away
  ByteCount published_bytes = 0;  // of files that were fetched, verified and put in their place
  int64_t published_files = 0;
  int64_t verify_failures = 0;    // whole-file hashes that were not the listed ones
  int64_t buffer_waits = 0;       // connections that had to wait for a free buffer
  int64_t pulls_accepted = 0;     // dry runs are left out, here and below
  int64_t pulls_joined = 0;
  std::map<core::PullState, int64_t> pulls_ended;     // by how
  std::map<core::ErrorCause, int64_t> pulls_failed;   // by why
  core::Histogram verify_time;      // last byte written → the whole-file hash is known
  core::Histogram checkpoint_time;  // begun → synced and recorded
  core::Histogram store_time;       // a commit handed to the store → its answer is here
  int64_t store_failures = 0;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_COUNTERS_H_
