#include "cli/fitted_table.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "cli/text.h"

namespace hfget::cli {
namespace {

constexpr int kTableGap = 2;

int WidthOf(const FittedColumn& column) {
  if (column.draw) return column.min_width;
  int widest = DisplayWidth(column.header);
  for (const std::string& cell : column.cells) widest = std::max(widest, DisplayWidth(cell));
  return widest;
}

int Total(const std::vector<FittedColumn>& columns) {
  int total = -kTableGap;
  for (const FittedColumn& column : columns) total += WidthOf(column) + kTableGap;
  return total;
}

void LeaveOut(std::vector<FittedColumn>* columns, int width) {
  while (Total(*columns) > width) {
    const auto least = std::max_element(columns->begin(), columns->end(), [](const auto& a, const auto& b) { return a.rank < b.rank; });
    if (least->rank == 0) return;
    columns->erase(least);
  }
}

void CutLongest(std::vector<FittedColumn>* columns, int width, absl::string_view ellipsis) {
  const int excess = Total(*columns) - width;
  if (excess <= 0) return;
  for (FittedColumn& column : *columns) {
    if (!column.cut) continue;
    const int room = std::max(1, WidthOf(column) - excess);
    column.header = CutEnd(column.header, room, "");
    for (std::string& cell : column.cells) cell = CutEnd(cell, room, ellipsis);
  }
}

std::string CellOf(const FittedColumn& column, int row, int width) {
  const std::string text = row < 0 ? column.header : column.draw ? column.draw(row, width) : column.cells[row];
  return column.align == Align::kLeft ? PadRight(text, width) : PadLeft(text, width);
}

}  // namespace

std::vector<std::string> FitTable(std::vector<FittedColumn> columns, int width, absl::string_view ellipsis) {
  if (width <= 0) {
    columns.erase(std::remove_if(columns.begin(), columns.end(), [](const FittedColumn& c) { return c.draw != nullptr; }), columns.end());
  } else {
    LeaveOut(&columns, width);
    CutLongest(&columns, width, ellipsis);
  }
  const int left = width - Total(columns);
  int rows = 0;
  for (const FittedColumn& column : columns) rows = std::max(rows, static_cast<int>(column.cells.size()));
  std::vector<std::string> lines;
  for (int row = -1; row < rows; ++row) {
    std::string line;
    for (const FittedColumn& column : columns) {
      const int wide = column.draw ? std::min(column.max_width, column.min_width + std::max(0, left)) : WidthOf(column);
      absl::StrAppend(&line, line.empty() ? "" : std::string(kTableGap, ' '), CellOf(column, row, wide));
    }
    absl::StripTrailingAsciiWhitespace(&line);
    lines.push_back(width > 0 && DisplayWidth(line) > width ? CutEnd(line, width, ellipsis) : line);
  }
  return lines;
}

}  // namespace hfget::cli
