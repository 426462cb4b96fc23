#include "cli/exit_code.h"

#include <csignal>

#include "absl/strings/str_format.h"
#include "cli/error_detail.h"

namespace hfget::cli {
namespace {

constexpr ExitCodeMeaning kMeanings[] = {
    {ExitCode::kDone, "done"},
    {ExitCode::kFailed, "failed"},
    {ExitCode::kUsage, "usage"},
    {ExitCode::kNotFound, "not found: repo, revision, file, pull, log; daemon status: not running"},
    {ExitCode::kUnauthorized, "not authorised: token missing, refused, or no access"},
    {ExitCode::kNoSource, "no usable source"},
    {ExitCode::kDisk, "disk: full, read-only, or failing"},
    {ExitCode::kInterrupted, "interrupted: Ctrl-C detaches, the daemon goes on"},
    {ExitCode::kTerminated, "the same by SIGTERM"},
};

}  // namespace

absl::Span<const ExitCodeMeaning> ExitCodes() { return kMeanings; }

std::string ExitCodeHelp() {
  std::string help = "Exit codes:";
  for (const ExitCodeMeaning& code : ExitCodes()) absl::StrAppendFormat(&help, "\n  %3d  %s", static_cast<int>(code.code), code.meaning);
  return help;
}

ExitCode ExitCodeOf(v1::ErrorCause cause) {
  switch (cause) {
    case v1::ERROR_CAUSE_INVALID:
      return ExitCode::kUsage;
    case v1::ERROR_CAUSE_NOT_FOUND:
      return ExitCode::kNotFound;
    case v1::ERROR_CAUSE_UNAUTHORIZED:
      return ExitCode::kUnauthorized;
    case v1::ERROR_CAUSE_NO_SOURCE:
      return ExitCode::kNoSource;
    case v1::ERROR_CAUSE_DISK:
      return ExitCode::kDisk;
    default:  // also a cause that a newer daemon invented
      return ExitCode::kFailed;
  }
}

ExitCode ExitCodeOf(const absl::Status& status) {
  // A hub's word, or of the way there; what the daemon itself refuses has its code.
  const auto detail = DetailOf(status);
  const bool of_hub = detail && (!detail->source().empty() || detail->cause() == v1::ERROR_CAUSE_NO_SOURCE || detail->cause() == v1::ERROR_CAUSE_DISK);
  if (of_hub) return ExitCodeOf(detail->cause());
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return ExitCode::kDone;
    case absl::StatusCode::kInvalidArgument:
      return ExitCode::kUsage;
    case absl::StatusCode::kNotFound:
      return ExitCode::kNotFound;
    case absl::StatusCode::kUnauthenticated:
      return ExitCode::kUnauthorized;
    default:
      return ExitCode::kFailed;
  }
}

ExitCode ExitCodeOf(const v1::Pull& pull) {
  switch (pull.state()) {
    case v1::PULL_STATE_DONE:
      return ExitCode::kDone;
    case v1::PULL_STATE_NEEDS_TOKEN:
      return ExitCode::kUnauthorized;
    case v1::PULL_STATE_FAILED:
    case v1::PULL_STATE_PAUSED:
      return ExitCodeOf(pull.error().cause());
    default:
      return ExitCode::kFailed;
  }
}

ExitCode ExitCodeOfSignal(int signal) {
  return signal == SIGINT ? ExitCode::kInterrupted : ExitCode::kTerminated;
}

}  // namespace hfget::cli
