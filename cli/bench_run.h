// One bench, as far as the daemon has told it.
#ifndef HFGET_CLI_BENCH_RUN_H_
#define HFGET_CLI_BENCH_RUN_H_

#include <string>
#include <vector>

#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

struct BenchRun {
  v1::BenchPlan plan;
  v1::BenchProgress progress;  // of the sample under way
  std::vector<v1::BenchSample> samples;
  v1::BenchReport report;  // the newest

  void Take(v1::BenchSourcesResponse response);
};

// Nothing more will come.
bool IsOver(const BenchRun& run);
// At least one source has given something.
bool BroughtBytes(const BenchRun& run);
// What a source's row says against it: why it brought nothing, or is not to be used now; empty: nothing.
std::string TroubleOf(const v1::BenchRow& row);

}  // namespace hfget::cli

#endif  // HFGET_CLI_BENCH_RUN_H_
