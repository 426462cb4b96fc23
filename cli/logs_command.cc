#include <fstream>
#include <iterator>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cli/commands.h"
#include "cli/daemon_control.h"
#include "cli/journal.h"
#include "cli/log_span.h"
#include "cli/log_tail.h"
#include "cli/text.h"

namespace hfget::cli {
namespace {

constexpr int64_t kDefaultLines = 100;

struct LogPlace {
  std::string file;   // empty: the journal
  int64_t pid = 0;    // of the daemon
  bool runs = false;
};

absl::StatusOr<LogPlace> PlaceOf(const v1::GetVersionResponse& daemon, const DaemonControl& control) {
  if (daemon.pid() == 0) {
    return absl::PermissionDeniedError(
        absl::StrCat("the daemon at ", control.socket(), " shows its log to nobody but its own user: ask whoever runs it"));
  }
  if (control.remote()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the daemon at ", control.socket(), " is reached by TCP: read its log where it runs, ",
                     daemon.log_file().empty() ? "by hfget logs" : daemon.log_file()));
  }
  if (daemon.logs_to_journal() || !daemon.log_file().empty()) return LogPlace{daemon.log_file(), daemon.pid(), true};
  return absl::FailedPreconditionError(
      absl::StrCat("the daemon (process ", daemon.pid(), ") logs to its standard error, which is no file: look where it was started, or "
                   "give it one by hfgetd --log-file or [log] file"));
}

absl::StatusOr<LogPlace> FindPlace(Context& context, const Options& options) {
  absl::StatusOr<DaemonControl> control = DaemonControl::Make(&context, options);
  if (!control.ok()) return control.status();
  const auto daemon = control->Ask();
  if (!daemon.ok()) return daemon.status();
  if (daemon->has_value()) return PlaceOf(**daemon, *control);
  return LogPlace{DefaultLogFile(context, options)};
}

absl::StatusOr<LogSpan> SpanOf(const Options& options, absl::Time now) {
  LogSpan span;
  if (options.logs.since.empty()) {
    span.lines = kDefaultLines;
  } else {
    const absl::StatusOr<absl::Time> since = ParseSince(options.logs.since, now);
    if (!since.ok()) return since.status();
    span.since = *since;
  }
  if (options.logs.lines >= 0) span.lines = options.logs.lines;
  return span;
}

std::string CgroupOf(int64_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/cgroup"));
  return {std::istreambuf_iterator<char>(file), {}};
}

ExitCode ShowJournal(Context& context, const Options& options, const LogPlace& place, const LogSpan& span) {
  const std::vector<std::string> words =
      JournalCommand(JournalUnit(CgroupOf(place.pid), context.uid == 0), span, options.logs.follow);
  context.out << std::flush;
  const absl::Status status = context.processes.Become(words, "");
  if (status.ok()) return ExitCode::kDone;
  return Fail(context, options,
              absl::Status(status.code(), absl::StrCat("the daemon logs to systemd's journal, and ", status.message(),
                                                       "; the command is: ", absl::StrJoin(words, " "))));
}

// Writes lines as they become whole.
class LineWriter {
 public:
  explicit LineWriter(std::ostream* out) : out_(*out) {}
  ~LineWriter() {
    if (!rest_.empty()) out_ << Printable(rest_) << "\n";
  }
  void Write(absl::string_view text) {
    const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
    for (size_t i = 0; i + 1 < lines.size(); ++i) {
      absl::StrAppend(&rest_, lines[i]);
      out_ << Printable(rest_) << "\n";
      rest_.clear();
    }
    absl::StrAppend(&rest_, lines.back());
    out_ << std::flush;
  }

 private:
  std::ostream& out_;
  std::string rest_;  // of a line that is not whole yet
};

ExitCode Follow(Context& context, LogTail& tail, LineWriter& writer) {
  while (context.out.good() && !context.out_terminal.reader_gone()) {
    const std::string text = tail.ReadNew();
    writer.Write(text);
    const absl::Duration pause = text.empty() ? context.timing.look_again : absl::ZeroDuration();
    if (const int signal = context.inbox.Wait(context.now() + pause).signal; signal != 0) return ExitCodeOfSignal(signal);
  }
  return ExitCode::kDone;  // Run says what became of the reader
}

absl::Status Explained(const absl::Status& status, const LogPlace& place) {
  if (!absl::IsNotFound(status) || place.runs) return status;
  return absl::NotFoundError(absl::StrCat("there is no log yet: no daemon runs, and ", status.message(),
                                          " (under systemd: journalctl --user-unit hfgetd)"));
}

ExitCode ShowFile(Context& context, const Options& options, const LogPlace& place, const LogSpan& span) {
  context.inbox.Open();
  const absl::Cleanup close = [&context] { context.inbox.Close(); };
  absl::StatusOr<LogTail> tail = LogTail::Open(place.file);
  if (!tail.ok()) return Fail(context, options, Explained(tail.status(), place));
  LineWriter writer(&context.out);
  writer.Write(tail->ReadEnd(span));
  return options.logs.follow ? Follow(context, *tail, writer) : ExitCode::kDone;
}

}  // namespace

ExitCode RunLogs(Context& context, const Options& options) {
  const absl::StatusOr<LogSpan> span = SpanOf(options, context.now());
  if (!span.ok()) return Fail(context, options, span.status());
  const absl::StatusOr<LogPlace> place = FindPlace(context, options);
  if (!place.ok()) return Fail(context, options, place.status());
  return place->file.empty() ? ShowJournal(context, options, *place, *span) : ShowFile(context, options, *place, *span);
}

}  // namespace hfget::cli
