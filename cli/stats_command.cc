#include "cli/commands.h"
#include "cli/daemon_control.h"
#include "cli/json.h"
#include "cli/stats_text.h"

namespace hfget::cli {

// A daemon that is started to be asked what it has done so far has done nothing.
ExitCode RunStats(Context& context, const Options& options) {
  absl::StatusOr<DaemonControl> control = DaemonControl::Make(&context, options);
  if (!control.ok()) return Fail(context, options, control.status());
  absl::StatusOr<Client> client = control->Connect(Start::kNever);
  if (!client.ok()) return Fail(context, options, client.status());
  const absl::StatusOr<v1::GetStatsResponse> stats = client->GetStats();
  if (!stats.ok()) return Fail(context, options, stats.status());
  context.out << (options.json ? StatsJson(*stats) + "\n" : StatsText(*stats, context.now()));
  return ExitCode::kDone;
}

}  // namespace hfget::cli
