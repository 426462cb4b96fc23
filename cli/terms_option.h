// On what terms a pull is wanted, as the command line says it.
#ifndef HFGET_CLI_TERMS_OPTION_H_
#define HFGET_CLI_TERMS_OPTION_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/options.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

// A span from now ("90s", "2h30m") or a time (RFC 3339). Errors: INVALID_ARGUMENT.
absl::StatusOr<absl::Time> ParseDeadline(const std::string& text, absl::Time now);

// "key=value", one each. `bare`: a key alone is right too, and means any value. Errors: INVALID_ARGUMENT.
absl::Status SetLabels(const std::vector<std::string>& texts, bool bare, google::protobuf::Map<std::string, std::string>* labels);

// Priority, deadline, request id and labels. Errors: INVALID_ARGUMENT.
absl::Status SetTerms(const Options& options, absl::Time now, v1::PullRequest* request);

}  // namespace hfget::cli

#endif  // HFGET_CLI_TERMS_OPTION_H_
