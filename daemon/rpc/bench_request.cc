#include "daemon/rpc/bench_request.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/rpc/pull_request.h"

namespace hfget::rpc {
namespace {

constexpr int kMostConnections = 64;
constexpr int kMostRounds = 100;
constexpr int kMostSources = 256;
constexpr ByteCount kLeastBytes = 64 * kKiB;
constexpr absl::Duration kLeastSample = absl::Seconds(1);
constexpr absl::Duration kLongestSample = absl::Minutes(10);

// 0: `otherwise`.
absl::StatusOr<ByteCount> BytesOf(const char* name, int64_t bytes, ByteCount otherwise) {
  if (bytes == 0) return otherwise;
  if (bytes >= kLeastBytes) return bytes;
  return absl::InvalidArgumentError(absl::StrCat(name, " of ", bytes, " bytes says nothing: 64 KiB is the least"));
}

absl::StatusOr<std::vector<int>> ConnectionsOf(const v1::BenchSourcesRequest& request, std::vector<int> otherwise) {
  if (request.connections().empty()) return otherwise;
  std::vector<int> connections(request.connections().begin(), request.connections().end());
  std::sort(connections.begin(), connections.end());
  if (connections.front() < 1 || connections.back() > kMostConnections) {
    return absl::InvalidArgumentError(absl::StrCat("connections have to be 1 to ", kMostConnections));
  }
  if (std::adjacent_find(connections.begin(), connections.end()) != connections.end()) {
    return absl::InvalidArgumentError("a number of connections is given twice: each is measured in every round");
  }
  return connections;
}

absl::StatusOr<absl::Duration> SampleOf(const v1::BenchSourcesRequest& request, absl::Duration otherwise) {
  if (!request.has_sample_duration()) return otherwise;
  const absl::Duration duration = absl::Seconds(request.sample_duration().seconds()) + absl::Nanoseconds(request.sample_duration().nanos());
  if (duration >= kLeastSample && duration <= kLongestSample) return duration;
  return absl::InvalidArgumentError(
      "a sample has to last 1 s to 10 min at most: its first second, or its first half when it is shorter than two, does not count");
}

// The same rules for the same fields. Repo, revision and file may stand in one text.
absl::Status SetSubject(const v1::BenchSourcesRequest& request, engine::BenchSpec& spec) {
  v1::PullRequest like;
  like.set_repo(request.repo().empty() ? "any" : request.repo());
  like.set_type(request.type());
  like.set_revision(request.revision());
  if (!request.file().empty()) like.add_files(request.file());
  like.set_token(request.token());
  like.set_anonymous(request.anonymous());
  HFGET_ASSIGN_OR_RETURN(engine::PullSpec pull, ToSpec(like));
  if (pull.filters.files.size() > 1) return absl::InvalidArgumentError("two files are named: a bench measures with one");
  if (!pull.filters.files.empty()) {
    spec.file = pull.filters.files.front();
    if (pull.filters.SingleFile().empty()) {
      return absl::InvalidArgumentError(absl::StrCat("\"", spec.file, "\" is not the name of one file: a bench measures with one"));
    }
  }
  if (request.repo().empty()) {
    if (!spec.file.empty() || !request.revision().empty()) {
      return absl::InvalidArgumentError("a file or revision is named, and no repo: name it, too");
    }
  } else {
    spec.repo = std::move(pull.repo);
    spec.revision = std::move(pull.revision);
  }
  spec.token = std::move(pull.token);
  spec.token_is_ambient = request.token_is_ambient();
  spec.anonymous = pull.anonymous;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<engine::BenchSpec> ToSpec(const v1::BenchSourcesRequest& request) {
  engine::BenchSpec spec;
  HFGET_RETURN_IF_ERROR(SetSubject(request, spec));
  if (request.sources_size() > kMostSources) return absl::InvalidArgumentError(absl::StrCat("at most ", kMostSources, " sources can be named"));
  for (const std::string& name : request.sources()) {
    if (std::find(spec.sources.begin(), spec.sources.end(), name) == spec.sources.end()) spec.sources.push_back(name);
  }
  HFGET_ASSIGN_OR_RETURN(spec.sample_bytes, BytesOf("a sample", request.size_bytes(), spec.sample_bytes));
  HFGET_ASSIGN_OR_RETURN(spec.total_bytes, BytesOf("a bench", request.max_bytes(), spec.total_bytes));
  HFGET_ASSIGN_OR_RETURN(spec.connections, ConnectionsOf(request, spec.connections));
  HFGET_ASSIGN_OR_RETURN(spec.sample_duration, SampleOf(request, spec.sample_duration));
  if (request.rounds() < 0 || request.rounds() > kMostRounds) {
    return absl::InvalidArgumentError(absl::StrCat(request.rounds(), " rounds cannot be: 1 to ", kMostRounds));
  }
  if (request.rounds() > 0) spec.rounds = request.rounds();
  return spec;
}

}  // namespace hfget::rpc
