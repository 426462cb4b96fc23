// What earlier benches found, on a terminal. Pure.
#ifndef HFGET_CLI_BENCH_HISTORY_TEXT_H_
#define HFGET_CLI_BENCH_HISTORY_TEXT_H_

#include <string>
#include <vector>

#include "cli/bench_text.h"

namespace hfget::cli {

// A row a source: its best rate over time as a line of bars (all to one scale, a mark where it brought nothing), and its last, median
// and best rate; below it the time that the bars span. Fits the terminal as BenchText does; without one, the bars are 40 columns.
std::string BenchHistoryText(const std::vector<v1::BenchPoint>& points, const BenchStyle& style);

}  // namespace hfget::cli

#endif  // HFGET_CLI_BENCH_HISTORY_TEXT_H_
