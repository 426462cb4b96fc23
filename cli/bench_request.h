// What `bench` and `bench history` ask for, as the command line says it. Pure.
#ifndef HFGET_CLI_BENCH_REQUEST_H_
#define HFGET_CLI_BENCH_REQUEST_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/options.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

constexpr absl::Duration kMinBenchWatch = absl::Minutes(1);

// "90s", "15m", "1h30m", "7d". `name`: of the option, for the error. Errors: INVALID_ARGUMENT, also for one that is not above 0.
absl::StatusOr<absl::Duration> ParseBenchSpan(const std::string& name, const std::string& text);

// Without the token. Errors: INVALID_ARGUMENT.
absl::StatusOr<v1::BenchSourcesRequest> MakeBenchRequest(const Options& options);
absl::StatusOr<v1::GetBenchHistoryRequest> MakeBenchHistoryRequest(const BenchOptions& options, absl::Time now);

// How often --watch repeats; zero: it is not given. Errors: INVALID_ARGUMENT, also for options that do not go together.
absl::StatusOr<absl::Duration> BenchInterval(const Options& options);
// Whether two things would be written to standard output. Errors: INVALID_ARGUMENT.
absl::Status CheckBenchOutputs(const Options& options);

}  // namespace hfget::cli

#endif  // HFGET_CLI_BENCH_REQUEST_H_
