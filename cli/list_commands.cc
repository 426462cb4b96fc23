#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/commands.h"
#include "cli/daemon_control.h"
#include "cli/format.h"
#include "cli/json.h"
#include "cli/pull_text.h"
#include "cli/table.h"
#include "cli/terms_option.h"

namespace hfget::cli {
namespace {

std::string OrDash(bool known, std::string text) { return known && !text.empty() ? text : "-"; }

std::string PullsTable(const v1::ListPullsResponse& pulls, absl::Time now) {
  using enum Align;
  Table table({kLeft, kLeft, kLeft, kRight, kRight, kRight, kRight, kRight});
  table.Add({"ID", "PULL", "STATE", "DONE", "SIZE", "RATE", "ETA", "STARTED"});
  for (const v1::Pull& pull : pulls.pulls()) {
    const bool listed = pull.total_files() > 0;
    const bool moves = pull.state() == v1::PULL_STATE_FETCHING;
    table.Add({pull.id(), PullName(pull), StateName(pull.state()),
               OrDash(listed, FormatPercent(pull.done_bytes(), pull.total_bytes())),
               OrDash(listed, FormatBytes(pull.total_bytes())),
               OrDash(moves, FormatRate(pull.rate_bytes_per_sec())),
               OrDash(moves && pull.has_eta(), FormatClock(DurationOf(pull.eta()))),
               OrDash(pull.has_created(),
                      absl::StrCat(FormatSpan(now - TimeOf(pull.created())), " ago"))});
  }
  return table.ToString();
}

}  // namespace

ExitCode RunPs(Context& context, const Options& options) {
  absl::StatusOr<Client> client = ConnectToDaemon(context, options);
  if (!client.ok()) return Fail(context, options, client.status());
  v1::PullFilter filter;
  if (const absl::Status status = SetLabels(options.labels, /*bare=*/true, filter.mutable_labels()); !status.ok()) {
    return Fail(context, options, status);
  }
  const absl::StatusOr<v1::ListPullsResponse> pulls = client->ListPulls(!options.all, filter);
  if (!pulls.ok()) return Fail(context, options, pulls.status());
  if (options.json) {
    context.out << PullsJson(*pulls) << "\n";
  } else if (pulls->pulls().empty()) {
    PrintNote(context, options,
              options.all ? "no pulls yet" : "nothing runs; --all shows what has ended");
  } else {
    context.out << PullsTable(*pulls, context.now());
  }
  return ExitCode::kDone;
}

}  // namespace hfget::cli
