// What a call's failure is, for programs.
#include <algorithm>
#include <array>
#include <string>

#include "daemon/rpc/convert.h"

namespace hfget::rpc {
namespace {

// Words for people are in grpc-message; here they are given once more for whoever reads the details alone, and a header has 8 KiB.
constexpr size_t kMostWords = 1000;

struct Meaning {
  absl::StatusCode code;
  v1::ErrorCause cause;
  const char* action;
  int retry_seconds = 0;  // 0: it does not help
};

constexpr std::array kMeanings = {
    Meaning{absl::StatusCode::kInvalidArgument, v1::ERROR_CAUSE_INVALID, "correct the request"},
    Meaning{absl::StatusCode::kAlreadyExists, v1::ERROR_CAUSE_INVALID, "choose another request_id, or send the same request"},
    Meaning{absl::StatusCode::kNotFound, v1::ERROR_CAUSE_NOT_FOUND, "look it up with ListPulls or ListSources"},
    Meaning{absl::StatusCode::kPermissionDenied, v1::ERROR_CAUSE_UNAUTHORIZED, "ask the user that the daemon runs as"},
    Meaning{absl::StatusCode::kUnauthenticated, v1::ERROR_CAUSE_UNAUTHORIZED, "call with a valid API token or client certificate"},
    Meaning{absl::StatusCode::kResourceExhausted, v1::ERROR_CAUSE_LIMIT, "call again later, and less often or for less", 1},
    Meaning{absl::StatusCode::kFailedPrecondition, v1::ERROR_CAUSE_STATE, "look at the pull's state with GetPull"},
    Meaning{absl::StatusCode::kUnavailable, v1::ERROR_CAUSE_UNAVAILABLE, "call again when the daemon is back, with the same request_id", 5},
    Meaning{absl::StatusCode::kCancelled, v1::ERROR_CAUSE_UNAVAILABLE, "call again"},
};

// Of what hubs and disks say; by ErrorCause.
struct HubMeaning {
  core::ErrorCause cause;
  absl::StatusCode code;
  const char* action;
};

constexpr std::array kHubMeanings = {
    HubMeaning{core::ErrorCause::kInvalid, absl::StatusCode::kInvalidArgument, "correct the request"},
    HubMeaning{core::ErrorCause::kNotFound, absl::StatusCode::kNotFound, "correct the repo, revision or file"},
    HubMeaning{core::ErrorCause::kUnauthorized, absl::StatusCode::kPermissionDenied, "send a token whose account may read the repo"},
    HubMeaning{core::ErrorCause::kNoSource, absl::StatusCode::kUnavailable, "ask Diagnose why, and again later"},
    HubMeaning{core::ErrorCause::kDisk, absl::StatusCode::kFailedPrecondition, "mend the folder or the disk, or choose another target"},
    HubMeaning{core::ErrorCause::kHostileListing, absl::StatusCode::kDataLoss, "do not use the repo, or leave the file out"},
    HubMeaning{core::ErrorCause::kCorrupt, absl::StatusCode::kDataLoss, "ask again later, or another source"},
    HubMeaning{core::ErrorCause::kDeadline, absl::StatusCode::kDeadlineExceeded, "ask again with a later deadline: what has come is kept"},
};

const HubMeaning* MeaningOf(core::ErrorCause cause) {
  const auto found = std::find_if(kHubMeanings.begin(), kHubMeanings.end(), [cause](const HubMeaning& m) { return m.cause == cause; });
  return found == kHubMeanings.end() ? nullptr : &*found;
}

grpc::Status Rich(absl::StatusCode code, absl::string_view words, const v1::Error& error) {
  v1::RichStatus rich;
  rich.set_code(static_cast<int>(code));
  rich.set_message(error.message());
  rich.add_details()->PackFrom(error);
  return grpc::Status(static_cast<grpc::StatusCode>(code), ValidUtf8(words), rich.SerializeAsString());
}

}  // namespace

v1::Error ToProto(const engine::PullError& error) {
  v1::Error out;
  out.set_cause(static_cast<v1::ErrorCause>(error.cause));
  out.set_message(ValidUtf8(error.message));
  out.set_source(ValidUtf8(error.source));
  if (const HubMeaning* meaning = MeaningOf(error.cause)) out.set_action(meaning->action);
  if (!error.retry_after || *error.retry_after == absl::InfiniteDuration()) return out;
  Set(*error.retry_after, out.mutable_retry_after());
  return out;
}

grpc::Status ToGrpc(const engine::PullError& error) {
  v1::Error short_error = ToProto(error);
  short_error.set_message(ValidUtf8(absl::string_view(error.message).substr(0, kMostWords)));
  const HubMeaning* meaning = MeaningOf(error.cause);
  return Rich(meaning != nullptr ? meaning->code : absl::StatusCode::kInternal, error.message, short_error);
}

v1::Error ToError(const absl::Status& status) {
  v1::Error error;
  error.set_cause(v1::ERROR_CAUSE_INTERNAL);
  error.set_action("look into the daemon's log");
  error.set_message(ValidUtf8(status.message().substr(0, kMostWords)));
  for (const Meaning& meaning : kMeanings) {
    if (meaning.code != status.code()) continue;
    error.set_cause(meaning.cause);
    error.set_action(meaning.action);
    if (meaning.retry_seconds > 0) error.mutable_retry_after()->set_seconds(meaning.retry_seconds);
  }
  return error;
}

grpc::Status ToGrpc(const absl::Status& status) {
  return status.ok() ? grpc::Status::OK : Rich(status.code(), status.message(), ToError(status));
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace hfget::rpc
