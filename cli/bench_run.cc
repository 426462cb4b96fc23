#include "cli/bench_run.h"

#include <algorithm>
#include <utility>

namespace hfget::cli {

void BenchRun::Take(v1::BenchSourcesResponse response) {
  if (response.has_plan()) plan = std::move(*response.mutable_plan());
  if (response.has_progress()) progress = std::move(*response.mutable_progress());
  if (response.has_sample()) samples.push_back(std::move(*response.mutable_sample()));
  if (response.has_report()) report = std::move(*response.mutable_report());
}

bool IsOver(const BenchRun& run) { return run.report.complete(); }

bool BroughtBytes(const BenchRun& run) {
  const auto some = [](const v1::BenchSample& sample) { return sample.bytes() > 0; };
  return run.report.bytes() > 0 || std::any_of(run.samples.begin(), run.samples.end(), some);
}

std::string TroubleOf(const v1::BenchRow& row) {
  if (row.rank() > 0) return "";
  const std::string& said = row.why().empty() ? row.error().message() : row.why();
  return said.empty() ? "it brought nothing" : said;
}

}  // namespace hfget::cli
