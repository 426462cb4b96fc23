// What `hfget` tells the shell. The numbers are documented in --help and never change their
// meaning.
#ifndef HFGET_CLI_EXIT_CODE_H_
#define HFGET_CLI_EXIT_CODE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

enum class ExitCode {
  kDone = 0,
  kFailed = 1,
  kUsage = 2,
  kNotFound = 3,
  kUnauthorized = 4,
  kNoSource = 5,
  kDisk = 6,
  kInterrupted = 130,  // SIGINT
  kTerminated = 143,   // SIGTERM
};

ExitCode ExitCodeOf(v1::ErrorCause cause);
// For a call that failed as a whole, before there was a pull.
ExitCode ExitCodeOf(const absl::Status& status);
// For a pull that nobody waits for any more.
ExitCode ExitCodeOf(const v1::Pull& pull);
ExitCode ExitCodeOfSignal(int signal);

struct ExitCodeMeaning {
  ExitCode code;
  absl::string_view meaning;
};
// All that there are, for --help and the manual.
absl::Span<const ExitCodeMeaning> ExitCodes();
// The paragraph of --help.
std::string ExitCodeHelp();

}  // namespace hfget::cli

#endif  // HFGET_CLI_EXIT_CODE_H_
