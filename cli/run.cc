#include "cli/run.h"

#include <cerrno>
#include <cstring>
#include <map>

#include "absl/strings/str_cat.h"
#include "cli/command_line.h"
#include "cli/commands.h"

namespace hfget::cli {
namespace {

using Command = ExitCode (*)(Context&, const Options&);

ExitCode Dispatch(Context& context, const Options& options) {
  static const auto* const kCommands = new std::map<std::string, Command>{
      {"pull", RunPull},
      {"verify", RunVerify},
      {"watch", RunWatch},
      {"cancel", RunCancel},
      {"pause", RunPause},
      {"resume", RunResume},
      {"retry", RunRetry},
      {"rm", RunRm},
      {"ps", RunPs},
      {"bench", RunBench},
      {"bench history", RunBenchHistory},
      {"doctor", RunDoctor},
      {"auth login", RunAuthLogin},
      {"auth logout", RunAuthLogout},
      {"auth whoami", RunAuthWhoami},
      {"auth list", RunAuthList},
      {"sources", RunSources},
      {"sources enable", RunSourcesEnable},
      {"sources disable", RunSourcesDisable},
      {"sources reset", RunSourcesReset},
      {"sources probe", RunSourcesProbe},
      {"daemon start", RunDaemonStart},
      {"daemon stop", RunDaemonStop},
      {"daemon status", RunDaemonStatus},
      {"logs", RunLogs},
      {"man", RunMan},
      {"stats", RunStats},
      {"top", RunTop},
      {"version", RunVersion},
      {"completion", RunCompletion},
  };
  return kCommands->at(options.command)(context, options);
}

ExitCode Execute(Context& context, const std::vector<std::string>& words) {
  const CommandLine line = ParseCommandLine(words);
  if (!line.error.empty()) {
    PrintError(context, line.error);
    return ExitCode::kUsage;
  }
  if (line.options) return Dispatch(context, *line.options);
  // Help that was not asked for is the answer to a mistake.
  (words.empty() ? context.err : context.out) << line.help;
  return words.empty() ? ExitCode::kUsage : ExitCode::kDone;
}

}  // namespace

ExitCode Run(Context& context, const std::vector<std::string>& words) {
  const ExitCode code = Execute(context, words);
  errno = 0;
  context.out << std::flush;
  if (context.out.good()) return code;
  // A reader that went away (head, less) knows that it did.
  if (errno != EPIPE) PrintError(context, "cannot write to standard output");
  return code == ExitCode::kDone ? ExitCode::kFailed : code;
}

}  // namespace hfget::cli
