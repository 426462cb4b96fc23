#include "cli/bench_history_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "cli/bench_history.h"
#include "cli/fitted_table.h"
#include "cli/format.h"
#include "cli/paint.h"
#include "cli/pull_text.h"
#include "cli/text.h"

namespace hfget::cli {
namespace {

constexpr int kWidthOfNoTerminal = 110;
constexpr absl::string_view kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr absl::string_view kAsciiBlocks[] = {"_", ".", "-", ":", "=", "+", "*", "#"};
constexpr int kLevels = std::size(kBlocks);

// One column of bars: the benches of its time.
struct Bucket {
  double sum = 0;
  int good = 0;
  bool failed = false;
};

std::vector<Bucket> BucketsOf(const SourceHistory& history, const BenchPeriod& period, int width) {
  std::vector<Bucket> buckets(width);
  const absl::Duration span = std::max(period.end - period.begin, absl::Nanoseconds(1));
  for (const v1::BenchPoint& point : history.points) {
    const double part = absl::FDivDuration(TimeOf(point.at()) - period.begin, span);
    Bucket& bucket = buckets[std::clamp(static_cast<int>(part * width), 0, width - 1)];
    if (point.best_bytes_per_sec() > 0) {
      bucket.sum += point.best_bytes_per_sec();
      ++bucket.good;
    } else {
      bucket.failed = true;
    }
  }
  return buckets;
}

std::string Glyph(const Bucket& bucket, double most, const BenchStyle& style) {
  if (bucket.good == 0) return bucket.failed ? Paint(style.color, kYellow, style.unicode ? "×" : "x") : " ";
  const int level = std::clamp(static_cast<int>(bucket.sum / bucket.good / most * kLevels), 0, kLevels - 1);
  return Paint(style.color, kCyan, (style.unicode ? kBlocks : kAsciiBlocks)[level]);
}

FittedColumn Chart(const std::vector<SourceHistory>& histories, const BenchPeriod& period, const BenchStyle& style) {
  double most = 1;
  for (const SourceHistory& history : histories) most = std::max(most, history.best);
  FittedColumn column;
  column.rank = 1;
  column.min_width = 10;
  column.max_width = 60;
  column.draw = [=, &histories](int row, int width) {
    std::string bars;
    for (const Bucket& bucket : BucketsOf(histories[row], period, width)) bars += Glyph(bucket, most, style);
    return bars;
  };
  return column;
}

FittedColumn Figures(const char* header, Align align, int rank, const std::vector<SourceHistory>& histories,
                     const std::function<std::string(const SourceHistory&)>& cell) {
  FittedColumn column;
  column.header = header;
  column.align = align;
  column.rank = rank;
  for (const SourceHistory& history : histories) column.cells.push_back(Printable(cell(history)));
  return column;
}

std::string RateOrDash(double rate) { return rate > 0 ? FormatRate(static_cast<int64_t>(rate)) : "-"; }

std::string PeriodText(const BenchPeriod& period, const BenchStyle& style) {
  const auto text = [&](absl::Time time) { return absl::FormatTime("%Y-%m-%d %H:%M", time, style.zone); };
  return absl::StrCat(text(period.begin), style.unicode ? " – " : " - ", text(period.end), absl::FormatTime(" %Z", period.end, style.zone));
}

}  // namespace

std::string BenchHistoryText(const std::vector<v1::BenchPoint>& points, const BenchStyle& style) {
  if (points.empty()) return "no bench is remembered: hfget bench\n";
  const std::vector<SourceHistory> histories = HistoryBySource(points);
  const BenchPeriod period = PeriodOf(points);
  using enum Align;
  std::vector<FittedColumn> columns;
  const auto add = [&](const char* header, Align align, int rank, const std::function<std::string(const SourceHistory&)>& cell) {
    columns.push_back(Figures(header, align, rank, histories, cell));
  };
  add("SOURCE", kLeft, 0, [](const SourceHistory& history) { return history.source; });
  columns.back().cut = true;
  columns.push_back(Chart(histories, period, style));
  add("LAST", kRight, 3, [](const SourceHistory& history) { return RateOrDash(history.last); });
  add("MEDIAN", kRight, 0, [](const SourceHistory& history) { return RateOrDash(history.median); });
  add("BEST", kRight, 2, [](const SourceHistory& history) { return RateOrDash(history.best); });
  add("BENCHES", kRight, 5, [](const SourceHistory& history) { return absl::StrCat(history.points.size()); });
  add("FAILED", kRight, 4, [](const SourceHistory& history) { return absl::StrCat(history.failed); });
  std::string text;
  const absl::string_view mark = style.unicode ? "…" : "~";
  const int width = style.width > 0 ? style.width : kWidthOfNoTerminal;
  for (const std::string& line : FitTable(std::move(columns), width, mark)) absl::StrAppend(&text, line, "\n");
  return absl::StrCat(text, Paint(style.color, kDim, CutEnd(PeriodText(period, style), width, mark)), "\n");
}

}  // namespace hfget::cli
