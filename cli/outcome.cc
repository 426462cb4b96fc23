#include "cli/outcome.h"

#include "absl/strings/str_cat.h"
#include "cli/format.h"
#include "cli/json.h"
#include "cli/pull_text.h"
#include "cli/table.h"

namespace hfget::cli {
namespace {

ExitCode SayDetached(Context& context, const Options& options, const Followed& followed,
                     bool print_json) {
  const std::string& id = followed.pull.id();
  PrintNote(context, options,
            absl::StrCat("detached; the daemon goes on: hfget watch ", id,
                         " · stop it: hfget cancel ", id));
  if (options.json && print_json) context.out << PullJson(followed.pull, /*detached=*/true) << "\n";
  return ExitCodeOfSignal(followed.signal);
}

// The pull as it was last seen, with the reason why no more is known.
ExitCode SayLost(Context& context, const Options& options, const Followed& followed) {
  const ExitCode code = ExitCodeOf(followed.status);
  PrintError(context, followed.status.message());
  if (options.json) {
    v1::Pull pull = followed.pull;
    pull.mutable_error()->set_cause(v1::ERROR_CAUSE_INTERNAL);
    pull.mutable_error()->set_message(std::string(followed.status.message()));
    context.out << PullJson(pull) << "\n";
  }
  return code;
}

ExitCode SayPaused(Context& context, const Options& options, const v1::Pull& pull, bool print_json) {
  PrintError(context, FailureText(pull));
  if (options.json && print_json) context.out << PullJson(pull, /*detached=*/true) << "\n";
  return ExitCodeOf(pull);
}

void SayDone(Context& context, const Options& options, const v1::Pull& pull) {
  if (pull.plan_size() > 0 || options.pull.dry_run) {
    context.out << PlanText(pull);
    return;
  }
  PrintNote(context, options, SummaryText(pull, context.terminal.unicode));
  context.out << pull.path() << "\n";
}

}  // namespace

std::unique_ptr<View> MakeView(Context& context, const Options& options) {
  if (options.quiet || options.json) return MakeSilentView(&context.err, options.quiet);
  if (context.terminal.draws) return MakeBarView(&context.err, context.terminal);
  return MakeLineView(&context.err, context.terminal.unicode, context.now());
}

ExitCode Conclude(Context& context, const Options& options, const Followed& followed,
                  bool print_json) {
  const v1::Pull& pull = followed.pull;
  const bool over = IsOver(pull);
  if (!over && followed.signal != 0) return SayDetached(context, options, followed, print_json);
  if (pull.state() == v1::PULL_STATE_PAUSED && followed.status.ok()) return SayPaused(context, options, pull, print_json);
  if (!over) return SayLost(context, options, followed);
  if (options.json && print_json) context.out << PullJson(pull) << "\n";
  if (pull.state() != v1::PULL_STATE_DONE) {
    PrintError(context, FailureText(pull));
  } else if (!options.json) {
    SayDone(context, options, pull);
  }
  return ExitCodeOf(pull);
}

std::string PlanText(const v1::Pull& pull) {
  Table table({Align::kLeft, Align::kRight});
  table.Add({"File", "Bytes to download"});
  int64_t files = 0;
  int64_t bytes = 0;
  for (const v1::PlannedFile& file : pull.plan()) {
    table.Add({file.path(), file.present() ? "-" : FormatBytes(file.size_bytes())});
    if (file.present()) continue;
    ++files;
    bytes += file.size_bytes();
  }
  std::string text = absl::StrCat("[dry-run] Will download ", FormatFiles(files), " (out of ",
                                  pull.plan_size(), ") totalling ", FormatBytes(bytes), ".\n");
  if (pull.plan_size() > 0) absl::StrAppend(&text, table.ToString());
  return text;
}

}  // namespace hfget::cli
