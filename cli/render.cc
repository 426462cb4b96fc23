#include "cli/render.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "cli/bar.h"
#include "cli/format.h"
#include "cli/paint.h"
#include "cli/pull_text.h"
#include "cli/text.h"

namespace hfget::cli {
namespace {

constexpr int kGap = 2;
constexpr int kMinBar = 8;
constexpr int kMaxBar = 40;
constexpr int kEtaWidth = 4 + kClockWidth;

// What fits into the width. Columns of 0 are left out; the name gets what a bar of its largest size
// leaves.
struct Columns {
  int name = 0;
  int bar = 0;
  int size = 0;
  int rate = 0;
  int eta = 0;
};

struct Row {
  std::string name;
  bool cut_start = true;  // of a path, the end says more
  int64_t done = 0;
  int64_t total = 0;
  bool growing = false;  // the total is what is known so far: no part of it says anything
  std::string size;
  std::string rate;
  std::string eta;
};

Columns LayOut(int width) {
  Columns columns;
  int left = width - (kPercentWidth + kGap);
  const auto take = [&](int column) {
    left -= column + kGap;
    return column;
  };
  if (width >= 48) columns.rate = take(kRateWidth);
  if (width >= 68) columns.eta = take(kEtaWidth);
  if (width >= 96) columns.size = take(kBytesWidth);
  const int wanted_name = std::max(12, width * 2 / 5);
  if (width >= 34) columns.bar = take(std::clamp(left - kGap - wanted_name, kMinBar, kMaxBar));
  columns.name = std::max(0, left);
  return columns;
}

std::string RenderRow(const Row& row, const Columns& columns, const RenderStyle& style) {
  const absl::string_view mark = Ellipsis(style);
  const std::string percent = PadLeft(row.growing ? "" : FormatPercent(row.done, row.total), kPercentWidth);
  if (columns.name == 0) return CutEnd(percent, style.width - 1, "");
  const std::string name =
      row.cut_start ? CutStart(row.name, columns.name, mark) : CutEnd(row.name, columns.name, mark);
  std::string line = PadRight(name, columns.name);
  const std::string gap(kGap, ' ');
  if (columns.bar > 0) {
    absl::StrAppend(&line, gap, Bar(style, columns.bar, row.growing ? 0 : row.done, row.growing ? 1 : row.total));
  }
  absl::StrAppend(&line, gap, percent);
  if (columns.size > 0) absl::StrAppend(&line, gap, PadLeft(row.size, columns.size));
  if (columns.rate > 0) absl::StrAppend(&line, gap, PadLeft(row.rate, columns.rate));
  if (columns.eta > 0 && !row.eta.empty()) absl::StrAppend(&line, gap, row.eta);
  return line;
}

Row FileRow(const v1::FileProgress& file) {
  Row row;
  row.name = file.path();
  row.done = file.done_bytes();
  row.total = file.size_bytes();
  row.size = FormatBytes(file.size_bytes());
  row.rate = FormatRate(file.rate_bytes_per_sec());
  if (file.state() == v1::FileProgress::STATE_VERIFYING) row.rate = "verifying";
  if (file.state() == v1::FileProgress::STATE_LOCKED) row.rate = "locked";
  return row;
}

Row TotalRow(const v1::Pull& pull) {
  Row row;
  row.name = absl::StrCat(pull.listing() ? "listing, " : "total ", pull.done_files(), "/", FormatFiles(pull.total_files()),
                          pull.listing() ? " so far, " : ", ", FormatBytes(pull.done_bytes()));
  row.growing = pull.listing();
  row.cut_start = false;
  row.done = pull.done_bytes();
  row.total = pull.total_bytes();
  row.size = FormatBytes(pull.total_bytes());
  row.rate = FormatRate(pull.rate_bytes_per_sec());
  if (pull.has_eta()) row.eta = absl::StrCat("ETA ", FormatClock(DurationOf(pull.eta())));
  return row;
}

bool IsRunning(const v1::FileProgress& file) {
  return file.state() == v1::FileProgress::STATE_FETCHING ||
         file.state() == v1::FileProgress::STATE_VERIFYING ||
         file.state() == v1::FileProgress::STATE_LOCKED;
}

// Sizes do not change, so that a file keeps its place from one frame to the next.
std::vector<const v1::FileProgress*> FilesToShow(const v1::Pull& pull, int room) {
  std::vector<const v1::FileProgress*> files;
  for (const v1::FileProgress& file : pull.files()) {
    if (IsRunning(file)) files.push_back(&file);
  }
  std::sort(files.begin(), files.end(), [](const auto* a, const auto* b) {
    return a->size_bytes() != b->size_bytes() ? a->size_bytes() > b->size_bytes()
                                              : a->path() < b->path();
  });
  if (files.size() > static_cast<size_t>(room)) files.resize(room);
  return files;
}

std::string WaitingLine(const v1::Pull& pull, absl::Time now) {
  const std::string since =
      pull.has_created() ? absl::StrCat(" (", FormatClock(now - TimeOf(pull.created())), ")") : "";
  const std::string why = pull.state() == v1::PULL_STATE_PAUSED ? absl::StrCat(": ", PauseText(pull)) : "";
  return Printable(absl::StrCat(PullName(pull), ": ", StateName(pull.state()), since, why));
}

}  // namespace

std::vector<std::string> RenderPull(const v1::Pull& pull, const RenderStyle& style,
                                    absl::Time now) {
  const int width = std::max(1, style.width - 1);
  std::vector<std::string> lines;
  if (pull.state() == v1::PULL_STATE_FETCHING) {
    const Columns columns = LayOut(width);
    for (const auto* file : FilesToShow(pull, std::max(0, style.height - 3))) {
      lines.push_back(RenderRow(FileRow(*file), columns, style));
    }
    lines.push_back(RenderRow(TotalRow(pull), columns, style));
  } else {
    lines.push_back(CutEnd(WaitingLine(pull, now), width, Ellipsis(style)));
  }
  const std::string sources = SourcesText(pull, style.unicode);
  if (!sources.empty()) {
    lines.push_back(Paint(style.color, kDim, CutEnd(sources, width, Ellipsis(style))));
  }
  return lines;
}

}  // namespace hfget::cli
