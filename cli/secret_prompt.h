// A secret from whoever started us, without showing it.
#ifndef HFGET_CLI_SECRET_PROMPT_H_
#define HFGET_CLI_SECRET_PROMPT_H_

#include <ostream>
#include <string>

#include "absl/status/statusor.h"

namespace hfget::cli {

// One line of standard input. On a terminal `prompt` is written to `err` first and nothing of what
// is typed is shown. Errors: CANCELLED for Ctrl-C or Ctrl-D; INVALID_ARGUMENT for more than a secret
// can be. Blocks.
absl::StatusOr<std::string> AskSecret(const std::string& prompt, std::ostream& err);

}  // namespace hfget::cli

#endif  // HFGET_CLI_SECRET_PROMPT_H_
