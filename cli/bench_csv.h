// Samples of a bench, and points of earlier ones, as CSV (RFC 4180: quoted where needed, lines end with CRLF). No cell has a control character
// or is a formula: one that would be begins with an apostrophe. Pure.
#ifndef HFGET_CLI_BENCH_CSV_H_
#define HFGET_CLI_BENCH_CSV_H_

#include <string>

#include "cli/bench_run.h"

namespace hfget::cli {

// Times in RFC 3339, spans in seconds, rates in bytes a second; what is not known is empty.
std::string BenchCsvHeader();
std::string BenchCsvLine(const v1::BenchPlan& plan, const v1::BenchSample& sample);
std::string BenchHistoryCsvHeader();
std::string BenchHistoryCsvLine(const v1::BenchPoint& point);

}  // namespace hfget::cli

#endif  // HFGET_CLI_BENCH_CSV_H_
