#include "cli/bench_request.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "cli/pull_target.h"

namespace hfget::cli {
namespace {

constexpr int kMaxConnections = 64;
constexpr absl::Duration kMaxSpan = absl::Hours(24 * 3650);

// A hub's id has slashes of its own: "org/name/file", "datasets/org/name/file".
void SplitWhat(const std::string& what, v1::BenchSourcesRequest* request) {
  if (absl::StrContains(what, "://")) {  // says itself where the file begins
    request->set_repo(what);
    return;
  }
  const bool typed = absl::StartsWith(what, "datasets/") || absl::StartsWith(what, "spaces/") || absl::StartsWith(what, "models/");
  size_t end = what.find('/');
  for (int more = typed ? 2 : 1; more > 0 && end != std::string::npos; --more) end = what.find('/', end + 1);
  request->set_repo(what.substr(0, end));
  if (end != std::string::npos) request->set_file(what.substr(end + 1));
}

template <typename Names>
absl::Status SplitSources(const std::string& text, Names* names) {
  if (text.empty()) return absl::OkStatus();
  std::set<std::string> seen;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const std::string name(absl::StripAsciiWhitespace(part));
    if (name.empty()) return absl::InvalidArgumentError(absl::StrCat("--sources \"", text,
                                                                     "\" has an empty name: write names such as official,tuna"));
    if (!seen.insert(name).second) return absl::InvalidArgumentError(absl::StrCat("--sources names ", name, " twice"));
    names->Add(std::string(name));
  }
  return absl::OkStatus();
}

absl::Status SplitConnections(const std::string& text, v1::BenchSourcesRequest* request) {
  if (text.empty()) return absl::OkStatus();
  std::set<int> seen;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    int count = 0;
    if (!absl::SimpleAtoi(part, &count) || count < 1 || count > kMaxConnections) {
      return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is no list of connections: write numbers from 1 to ", kMaxConnections,
                                                     ", such as 1,2,4,8"));
    }
    if (!seen.insert(count).second) return absl::InvalidArgumentError(absl::StrCat("--connections names ", count, " twice"));
    request->add_connections(count);
  }
  return absl::OkStatus();
}

absl::Status SetDuration(const std::string& text, v1::BenchSourcesRequest* request) {
  if (text.empty()) return absl::OkStatus();
  const absl::StatusOr<absl::Duration> duration = ParseBenchSpan("--duration", text);
  if (!duration.ok()) return duration.status();
  absl::Duration rest;
  request->mutable_sample_duration()->set_seconds(absl::IDivDuration(*duration, absl::Seconds(1), &rest));
  request->mutable_sample_duration()->set_nanos(static_cast<int>(absl::ToInt64Nanoseconds(rest)));
  return absl::OkStatus();
}

// absl knows no days.
bool ParseSpan(const std::string& text, absl::Duration* span) {
  absl::string_view days = text;
  int64_t count = 0;
  if (!absl::ConsumeSuffix(&days, "d") || !absl::SimpleAtoi(days, &count)) return absl::ParseDuration(text, span);
  *span = absl::Hours(24) * count;
  return true;
}

}  // namespace

absl::StatusOr<absl::Duration> ParseBenchSpan(const std::string& name, const std::string& text) {
  absl::Duration span;
  if (!ParseSpan(text, &span)) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": \"", text, "\" is no span: write one such as 20s, 15m, 2h or 7d"));
  }
  if (span > absl::ZeroDuration() && span <= kMaxSpan) return span;
  return absl::InvalidArgumentError(absl::StrCat(name, ": ", text, " is out of range: give a span above 0 and of ten years at most"));
}

absl::StatusOr<v1::BenchSourcesRequest> MakeBenchRequest(const Options& options) {
  const BenchOptions& bench = options.bench;
  v1::BenchSourcesRequest request;
  SplitWhat(bench.what, &request);
  request.set_type(TypeOfName(options.pull.type));
  request.set_revision(options.pull.revision);
  request.set_size_bytes(bench.size_bytes);
  request.set_max_bytes(bench.max_bytes);
  request.set_rounds(bench.rounds);
  for (absl::Status status : {SplitSources(bench.sources, request.mutable_sources()), SplitConnections(bench.connections, &request),
                              SetDuration(bench.duration, &request)}) {
    if (!status.ok()) return status;
  }
  return request;
}

absl::StatusOr<v1::GetBenchHistoryRequest> MakeBenchHistoryRequest(const BenchOptions& options, absl::Time now) {
  v1::GetBenchHistoryRequest request;
  if (absl::Status status = SplitSources(options.sources, request.mutable_sources()); !status.ok()) return status;
  if (options.since.empty()) return request;
  const absl::StatusOr<absl::Duration> since = ParseBenchSpan("--since", options.since);
  if (!since.ok()) return since.status();
  request.mutable_since()->set_seconds(std::max<int64_t>(0, absl::ToUnixSeconds(now - *since)));
  return request;
}

absl::StatusOr<absl::Duration> BenchInterval(const Options& options) {
  if (options.bench.watch.empty()) return absl::ZeroDuration();
  const absl::StatusOr<absl::Duration> every = ParseBenchSpan("--watch", options.bench.watch);
  if (!every.ok()) return every.status();
  if (*every < kMinBenchWatch) {
    return absl::InvalidArgumentError(absl::StrCat("--watch: ", options.bench.watch, " is too often: give 1m or more"));
  }
  if (options.bench.html == "-") return absl::InvalidArgumentError("--watch needs a file for --html: each round writes the page anew");
  return *every;
}

absl::Status CheckBenchOutputs(const Options& options) {
  if (options.json && options.bench.csv) return absl::InvalidArgumentError("--json and --csv exclude each other: give one of them");
  if (options.bench.html == "-" && (options.json || options.bench.csv)) {
    return absl::InvalidArgumentError("--html - and --json or --csv exclude each other: standard output is one; give --html a file");
  }
  return absl::OkStatus();
}

}  // namespace hfget::cli
