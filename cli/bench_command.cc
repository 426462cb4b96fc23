#include <algorithm>
#include <memory>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "cli/bench_csv.h"
#include "cli/bench_history_text.h"
#include "cli/bench_html.h"
#include "cli/bench_json.h"
#include "cli/bench_request.h"
#include "cli/bench_text.h"
#include "cli/commands.h"
#include "cli/daemon_control.h"
#include "cli/hub_settings.h"
#include "cli/inbox_stream.h"
#include "cli/pull_target.h"
#include "cli/token_option.h"
#include "cli/view.h"
#include "cli/written_file.h"

namespace hfget::cli {
namespace {

// What the words ask for.
struct BenchTask {
  v1::BenchSourcesRequest request;
  absl::Duration every;  // zero: once
  std::string html;      // absolute, or "-"; empty: no page
};

// How one bench ended.
struct BenchEnd {
  BenchRun run;
  int signal = 0;
  absl::Status status;
};

absl::StatusOr<std::string> PageFile(const Context& context, const Options& options) {
  const std::string& html = options.bench.html;
  if (html.empty() || html == "-") return html;
  std::string path = AbsolutePath(context.cwd, context.env.ExpandUser(html));
  if (const absl::Status status = CheckWritable(path); !status.ok()) return status;
  return path;
}

// The request has a place for a Hugging Face token alone: one of ModelScope's must not go where that is sent.
absl::Status SetToken(Context& context, const Options& options, v1::BenchSourcesRequest* request) {
  if (IsModelScope(options.bench.what)) {
    if (options.token.token.empty() && options.token.file.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError("bench takes no token for modelscope://: it measures what is public there");
  }
  WarnOfVisibleToken(context, options, "HF_TOKEN");
  absl::StatusOr<FoundToken> token = TakeToken(context, options);
  if (!token.ok()) return token.status();
  request->set_token_is_ambient(!token->token.empty() && !token->given);
  request->set_anonymous(token->anonymous);
  request->set_token(std::move(token->token));
  return absl::OkStatus();
}

absl::StatusOr<BenchTask> MakeTask(Context& context, const Options& options) {
  if (const absl::Status status = CheckBenchOutputs(options); !status.ok()) return status;
  absl::StatusOr<v1::BenchSourcesRequest> request = MakeBenchRequest(options);
  if (!request.ok()) return request.status();
  const absl::StatusOr<absl::Duration> every = BenchInterval(options);
  if (!every.ok()) return every.status();
  absl::StatusOr<std::string> html = PageFile(context, options);
  if (!html.ok()) return html.status();
  if (const absl::Status status = SetToken(context, options, &*request); !status.ok()) return status;
  return BenchTask{*std::move(request), *every, *std::move(html)};
}

std::unique_ptr<BenchView> MakeBenchView(Context& context, const Options& options) {
  // Lines of CSV on the terminal would come between those that are drawn over.
  const bool lines_come = options.bench.csv && context.out_terminal.draws;
  if (options.quiet || options.json || lines_come) return MakeBenchSilentView(&context.err, options.quiet || options.json);
  if (context.terminal.draws) return MakeBenchBarView(&context.err, context.terminal);
  return MakeBenchLineView(&context.err, context.terminal.unicode, context.now());
}

BenchStyle StyleOf(const Context& context) {
  const Terminal& terminal = context.out_terminal;
  return {terminal.draws ? terminal.size().width : 0, terminal.color, terminal.unicode, absl::LocalTimeZone()};
}

BenchPlace PlaceOf(const Context& context, const std::string& daemon) {
  const bool remote = !daemon.starts_with("/");
  return {remote ? absl::StrCat("the machine of the daemon at ", daemon) : context.machine, context.now(), absl::LocalTimeZone()};
}

absl::Status WritePage(Context& context, const Options& options, const std::string& file, const std::string& page) {
  if (file == "-") {
    context.out << page << std::flush;
    return absl::OkStatus();
  }
  const absl::Status status = WriteWholeFile(file, page, Secrecy::kShared);
  if (status.ok()) PrintNote(context, options, absl::StrCat("page: ", file));
  return status;
}

absl::Status ReadBench(Client* client, const v1::BenchSourcesRequest& request, Inbox* inbox, grpc::ClientContext* call) {
  const auto reader = client->BenchSources(call, request);
  v1::BenchSourcesResponse response;
  while (reader->Read(&response)) inbox->PutBench(std::move(response));
  return ToAbslStatus(reader->Finish(), client->socket());
}

// One bench, from the call to its end, shown as it goes on.
class Measurement {
 public:
  Measurement(Context& context, const Options& options) : context_(context), options_(options), view_(MakeBenchView(context, options)) {}

  BenchEnd Run(Client* client, const v1::BenchSourcesRequest& request) {
    Inbox* const inbox = &context_.inbox;
    const InboxStream stream(inbox, [=, &request](grpc::ClientContext* call) { return ReadBench(client, request, inbox, call); });
    view_->Update(end_.run, context_.now());
    while (!Take(inbox->Wait(view_->NextTick()))) view_->Tick(context_.now());
    view_->Finish();
    return std::move(end_);
  }

 private:
  // Whether that was the end.
  bool Take(Inbox::News news) {
    for (v1::BenchSourcesResponse& response : news.bench) TakeResponse(std::move(response));
    if (news.resized) view_->Resized();
    if (news.resumed) view_->Resumed();
    end_.signal = news.signal;
    if (news.signal != 0) {
      context_.inbox.Close();  // the next one does not wait
      return true;
    }
    if (!news.ended) return false;
    end_.status = news.ended->ok() && !IsOver(end_.run) ? absl::UnavailableError("the daemon ended the bench early") : *news.ended;
    return true;
  }
  void TakeResponse(v1::BenchSourcesResponse response) {
    for (const std::string& notice : response.plan().notices()) view_->Say(absl::StrCat("note: ", notice));
    const bool sample = response.has_sample();
    end_.run.Take(std::move(response));
    if (sample && options_.bench.csv) context_.out << BenchCsvLine(end_.run.plan, end_.run.samples.back()) << std::flush;
    view_->Update(end_.run, context_.now());
  }

  Context& context_;
  const Options& options_;
  const std::unique_ptr<BenchView> view_;
  BenchEnd end_;
};

// Everything but the CSV, which is out already. `at`: of its begin.
absl::Status PrintBench(Context& context, const Options& options, const BenchTask& task, const std::string& daemon, const BenchRun& run,
                        absl::Time at) {
  if (options.json) {
    context.out << BenchJson(run) << "\n" << std::flush;
  } else if (!options.bench.csv && task.html != "-") {
    const BenchStyle style = StyleOf(context);
    const bool once = task.every == absl::ZeroDuration();
    context.out << (once ? BenchText(run, style) : BenchRoundText(run, at, style) + "\n") << std::flush;
  }
  return task.html.empty() ? absl::OkStatus() : WritePage(context, options, task.html, BenchHtml(run, PlaceOf(context, daemon)));
}

// What stands on standard error at the end, and the exit code.
ExitCode ConcludeBench(Context& context, const BenchEnd& end) {
  if (end.signal != 0) {
    PrintError(context, absl::StrCat("interrupted: that is what ", end.run.samples.size(), " of ", end.run.plan.samples(), " samples say"));
    return ExitCodeOfSignal(end.signal);
  }
  if (!end.status.ok()) {
    PrintError(context, end.status.message());
    return ExitCodeOf(end.status);
  }
  if (BroughtBytes(end.run)) return ExitCode::kDone;
  PrintError(context, "no source has brought bytes: hfget doctor says why");
  return ExitCode::kNoSource;
}

bool KnowsNothing(const BenchEnd& end) { return end.run.samples.empty() && end.run.report.rows().empty(); }

ExitCode FinishBench(Context& context, const Options& options, const BenchTask& task, const std::string& daemon, const BenchEnd& end,
                     absl::Time at) {
  if (!end.status.ok() && KnowsNothing(end)) return Fail(context, options, end.status);
  // A terminal that was interrupted before anything was measured gets no empty table; a program gets its object.
  if (end.signal != 0 && KnowsNothing(end) && !options.json) return ConcludeBench(context, end);
  const absl::Status printed = PrintBench(context, options, task, daemon, end.run, at);
  const ExitCode code = ConcludeBench(context, end);
  if (printed.ok()) return code;
  PrintError(context, printed.message());
  return ExitCode::kFailed;
}

// A daemon that went away between two rounds is found, or started, again.
ExitCode BenchRound(Context& context, const Options& options, const BenchTask& task, DaemonControl* control, BenchEnd* end) {
  absl::StatusOr<Client> client = control->Connect(Start::kAlways);
  if (!client.ok()) return Fail(context, options, client.status());
  const absl::Time at = context.now();
  context.inbox.Open();
  *end = Measurement(context, options).Run(&*client, task.request);
  const ExitCode code = FinishBench(context, options, task, client->socket(), *end, at);
  context.inbox.Close();
  return code;
}

// Until a signal comes; the first round says whether it can go on at all.
ExitCode BenchAgainAndAgain(Context& context, const Options& options, const BenchTask& task, DaemonControl* control) {
  for (bool first = true;; first = false) {
    const absl::Time next = context.now() + task.every;
    BenchEnd end;
    const ExitCode code = BenchRound(context, options, task, control, &end);
    const bool failed = code != ExitCode::kDone && code != ExitCode::kNoSource;
    if (end.signal != 0 || (first && failed)) return code;
    context.inbox.Open();
    const absl::Cleanup close = [&context] { context.inbox.Close(); };
    do {
      if (const int signal = context.inbox.Wait(next).signal; signal != 0) return ExitCodeOfSignal(signal);
    } while (context.now() < next);
  }
}

}  // namespace

ExitCode RunBench(Context& context, const Options& options) {
  const absl::StatusOr<BenchTask> task = MakeTask(context, options);
  if (!task.ok()) return Fail(context, options, task.status());
  absl::StatusOr<DaemonControl> control = DaemonControl::Make(&context, options);
  if (!control.ok()) return Fail(context, options, control.status());
  if (options.bench.csv) context.out << BenchCsvHeader() << std::flush;
  if (task->every > absl::ZeroDuration()) return BenchAgainAndAgain(context, options, *task, &*control);
  BenchEnd end;
  return BenchRound(context, options, *task, &*control, &end);
}

ExitCode RunBenchHistory(Context& context, const Options& options) {
  if (const absl::Status status = CheckBenchOutputs(options); !status.ok()) return Fail(context, options, status);
  const absl::StatusOr<v1::GetBenchHistoryRequest> request = MakeBenchHistoryRequest(options.bench, context.now());
  if (!request.ok()) return Fail(context, options, request.status());
  const absl::StatusOr<std::string> html = PageFile(context, options);
  if (!html.ok()) return Fail(context, options, html.status());
  absl::StatusOr<Client> client = ConnectToDaemon(context, options);
  if (!client.ok()) return Fail(context, options, client.status());
  const absl::StatusOr<std::vector<v1::BenchPoint>> points = client->GetBenchHistory(*request);
  if (!points.ok()) return Fail(context, options, points.status());
  if (options.json) {
    context.out << BenchHistoryJson(*points) << "\n";
  } else if (options.bench.csv) {
    context.out << BenchHistoryCsvHeader();
    for (const v1::BenchPoint& point : *points) context.out << BenchHistoryCsvLine(point);
  } else if (*html != "-") {
    context.out << BenchHistoryText(*points, StyleOf(context));
  }
  if (html->empty()) return ExitCode::kDone;
  const absl::Status written = WritePage(context, options, *html, BenchHistoryHtml(*points, PlaceOf(context, client->socket())));
  return written.ok() ? ExitCode::kDone : Fail(context, options, written);
}

}  // namespace hfget::cli
