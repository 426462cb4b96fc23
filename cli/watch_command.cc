#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/daemon_control.h"
#include "cli/follow.h"
#include "cli/outcome.h"
#include "cli/pull_text.h"

namespace hfget::cli {
namespace {

absl::Status Ambiguous(const std::string& id, const std::vector<const v1::Pull*>& pulls) {
  std::string text = absl::StrCat("several pulls begin with ", id, ":");
  for (const v1::Pull* pull : pulls) {
    absl::StrAppend(&text, " ", pull->id(), " (", PullName(*pull), ")");
  }
  return absl::InvalidArgumentError(text);
}

}  // namespace

absl::StatusOr<v1::Pull> FindPull(Client* client, const std::string& id) {
  if (id.empty()) return absl::InvalidArgumentError("an id is needed: hfget ps --all lists them");
  const absl::StatusOr<v1::ListPullsResponse> pulls = client->ListPulls(/*active_only=*/false);
  if (!pulls.ok()) return pulls.status();
  std::vector<const v1::Pull*> matches;
  for (const v1::Pull& pull : pulls->pulls()) {
    if (pull.id() == id) return pull;
    if (absl::StartsWith(pull.id(), id)) matches.push_back(&pull);
  }
  if (matches.empty()) {
    return absl::NotFoundError(
        absl::StrCat("no pull has the id ", id, ": hfget ps --all lists them"));
  }
  if (matches.size() > 1) return Ambiguous(id, matches);
  return *matches[0];
}

ExitCode RunWatch(Context& context, const Options& options) {
  absl::StatusOr<DaemonControl> control = DaemonControl::Make(&context, options);
  if (!control.ok()) return Fail(context, options, control.status());
  absl::StatusOr<Client> client = control->Connect(Start::kAlways);
  if (!client.ok()) return Fail(context, options, client.status());
  const absl::StatusOr<v1::Pull> pull = FindPull(&*client, options.id);
  if (!pull.ok()) return Fail(context, options, pull.status());
  const std::unique_ptr<View> view =
      options.json ? MakeJsonView(&context.out, &context.err) : MakeView(context, options);
  const Followed followed = Follower(&context, &*control, view.get())
                                .Follow(*std::move(client), *pull, /*request=*/nullptr);
  return Conclude(context, options, followed, /*print_json=*/false);
}

ExitCode RunCancel(Context& context, const Options& options) {
  absl::StatusOr<DaemonControl> control = DaemonControl::Make(&context, options);
  if (!control.ok()) return Fail(context, options, control.status());
  absl::StatusOr<Client> client = control->Connect(Start::kAlways);
  if (!client.ok()) return Fail(context, options, client.status());
  const absl::StatusOr<v1::Pull> found = FindPull(&*client, options.id);
  if (!found.ok()) return Fail(context, options, found.status());
  const absl::StatusOr<v1::Pull> pull = client->CancelPull(found->id(), options.purge);
  if (!pull.ok()) return Fail(context, options, pull.status());
  const bool ended_before = IsOver(*found) && found->state() == pull->state();
  PrintNote(context, options,
            ended_before
                ? absl::StrCat(PullName(*pull), " had ended already: ", StateName(pull->state()))
                : absl::StrCat("cancelled ", PullName(*pull),
                               options.purge ? "; its partial files are deleted"
                                             : "; the same pull again goes on"));
  return ExitCode::kDone;
}

}  // namespace hfget::cli
