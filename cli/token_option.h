// --token and --token-file of a command.
#ifndef HFGET_CLI_TOKEN_OPTION_H_
#define HFGET_CLI_TOKEN_OPTION_H_

#include "absl/status/statusor.h"
#include "cli/context.h"
#include "cli/found_token.h"
#include "cli/options.h"

namespace hfget::cli {

// The token that the command was given, or finds; warns of a place that cannot be read. Errors:
// INVALID_ARGUMENT, those of Context.ask_secret.
absl::StatusOr<FoundToken> TakeToken(Context& context, const Options& options);

// A note when the token stands on the command line, with the variable that is the better place.
void WarnOfVisibleToken(Context& context, const Options& options, absl::string_view variable);

}  // namespace hfget::cli

#endif  // HFGET_CLI_TOKEN_OPTION_H_
