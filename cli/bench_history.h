// What earlier benches found, a source at a time. Pure.
#ifndef HFGET_CLI_BENCH_HISTORY_H_
#define HFGET_CLI_BENCH_HISTORY_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

// Rates are bytes a second; 0: none of its benches brought bytes.
struct SourceHistory {
  std::string source;
  std::vector<v1::BenchPoint> points;  // oldest first
  double last = 0;                     // of the last bench, 0 when that one failed
  double median = 0;                   // of those that brought bytes
  double best = 0;
  int failed = 0;
};

// The highest median first.
std::vector<SourceHistory> HistoryBySource(const std::vector<v1::BenchPoint>& points);

struct BenchPeriod {
  absl::Time begin = absl::InfiniteFuture();
  absl::Time end = absl::InfinitePast();
};
// REQUIRES: there are points.
BenchPeriod PeriodOf(const std::vector<v1::BenchPoint>& points);

}  // namespace hfget::cli

#endif  // HFGET_CLI_BENCH_HISTORY_H_
