// A table that fits a width: columns are dropped or cut until it does. Pure.
#ifndef HFGET_CLI_GRID_H_
#define HFGET_CLI_GRID_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "cli/render.h"
#include "cli/table.h"

namespace hfget::cli {

class Grid {
 public:
  // One column takes what the others leave.
  static constexpr int kRest = 0;
  static constexpr int kMinRest = 8;

  struct Column {
    std::string title;
    int width = 0;  // or kRest
    Align align = Align::kLeft;
    int rank = 0;  // those of the highest rank are dropped first; rank 0 only where nothing else has room
  };
  struct Cell {
    std::string text;             // made printable and cut, unless `drawn`
    absl::string_view color = {};
    bool drawn = false;           // as it is: exactly as wide as its column
  };

  // REQUIRES: exactly one column of kRest, of rank 0.
  Grid(std::vector<Column> columns, const RenderStyle& style);

  // The columns that are left have these widths; 0: dropped.
  int width(size_t column) const { return widths_[column]; }

  std::string Head() const;
  // REQUIRES: as many cells as columns.
  std::string Row(const std::vector<Cell>& cells) const;

 private:
  std::string Line(const std::vector<Cell>& cells) const;

  const std::vector<Column> columns_;
  const RenderStyle style_;
  std::vector<int> widths_;
};

}  // namespace hfget::cli

#endif  // HFGET_CLI_GRID_H_
