// A bench as people read it. Pure.
#ifndef HFGET_CLI_BENCH_TEXT_H_
#define HFGET_CLI_BENCH_TEXT_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cli/bench_run.h"
#include "cli/render.h"

namespace hfget::cli {

struct BenchStyle {
  int width = 0;  // columns of the terminal; 0: there is none, nothing is cut and no bars are drawn
  bool color = false;
  bool unicode = true;  // else ASCII alone
  absl::TimeZone zone = absl::UTCTimeZone();
};

// What was measured, a row a source in the recommended order, what stands below it, the recommendation. No line is wider than the
// terminal, from 40 columns on; columns that say less are left out first.
std::string BenchText(const BenchRun& run, const BenchStyle& style);

// While it runs: the table so far, and a line of the sample under way. No line is wider than width - 1.
std::vector<std::string> RenderBench(const BenchRun& run, const RenderStyle& style);

// One line for a log: "bench org/model: sample 7 of 24: tuna, round 2, 4 connections, 48.2 MiB/s".
std::string BenchProgressText(const BenchRun& run);

// One line a round of --watch: "2026-01-12 14:03:00  tuna 52.1 MiB/s ×4 · official 31.0 MiB/s ×8 · pai: down".
std::string BenchRoundText(const BenchRun& run, absl::Time at, const BenchStyle& style);

// What a row says beside its figures: why it stands there, lag, ranges, limits, quota. One entry each.
std::vector<std::string> BenchNotes(const v1::BenchRow& row);

// "31 / 78 ms": hub / data host, or the hub alone; "-" when nothing is known.
std::string FirstByteText(const v1::BenchRow& row);

// "no", "yes" or, when nobody knows, "-".
std::string LagWord(const v1::BenchRow& row);

// "org/model@abcdef12 model.safetensors (1.2 GiB)".
std::string BenchSubject(const v1::BenchPlan& plan);

}  // namespace hfget::cli

#endif  // HFGET_CLI_BENCH_TEXT_H_
