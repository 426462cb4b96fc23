// One command line, from its words to the exit code.
#ifndef HFGET_CLI_RUN_H_
#define HFGET_CLI_RUN_H_

#include <string>
#include <vector>

#include "cli/context.h"

namespace hfget::cli {

// `words` without the program's name. Output that could not be written makes a success a failure.
ExitCode Run(Context& context, const std::vector<std::string>& words);

}  // namespace hfget::cli

#endif  // HFGET_CLI_RUN_H_
