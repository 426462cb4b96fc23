// What benches have measured, as far back as it is kept.
#ifndef HFGET_DAEMON_ENGINE_BENCH_HISTORY_H_
#define HFGET_DAEMON_ENGINE_BENCH_HISTORY_H_

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/engine/bench_values.h"
#include "daemon/store/store.h"
#include "hfget/v1/records.pb.h"

namespace hfget::engine {

// Held in memory: some hundred points a source (core/bench_retention). Thread: the engine.
class BenchHistory {
 public:
  // From an earlier run; what makes no sense is left out.
  void Load(const records::v1::BenchRecord& record);
  // What is to be committed with them: themselves, and what is let go of because of its age.
  store::Batch Add(const std::vector<BenchPoint>& points, absl::Time now);
  // Oldest first. `sources`: empty: all.
  std::vector<BenchPoint> Since(absl::Time since, const std::vector<std::string>& sources) const;
  // The last that is not later than `now`: what is was recorded before the clock was set back. InfinitePast: never.
  absl::Time Last(absl::Time now) const;

 private:
  std::map<std::string, std::map<absl::Time, BenchPoint>> points_;  // by source
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_BENCH_HISTORY_H_
