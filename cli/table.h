// Plain columns for ps, sources and --dry-run.
#ifndef HFGET_CLI_TABLE_H_
#define HFGET_CLI_TABLE_H_

#include <string>
#include <vector>

namespace hfget::cli {

enum class Align { kLeft, kRight };

class Table {
 public:
  explicit Table(std::vector<Align> columns) : columns_(std::move(columns)) {}

  // Cells are made printable. REQUIRES: as many cells as columns.
  void Add(std::vector<std::string> row);
  // Two spaces between columns, no spaces at the end of a line.
  std::string ToString() const;

 private:
  std::vector<Align> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace hfget::cli

#endif  // HFGET_CLI_TABLE_H_
