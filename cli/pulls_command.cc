// What is done to pulls that there are: pause, resume, retry, rm.
#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/daemon_control.h"
#include "cli/outcome.h"
#include "cli/pull_text.h"

namespace hfget::cli {
namespace {

// Does it to each; one that fails leaves the others their turn. The words are for people.
using Act = absl::FunctionRef<absl::StatusOr<std::string>(Client& client, const v1::Pull& pull)>;

ExitCode ForEach(Context& context, const Options& options, Act act) {
  absl::StatusOr<DaemonControl> control = DaemonControl::Make(&context, options);
  if (!control.ok()) return Fail(context, options, control.status());
  absl::StatusOr<Client> client = control->Connect(Start::kAlways);
  if (!client.ok()) return Fail(context, options, client.status());
  ExitCode code = ExitCode::kDone;
  for (const std::string& id : options.ids) {
    const absl::StatusOr<v1::Pull> pull = FindPull(&*client, id);
    const absl::StatusOr<std::string> said = pull.ok() ? act(*client, *pull) : pull.status();
    if (said.ok()) {
      PrintNote(context, options, *said);
    } else {
      code = Fail(context, options, said.status());
    }
  }
  return code;
}

}  // namespace

ExitCode RunPause(Context& context, const Options& options) {
  return ForEach(context, options, [](Client& client, const v1::Pull& found) -> absl::StatusOr<std::string> {
    const absl::StatusOr<v1::Pull> pull = client.PausePull(found.id());
    if (!pull.ok()) return pull.status();
    return absl::StrCat("paused ", PullName(*pull), ": hfget resume ", pull->id(), " lets it go on");
  });
}

ExitCode RunResume(Context& context, const Options& options) {
  return ForEach(context, options, [](Client& client, const v1::Pull& found) -> absl::StatusOr<std::string> {
    const absl::StatusOr<v1::Pull> pull = client.ResumePull(found.id());
    if (!pull.ok()) return pull.status();
    return absl::StrCat(PullName(*pull), found.state() == v1::PULL_STATE_PAUSED ? " goes on" : " was not paused", ": hfget watch ", pull->id());
  });
}

ExitCode RunRetry(Context& context, const Options& options) {
  return ForEach(context, options, [](Client& client, const v1::Pull& found) -> absl::StatusOr<std::string> {
    const absl::StatusOr<v1::Pull> pull = client.RetryPull(found.id());
    if (!pull.ok()) return pull.status();
    return absl::StrCat(PullName(*pull), " begins again: hfget watch ", pull->id());
  });
}

ExitCode RunRm(Context& context, const Options& options) {
  return ForEach(context, options, [](Client& client, const v1::Pull& found) -> absl::StatusOr<std::string> {
    if (const absl::Status removed = client.RemovePull(found.id()); !removed.ok()) return removed;
    return absl::StrCat("forgot ", PullName(found), "; its files stay");
  });
}

}  // namespace hfget::cli
