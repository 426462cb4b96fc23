#include "cli/grid.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "cli/bar.h"
#include "cli/paint.h"
#include "cli/text.h"

namespace hfget::cli {
namespace {

constexpr int kGridGap = 2;

// What the column of kRest gets when those of a higher rank than `rank` are dropped.
int RestFor(const std::vector<Grid::Column>& columns, int rank, int width) {
  int rest = width + kGridGap;
  for (const Grid::Column& column : columns) {
    if (column.width == Grid::kRest || column.rank <= rank) rest -= column.width + kGridGap;
  }
  return rest;
}

}  // namespace

Grid::Grid(std::vector<Column> columns, const RenderStyle& style) : columns_(std::move(columns)), style_(style) {
  int rank = 0;  // -1: only what takes the rest has room
  for (const Column& column : columns_) rank = std::max(rank, column.rank);
  while (rank >= 0 && RestFor(columns_, rank, style.width - 1) < (rank > 0 ? kMinRest : 1)) --rank;
  const int rest = std::max(1, RestFor(columns_, rank, style.width - 1));
  for (const Column& column : columns_) {
    widths_.push_back(column.width == kRest ? rest : column.rank > rank ? 0 : column.width);
  }
}

std::string Grid::Line(const std::vector<Cell>& cells) const {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (widths_[i] == 0) continue;
    if (!line.empty()) line.append(kGridGap, ' ');
    if (cells[i].drawn) {
      line += cells[i].text;
      continue;
    }
    const std::string text = CutEnd(cells[i].text, widths_[i], Ellipsis(style_));
    const std::string space(std::max(0, widths_[i] - DisplayWidth(text)), ' ');
    const std::string painted = Paint(style_.color, cells[i].color, text);
    absl::StrAppend(&line, columns_[i].align == Align::kRight ? space : "", painted, columns_[i].align == Align::kRight ? "" : space);
  }
  absl::StripTrailingAsciiWhitespace(&line);
  return line;
}

std::string Grid::Head() const {
  std::vector<Cell> cells;
  for (const Column& column : columns_) cells.push_back({column.title, kDim});
  return Line(cells);
}

std::string Grid::Row(const std::vector<Cell>& cells) const { return Line(cells); }

}  // namespace hfget::cli
