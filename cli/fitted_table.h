// A table that fits its width: columns that say less give way, one is a bar that takes what is left.
#ifndef HFGET_CLI_FITTED_TABLE_H_
#define HFGET_CLI_FITTED_TABLE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "cli/table.h"

namespace hfget::cli {

struct FittedColumn {
  std::string header;
  Align align = Align::kLeft;
  int rank = 0;  // the highest gives way first; 0: stays, and the last of these is cut when nothing else helps
  std::vector<std::string> cells;  // printable; one a row
  // Instead of cells: draws a row's part of so many columns, from `min_width` on.
  std::function<std::string(int row, int width)> draw;
  int min_width = 8;
  int max_width = 30;
  bool cut = false;  // the one that is shortened when nothing else gives way
};

// The header, then a line a row. width <= 0: all columns but drawn ones. Two spaces between columns, none at the end of a line.
// `ellipsis`: where a cell is cut.
std::vector<std::string> FitTable(std::vector<FittedColumn> columns, int width, absl::string_view ellipsis);

}  // namespace hfget::cli

#endif  // HFGET_CLI_FITTED_TABLE_H_
