// The words of the command line: their definitions (from which --help and the completions come) and
// their parsing.
#ifndef HFGET_CLI_COMMAND_LINE_H_
#define HFGET_CLI_COMMAND_LINE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/options.h"

namespace CLI {
class App;
}

namespace hfget::cli {

// Parsing writes into `options`, which outlives the app.
std::unique_ptr<CLI::App> MakeApp(Options* options);

struct CommandLine {
  std::optional<Options> options;  // absent: there is nothing to run
  std::string help;                // for stdout; then the exit code is 0
  std::string error;               // one line; then the exit code is 2
};

// `words` without the program's name.
CommandLine ParseCommandLine(std::vector<std::string> words);

// The one of `known` that `word` was probably meant to be; "" when none is near.
std::string DidYouMean(const std::string& word, const std::vector<std::string>& known);

}  // namespace hfget::cli

#endif  // HFGET_CLI_COMMAND_LINE_H_
