// The commands. Each one answers the exit code and prints through the context alone.
#ifndef HFGET_CLI_COMMANDS_H_
#define HFGET_CLI_COMMANDS_H_

#include "absl/status/statusor.h"
#include "cli/client.h"
#include "cli/context.h"
#include "cli/options.h"

namespace hfget::cli {

ExitCode RunPull(Context& context, const Options& options);
ExitCode RunVerify(Context& context, const Options& options);
ExitCode RunWatch(Context& context, const Options& options);
ExitCode RunCancel(Context& context, const Options& options);
ExitCode RunPause(Context& context, const Options& options);
ExitCode RunResume(Context& context, const Options& options);
ExitCode RunRetry(Context& context, const Options& options);
ExitCode RunRm(Context& context, const Options& options);
ExitCode RunBench(Context& context, const Options& options);
ExitCode RunBenchHistory(Context& context, const Options& options);
ExitCode RunDoctor(Context& context, const Options& options);
ExitCode RunPs(Context& context, const Options& options);
ExitCode RunAuthLogin(Context& context, const Options& options);
ExitCode RunAuthLogout(Context& context, const Options& options);
ExitCode RunAuthWhoami(Context& context, const Options& options);
ExitCode RunAuthList(Context& context, const Options& options);
ExitCode RunSources(Context& context, const Options& options);
ExitCode RunSourcesEnable(Context& context, const Options& options);
ExitCode RunSourcesDisable(Context& context, const Options& options);
ExitCode RunSourcesReset(Context& context, const Options& options);
ExitCode RunSourcesProbe(Context& context, const Options& options);
ExitCode RunDaemonStart(Context& context, const Options& options);
ExitCode RunDaemonStop(Context& context, const Options& options);
ExitCode RunDaemonStatus(Context& context, const Options& options);
ExitCode RunLogs(Context& context, const Options& options);
ExitCode RunMan(Context& context, const Options& options);
ExitCode RunStats(Context& context, const Options& options);
ExitCode RunTop(Context& context, const Options& options);
ExitCode RunVersion(Context& context, const Options& options);
ExitCode RunCompletion(Context& context, const Options& options);

// What `pull` asks the daemon for: paths absolute, the cache and the token found as huggingface_hub
// finds them. Errors: INVALID_ARGUMENT.
absl::StatusOr<v1::PullRequest> MakePullRequest(Context& context, const Options& options);

// The pull whose id is `id`, or begins with it and is the only one that does.
// Errors: NOT_FOUND, INVALID_ARGUMENT when several begin so; those of the call.
absl::StatusOr<v1::Pull> FindPull(Client* client, const std::string& id);

}  // namespace hfget::cli

#endif  // HFGET_CLI_COMMANDS_H_
