// Completion scripts, made from the definitions of the command line.
#ifndef HFGET_CLI_COMPLETION_H_
#define HFGET_CLI_COMPLETION_H_

#include <string>

#include "absl/strings/string_view.h"

namespace CLI {
class App;
}

namespace hfget::cli {

// REQUIRES: `shell` is "bash", "zsh" or "fish".
std::string CompletionScript(const CLI::App& app, absl::string_view shell);

}  // namespace hfget::cli

#endif  // HFGET_CLI_COMPLETION_H_
