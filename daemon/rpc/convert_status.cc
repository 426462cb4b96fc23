// What a call's failure is, for programs.
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

}  // namespace

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
  if (status.ok()) return grpc::Status::OK;
  v1::RichStatus rich;
  rich.set_code(static_cast<int>(status.code()));
  const v1::Error error = ToError(status);
  rich.set_message(error.message());
  rich.add_details()->PackFrom(error);
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), ValidUtf8(status.message()), rich.SerializeAsString());
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace hfget::rpc
