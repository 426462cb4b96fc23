#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/daemon_control.h"
#include "cli/format.h"
#include "cli/pull_text.h"

namespace hfget::cli {
namespace {

std::string Describe(const v1::GetVersionResponse& daemon) {
  return absl::StrCat("hfgetd ", daemon.version(), " (API ", daemon.api(), "), process ",
                      daemon.pid());
}

}  // namespace

ExitCode RunDaemonStart(Context& context, const Options& options) {
  absl::StatusOr<DaemonControl> control = DaemonControl::Make(&context, options);
  if (!control.ok()) return Fail(context, options, control.status());
  const auto before = control->Ask();
  const bool ran = before.ok() && before->has_value();
  const absl::StatusOr<Client> client = control->Connect(Start::kAlways);
  if (!client.ok()) return Fail(context, options, client.status());
  PrintNote(context, options,
            absl::StrCat(ran ? "the daemon runs already at " : "the daemon listens at ",
                         control->socket()));
  if (ran && !options.daemon_token_file.empty()) {
    PrintNote(context, options,
              "warning: it was started before, so that --token-file is not used: hfget daemon stop "
              "first");
  }
  return ExitCode::kDone;
}

ExitCode RunDaemonStop(Context& context, const Options& options) {
  absl::StatusOr<DaemonControl> control = DaemonControl::Make(&context, options);
  if (!control.ok()) return Fail(context, options, control.status());
  const absl::StatusOr<int64_t> pid = control->Stop();
  if (!pid.ok()) return Fail(context, options, pid.status());
  PrintNote(context, options,
            *pid == 0 ? absl::StrCat("no daemon runs at ", control->socket())
                      : absl::StrCat("stopped the daemon (process ", *pid,
                                     "); unfinished pulls go on at the next start"));
  return ExitCode::kDone;
}

ExitCode RunDaemonStatus(Context& context, const Options& options) {
  absl::StatusOr<DaemonControl> control = DaemonControl::Make(&context, options);
  if (!control.ok()) return Fail(context, options, control.status());
  const auto daemon = control->Ask();
  if (!daemon.ok()) return Fail(context, options, daemon.status());
  if (!daemon->has_value()) {
    context.out << absl::StrCat("not running (", control->socket(), ")\n");
    return ExitCode::kNotFound;
  }
  const v1::GetVersionResponse& version = **daemon;
  context.out << absl::StrCat(Describe(version), "\n", "socket   ", control->socket(), "\n",
                              "state    ", version.state_dir(), "\n", "cache    ",
                              version.cache_dir(), "\n");
  if (version.has_started()) {
    context.out << absl::StrCat("running  ", FormatSpan(context.now() - TimeOf(version.started())),
                                "\n");
  }
  return ExitCode::kDone;
}

ExitCode RunVersion(Context& context, const Options& options) {
  context.out << absl::StrCat("hfget ", HFGET_VERSION, " (API ", kApi, ")\n");
  absl::StatusOr<DaemonControl> control = DaemonControl::Make(&context, options);
  if (!control.ok()) return Fail(context, options, control.status());
  const auto daemon = control->Ask();
  if (!daemon.ok()) return Fail(context, options, daemon.status());
  context.out << (daemon->has_value() ? Describe(**daemon) : "hfgetd is not running") << "\n";
  return ExitCode::kDone;
}

}  // namespace hfget::cli
