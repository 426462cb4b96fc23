#include "cli/bench_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cli/fitted_table.h"
#include "cli/format.h"
#include "cli/paint.h"
#include "cli/pull_text.h"
#include "cli/sources_text.h"
#include "cli/text.h"

namespace hfget::cli {
namespace {

using Rows = std::vector<const v1::BenchRow*>;

constexpr size_t kShortCommit = 8;
constexpr char kBelow[] = "   ";  // a source's number is that wide

absl::string_view CutMark(bool unicode) { return unicode ? "…" : "~"; }
absl::string_view Times(bool unicode) { return unicode ? "×" : "x"; }
absl::string_view Dot(bool unicode) { return unicode ? " · " : " | "; }

std::string Rate(double bytes_per_sec) { return FormatRate(static_cast<int64_t>(bytes_per_sec)); }

Rows RowsInUse(const v1::BenchReport& report) {
  Rows rows;
  for (const v1::BenchRow& row : report.rows()) {
    if (row.rank() > 0) rows.push_back(&row);
  }
  return rows;
}

std::string SpreadRate(const v1::BenchSpread& spread) { return spread.count() == 0 ? "-" : Rate(spread.median()); }

std::string BestText(const v1::BenchRow& row, bool unicode) {
  if (row.best().count() == 0) return "-";
  return absl::StrCat(Rate(row.best().median()), " ", Times(unicode), row.best_connections());
}

// "*": the legend says what of brief samples counts.
std::string MarkedBest(const v1::BenchRow& row, bool unicode) { return absl::StrCat(BestText(row, unicode), row.brief() > 0 ? "*" : ""); }

// One value is no spread.
std::string RangeText(const v1::BenchSpread& spread, bool unicode) {
  return spread.count() < 2 ? "-" : FormatRangeAs(spread.p10(), spread.p90(), spread.median(), unicode);
}

FittedColumn Column(const char* header, Align align, int rank, const Rows& rows,
                    const std::function<std::string(const v1::BenchRow&)>& cell) {
  FittedColumn column;
  column.header = header;
  column.align = align;
  column.rank = rank;
  for (const v1::BenchRow* row : rows) column.cells.push_back(Printable(cell(*row)));
  return column;
}

// Part of the fastest, in halves of a column where the terminal can show them.
std::string RateBar(double part, int width, bool unicode) {
  const double columns = std::clamp(part, 0.0, 1.0) * width;
  const int full = static_cast<int>(columns);
  const bool half = unicode && full < width && columns - full >= 0.5;
  if (full == 0 && !half) return unicode ? "╸" : "#";  // a source that gave something is seen
  return absl::StrCat(Repeat(unicode ? "━" : "#", full), half ? "╸" : "");
}

FittedColumn BarColumn(const Rows& rows, bool color, bool unicode) {
  double most = 1;
  for (const v1::BenchRow* row : rows) most = std::max(most, row->best().median());
  FittedColumn column;
  column.rank = 1;
  column.draw = [=](int i, int width) {
    return Paint(color, i == 0 ? kGreen : kCyan, RateBar(rows[i]->best().median() / most, width, unicode));
  };
  return column;
}

std::vector<std::string> RateTable(const v1::BenchReport& report, const BenchStyle& style) {
  using enum Align;
  const Rows rows = RowsInUse(report);
  if (rows.empty()) return {};
  const bool unicode = style.unicode;
  std::vector<FittedColumn> columns;
  const auto add = [&](const char* header, Align align, int rank, const std::function<std::string(const v1::BenchRow&)>& cell) {
    columns.push_back(Column(header, align, rank, rows, cell));
  };
  add("#", kRight, 0, [](const v1::BenchRow& row) { return absl::StrCat(row.rank()); });
  add("SOURCE", kLeft, 0, [](const v1::BenchRow& row) { return row.source(); });
  columns.back().cut = true;
  columns.push_back(BarColumn(rows, style.color, unicode));
  add("BEST", kRight, 0, [=](const v1::BenchRow& row) { return MarkedBest(row, unicode); });
  add(unicode ? "P10–P90" : "P10-P90", kRight, 4, [=](const v1::BenchRow& row) { return RangeText(row.best(), unicode); });
  add(unicode ? "×1" : "x1", kRight, 2, [](const v1::BenchRow& row) { return SpreadRate(row.one_connection()); });
  add("1ST BYTE", kRight, 3, FirstByteText);
  add("LAG", kLeft, 5, LagWord);
  add("TOKEN", kLeft, 6, [](const v1::BenchRow& row) { return VerdictWord(row.token_verdict()); });
  return FitTable(std::move(columns), style.width, CutMark(unicode));
}

void AppendWrapped(const std::string& head, const std::string& text, absl::string_view color, const BenchStyle& style, std::string* out) {
  const int indent = DisplayWidth(head);
  const int room = style.width > 0 ? std::max(1, style.width - indent) : 0;
  std::string before = head;
  for (const std::string& line : Wrap(Printable(text), room)) {
    // A word that is wider than the terminal has a line of its own.
    absl::StrAppend(out, before, Paint(style.color, color, room > 0 ? CutEnd(line, room, CutMark(style.unicode)) : line), "\n");
    before = std::string(indent, ' ');
  }
}

std::string DownText(const v1::BenchRow& row) { return absl::StrCat(row.source(), ": ", TroubleOf(row)); }

void AppendDown(const v1::BenchReport& report, const BenchStyle& style, std::string* out) {
  for (const v1::BenchRow& row : report.rows()) {
    if (row.rank() == 0) AppendWrapped(style.unicode ? "✗  " : "x  ", DownText(row), kYellow, style, out);
  }
}

std::string Legend(const BenchRun& run, bool unicode) {
  const std::string rounds = run.plan.rounds() == 1 ? "one round" : absl::StrCat(run.plan.rounds(), " rounds");
  const Rows rows = RowsInUse(run.report);
  const bool brief = std::any_of(rows.begin(), rows.end(), [](const v1::BenchRow* row) { return row->brief() > 0; });
  return absl::StrCat("Medians over ", rounds, ", ", FormatBytes(run.report.bytes()), " received in ", run.report.samples(), " samples; ",
                      Times(unicode), "n: with n connections; 1st byte: hub / data host",
                      brief ? "; *: of samples of less than 2 s, of which the second half counts" : "");
}

// "×1, ×2" or "×1": what was planned.
std::string PlanText(const v1::BenchPlan& plan, bool unicode) {
  return absl::StrCat(FormatBytes(plan.size_bytes()), " a sample", Dot(unicode), absl::StrJoin(plan.connections(), ", "), " connections",
                      Dot(unicode),
                      plan.rounds(), plan.rounds() == 1 ? " round" : " rounds");
}

std::string ProgressLine(const BenchRun& run, bool unicode) {
  const v1::BenchProgress& progress = run.progress;
  if (run.plan.samples() == 0) return unicode ? "looking for what to measure…" : "looking for what to measure...";
  const int sample = std::min(run.report.samples() + 1, run.plan.samples());
  std::string line = absl::StrCat("sample ", sample, " of ", run.plan.samples());
  if (progress.source().empty()) return line;
  return absl::StrCat(line, Dot(unicode), progress.source(), Dot(unicode), "round ", progress.round(), Dot(unicode), Times(unicode),
                      progress.connections(), Dot(unicode), FormatRate(progress.rate_bytes_per_sec()), Dot(unicode),
                      FormatBytes(progress.bytes()));
}

std::string WholeBar(const BenchRun& run, int width, const RenderStyle& style) {
  const double part = run.plan.samples() == 0 ? 0 : static_cast<double>(run.report.samples()) / run.plan.samples();
  const int filled = static_cast<int>(std::clamp(part, 0.0, 1.0) * width);
  return absl::StrCat(Paint(style.color, kCyan, Repeat(style.unicode ? "━" : "#", filled)),
                      Paint(style.color, kDim, Repeat(style.unicode ? "─" : "-", width - filled)));
}

std::string QuotaNote(const v1::BenchRow& row) {
  std::string note = absl::StrCat(row.quota_left(), " requests left");
  if (row.has_quota_resets()) absl::StrAppend(&note, " for ", FormatSpan(DurationOf(row.quota_resets())));
  return note;
}

}  // namespace

std::string FirstByteText(const v1::BenchRow& row) {
  const v1::BenchSpread& hub = row.hub().first_byte();
  const v1::BenchSpread& data = row.data_host().first_byte();
  if (hub.count() == 0 && data.count() == 0) return "-";
  const std::string first = hub.count() == 0 ? "-" : FormatLatency(absl::Seconds(hub.median()));
  return data.count() == 0 ? first : absl::StrCat(first, " / ", FormatLatency(absl::Seconds(data.median())));
}

std::string LagWord(const v1::BenchRow& row) {
  if (!row.lag_known()) return "-";
  return row.lags() ? "yes" : "no";
}

std::vector<std::string> BenchNotes(const v1::BenchRow& row) {
  std::vector<std::string> notes;
  if (!row.why().empty()) notes.push_back(row.why());
  if (row.lags()) notes.push_back(absl::StrCat("lags: it has ", row.commit().substr(0, kShortCommit)));
  if (row.rank() > 0 && !row.ranges()) notes.push_back("serves no ranges");
  if (!row.data_host_name().empty()) notes.push_back(absl::StrCat("bytes from ", row.data_host_name()));
  if (row.limits_size() > 0) notes.push_back(absl::StrCat("held back here by ", absl::StrJoin(row.limits(), ", ")));
  if (row.quota_known()) notes.push_back(QuotaNote(row));
  return notes;
}

std::string BenchSubject(const v1::BenchPlan& plan) {
  v1::Pull pull;
  pull.set_repo(plan.repo());
  pull.set_type(plan.type());
  pull.set_revision(plan.revision());
  pull.set_commit(plan.commit());
  return Printable(absl::StrCat(PullName(pull), " ", plan.file(), " (", FormatBytes(plan.file_bytes()), ")"));
}

std::string BenchText(const BenchRun& run, const BenchStyle& style) {
  std::string text;
  AppendWrapped("", BenchSubject(run.plan), "", style, &text);
  AppendWrapped("", PlanText(run.plan, style.unicode), kDim, style, &text);
  absl::StrAppend(&text, "\n");
  const std::vector<std::string> lines = RateTable(run.report, style);
  const Rows rows = RowsInUse(run.report);
  for (size_t i = 0; i < lines.size(); ++i) {
    absl::StrAppend(&text, lines[i], "\n");
    if (i > 0) AppendWrapped(kBelow, absl::StrJoin(BenchNotes(*rows[i - 1]), "; "), kDim, style, &text);
  }
  AppendDown(run.report, style, &text);
  absl::StrAppend(&text, "\n");
  if (!run.report.recommendation().empty()) AppendWrapped("", run.report.recommendation(), kGreen, style, &text);
  AppendWrapped("", Legend(run, style.unicode), kDim, style, &text);
  return text;
}

std::vector<std::string> RenderBench(const BenchRun& run, const RenderStyle& style) {
  const int width = std::max(1, style.width - 1);
  const int bar = width < 60 ? 0 : width / 5;
  const absl::string_view mark = CutMark(style.unicode);
  std::vector<std::string> lines = RateTable(run.report, {width, style.color, style.unicode});
  for (const v1::BenchRow& row : run.report.rows()) {
    if (row.rank() > 0) continue;
    const std::string line = absl::StrCat(style.unicode ? "✗" : "x", "  ", DownText(row));
    lines.push_back(Paint(style.color, kYellow, CutEnd(line, width, mark)));
  }
  const size_t room = std::max(0, style.height - 2);  // for the line below and the cursor
  if (lines.size() > room) lines.resize(room);
  const std::string progress = CutEnd(ProgressLine(run, style.unicode), bar == 0 ? width : width - bar - 2, mark);
  lines.push_back(bar == 0 ? progress : absl::StrCat(WholeBar(run, bar, style), "  ", progress));
  return lines;
}

std::string BenchProgressText(const BenchRun& run) {
  if (run.plan.samples() == 0) return "bench: looking for what to measure";
  const v1::BenchProgress& progress = run.progress;
  const int sample = std::min(run.report.samples() + 1, run.plan.samples());
  std::string line = absl::StrCat("bench ", run.plan.repo(), ": sample ", sample, " of ", run.plan.samples());
  if (!progress.source().empty()) {
    absl::StrAppend(&line, ": ", progress.source(), ", round ", progress.round(), ", ", progress.connections(),
                    progress.connections() == 1 ? " connection, " : " connections, ", FormatRate(progress.rate_bytes_per_sec()));
  }
  return Printable(line);
}

std::string BenchRoundText(const BenchRun& run, absl::Time at, const BenchStyle& style) {
  std::vector<std::string> parts;
  for (const v1::BenchRow& row : run.report.rows()) {
    const char* unused = row.best().count() > 0 ? ": not used" : ": down";
    parts.push_back(absl::StrCat(row.source(), row.rank() > 0 ? absl::StrCat(" ", BestText(row, style.unicode)) : unused));
  }
  if (parts.empty()) parts.push_back("no source was measured");
  const std::string line = Printable(absl::StrCat(absl::FormatTime("%Y-%m-%d %H:%M:%S", at, style.zone), "  ",
                                                  absl::StrJoin(parts, Dot(style.unicode))));
  return style.width > 0 ? CutEnd(line, style.width, CutMark(style.unicode)) : line;
}

}  // namespace hfget::cli
