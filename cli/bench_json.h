// What `bench --json` and `bench history --json` print: one object (or array) a line, names as in hfget.proto, sizes in bytes, times in
// RFC 3339 or seconds.
#ifndef HFGET_CLI_BENCH_JSON_H_
#define HFGET_CLI_BENCH_JSON_H_

#include <string>
#include <vector>

#include "cli/bench_run.h"

namespace hfget::cli {

// {"plan", "samples": [… "curve_bytes_per_sec": []], "report": {"rows": [], "recommendation", …}}.
std::string BenchJson(const BenchRun& run);
std::string BenchHistoryJson(const std::vector<v1::BenchPoint>& points);  // an array

}  // namespace hfget::cli

#endif  // HFGET_CLI_BENCH_JSON_H_
