// How a command that waited for a pull ends: the path, the summary, the error, the exit code.
#ifndef HFGET_CLI_OUTCOME_H_
#define HFGET_CLI_OUTCOME_H_

#include <memory>
#include <string>

#include "cli/context.h"
#include "cli/follow.h"
#include "cli/options.h"
#include "cli/view.h"

namespace hfget::cli {

// Bars on a terminal, lines elsewhere, nothing with --quiet or --json.
std::unique_ptr<View> MakeView(Context& context, const Options& options);

// stdout: the path alone, or the plan of a dry run, or one JSON object. `print_json` is false for a
// command whose last JSON line was this pull already.
ExitCode Conclude(Context& context, const Options& options, const Followed& followed,
                  bool print_json = true);

// "[dry-run] Will download 3 files (out of 12) totalling 1.2 GiB." and a table; "-" for a file that
// is there already.
std::string PlanText(const v1::Pull& pull);

}  // namespace hfget::cli

#endif  // HFGET_CLI_OUTCOME_H_
