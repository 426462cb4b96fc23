#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/daemon_control.h"
#include "cli/follow.h"
#include "cli/json.h"
#include "cli/outcome.h"
#include "cli/text.h"
#include "cli/verify_text.h"

namespace hfget::cli {
namespace {

// Reads the stream: bad files are told as they are found, and a line on a terminal says how far it is.
class VerifyReader {
 public:
  VerifyReader(Context& context, const Options& options)
      : context_(context), options_(options), shows_(context.terminal.draws && !options.json && !options.quiet), screen_(&context.err) {}

  absl::Status Read(Client& client, const v1::VerifyRepoRequest& request) {
    grpc::ClientContext call;
    const auto reader = client.VerifyRepo(&call, request);
    v1::VerifyRepoResponse response;
    while (reader->Read(&response)) Take(std::move(response));
    Wipe();
    return ToAbslStatus(reader->Finish(), client.socket());
  }

  const VerifyReport& report() const { return report_; }

 private:
  void Take(v1::VerifyRepoResponse response) {
    if (response.has_manifest()) report_.manifest = std::move(*response.mutable_manifest());
    for (v1::FileVerdict& verdict : *response.mutable_verdicts()) TakeVerdict(std::move(verdict));
    if (response.has_progress() && shows_) Draw(VerifyProgressText(report_.manifest, response.progress()));
    if (response.has_summary()) report_.summary = std::move(*response.mutable_summary());
  }
  void TakeVerdict(v1::FileVerdict verdict) {
    if (!IsBad(verdict.verdict())) return;
    if (!options_.json) {
      Wipe();
      context_.out << VerdictText(verdict) << "\n" << std::flush;
    }
    report_.bad.push_back(std::move(verdict));
  }
  void Draw(const std::string& line) {
    const int width = context_.terminal.size().width;
    screen_.Draw({CutEnd(line, std::max(1, width - 1), context_.terminal.unicode ? "…" : "~")}, width);
  }
  void Wipe() {
    if (shows_) screen_.Clear(context_.terminal.size().width);
  }

  Context& context_;
  const Options& options_;
  const bool shows_;
  Screen screen_;
  VerifyReport report_;
};

// A repair is a pull like any other, and the files that it brought were verified on their way.
ExitCode FollowRepair(Context& context, const Options& options, DaemonControl& control, Client client, v1::PullRequest request,
                      VerifyReport report) {
  // What was verified is what is repaired, whatever the revision's name stands for by now.
  request.set_revision(report.summary.repair().revision());
  const std::unique_ptr<View> view = MakeView(context, options);
  const Followed followed = Follower(&context, &control, view.get()).Follow(std::move(client), report.summary.repair(), &request);
  *report.summary.mutable_repair() = followed.pull;
  if (options.json) context.out << VerifyJson(report) << "\n";
  const ExitCode code = Conclude(context, options, followed, /*print_json=*/false);
  if (!report.summary.has_repair_error()) return code;
  PrintError(context, absl::StrCat("not all is repaired: ", report.summary.repair_error().message()));
  return code == ExitCode::kDone ? ExitCode::kFailed : code;
}

}  // namespace

ExitCode RunVerify(Context& context, const Options& options) {
  v1::VerifyRepoRequest request;
  absl::StatusOr<v1::PullRequest> pull = MakePullRequest(context, options);
  if (!pull.ok()) return Fail(context, options, pull.status());
  absl::StatusOr<DaemonControl> control = DaemonControl::Make(&context, options);
  if (!control.ok()) return Fail(context, options, control.status());
  absl::StatusOr<Client> client = control->Connect(Start::kAlways);
  if (!client.ok()) return Fail(context, options, client.status());
  if (control->foreign() && !options.pull.has_cache_dir) pull->clear_cache_dir();  // as in pull_command
  *request.mutable_pull() = *pull;
  request.set_repair(options.repair);
  VerifyReader reader(context, options);
  if (const absl::Status status = reader.Read(*client, request); !status.ok()) return Fail(context, options, status);
  const VerifyReport& report = reader.report();
  for (const std::string& notice : report.manifest.notices()) PrintNote(context, options, notice);
  PrintNote(context, options, VerifySummaryText(report.manifest, report.summary));
  if (report.summary.has_repair()) {
    return FollowRepair(context, options, *control, *std::move(client), *std::move(pull), report);
  }
  if (options.json) context.out << VerifyJson(report) << "\n";
  if (report.summary.has_repair_error()) PrintError(context, absl::StrCat("not repaired: ", report.summary.repair_error().message()));
  if (report.summary.bad_files() == 0) return ExitCode::kDone;
  if (!options.repair) PrintNote(context, options, "repair it: the same command with --repair");
  return ExitCode::kFailed;
}

}  // namespace hfget::cli
