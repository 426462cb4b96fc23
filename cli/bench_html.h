// A bench, or the history of benches, as one page that needs nothing else: no script, no other file. Pure. What a hub or a configuration
// says is escaped.
#ifndef HFGET_CLI_BENCH_HTML_H_
#define HFGET_CLI_BENCH_HTML_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cli/bench_run.h"

namespace hfget::cli {

// Where and when.
struct BenchPlace {
  std::string machine;
  absl::Time at;
  absl::TimeZone zone = absl::UTCTimeZone();
};

// The recommendation, a table in its order, three charts (rate over time, rate against connections, latency), every sample.
std::string BenchHtml(const BenchRun& run, const BenchPlace& place);

// A chart of the best rates over time, a table of last, median and best, every point.
std::string BenchHistoryHtml(const std::vector<v1::BenchPoint>& points, const BenchPlace& place);

}  // namespace hfget::cli

#endif  // HFGET_CLI_BENCH_HTML_H_
