#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/daemon_control.h"
#include "cli/doctor_text.h"
#include "cli/own_findings.h"
#include "cli/pull_target.h"
#include "cli/text.h"
#include "cli/token_option.h"

namespace hfget::cli {
namespace {

// What was found so far, and a line on a terminal that says what goes on.
class Round {
 public:
  Round(Context& context, const Options& options)
      : context_(context), shows_(context.terminal.draws && !options.json && !options.quiet), screen_(&context.err) {}

  void Add(v1::Finding finding) {
    findings_.push_back(std::move(finding));
    Show();
  }
  void AddAll(std::vector<v1::Finding> findings) {
    for (v1::Finding& finding : findings) findings_.push_back(std::move(finding));
  }
  const std::vector<v1::Finding>& Finish() {
    if (shows_) screen_.Clear(context_.terminal.size().width);
    return findings_;
  }

 private:
  void Show() {
    if (!shows_) return;
    const int width = context_.terminal.size().width;
    const v1::Finding& last = findings_.back();
    const std::string line = absl::StrCat("looking… ", last.subject(), ": ", last.message());
    screen_.Draw({CutEnd(Printable(line), std::max(1, width - 1), context_.terminal.unicode ? "…" : "~")}, width);
  }

  Context& context_;
  const bool shows_;
  Screen screen_;
  std::vector<v1::Finding> findings_;
};

std::string TokenFile(const Context& context, const Options& options) {
  const std::string& file = options.token.file;
  return file.empty() || file == "-" ? file : AbsolutePath(context.cwd, context.env.ExpandUser(file));
}

// A token that cannot be used is a finding; the rest is looked at without one.
absl::Status SetToken(Context& context, const Options& options, v1::DiagnoseRequest* request, Round* round) {
  std::vector<v1::Finding> odd = JudgeTokenPlaces(context.env, options.token.token, TokenFile(context, options));
  const bool told = !odd.empty();
  round->AddAll(std::move(odd));
  absl::StatusOr<FoundToken> token = TakeToken(context, options);
  if (!token.ok()) {
    if (!told) return token.status();
    request->set_anonymous(true);
    return absl::OkStatus();
  }
  request->set_token_is_ambient(!token->token.empty() && !token->given);
  request->set_anonymous(token->anonymous);
  request->set_token_origin(token->origin);
  request->set_token(std::move(token->token));
  return absl::OkStatus();
}

absl::StatusOr<v1::DiagnoseRequest> MakeRequest(Context& context, const Options& options, Round* round) {
  v1::DiagnoseRequest request;
  request.set_repo(options.pull.repo);
  request.set_type(TypeOfName(options.pull.type));
  request.set_revision(options.pull.revision);
  const absl::StatusOr<TargetFolders> target = TargetOf(context, options.pull);
  if (!target.ok()) return target.status();
  request.set_local_dir(target->local_dir);
  request.set_cache_dir(target->cache_dir);
  if (auto rights = JudgeOwnRights(target->local_dir + target->cache_dir)) round->Add(*std::move(rights));
  const absl::Status token = SetToken(context, options, &request, round);
  if (!token.ok()) return token;
  return request;
}

// `foreign`: as DaemonControl's; such a daemon does not tell its environment.
absl::Status Read(Context& context, Client& client, const v1::DiagnoseRequest& request, bool foreign, Round* round) {
  grpc::ClientContext call;
  const auto reader = client.Diagnose(&call, request);
  v1::DiagnoseResponse response;
  bool begun = false;
  while (reader->Read(&response)) {
    if (!std::exchange(begun, true) && !foreign) {
      round->AddAll(CompareEnvironments(context.env, {response.environment().begin(), response.environment().end()}));
    }
    if (response.has_finding()) round->Add(std::move(*response.mutable_finding()));
  }
  return ToAbslStatus(reader->Finish(), client.socket());
}

v1::Finding NoDaemon(const std::string& socket, const absl::Status& status) {
  v1::Finding finding;
  finding.set_severity(v1::Finding::SEVERITY_PROBLEM);
  finding.set_check("daemon");
  finding.set_cause("no-daemon");
  finding.set_subject(socket);
  finding.set_message("the daemon does not run and cannot be started, so nothing else was looked at");
  finding.set_evidence(std::string(status.message()));
  finding.set_fix("mend what it says, then hfget daemon start");
  return finding;
}

void Print(Context& context, const Options& options, const std::vector<v1::Finding>& findings) {
  if (options.json) {
    context.out << DoctorJson(findings, options.pull.repo) << "\n";
    return;
  }
  const Terminal& terminal = context.out_terminal;
  const DoctorStyle style{terminal.color, terminal.unicode, terminal.draws ? terminal.size().width : 0};
  context.out << DoctorText(findings, style);
}

}  // namespace

ExitCode RunDoctor(Context& context, const Options& options) {
  Round round(context, options);
  absl::StatusOr<v1::DiagnoseRequest> request = MakeRequest(context, options, &round);
  if (!request.ok()) return Fail(context, options, request.status());
  absl::StatusOr<DaemonControl> control = DaemonControl::Make(&context, options);
  if (!control.ok()) return Fail(context, options, control.status());
  absl::StatusOr<Client> client = control->Connect(Start::kAlways);
  if (!client.ok()) {
    round.Add(NoDaemon(control->socket(), client.status()));
    Print(context, options, round.Finish());
    return ExitCodeOf(client.status());
  }
  if (control->foreign() && !options.pull.has_cache_dir) request->clear_cache_dir();  // as in pull_command
  const absl::Status status = Read(context, *client, *request, control->foreign(), &round);
  const std::vector<v1::Finding>& findings = round.Finish();
  if (!status.ok()) return Fail(context, options, status);
  Print(context, options, findings);
  return ExitCodeOf(findings);
}

}  // namespace hfget::cli
