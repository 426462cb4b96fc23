// Names and messages of strangers on a terminal. The first byte is its width.
#include "cli/text.h"

#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {

FUZZ(input) {
  if (input.empty()) return;
  const int columns = static_cast<unsigned char>(input[0]) % 100;
  const absl::string_view text = input.substr(1);
  const std::string shown = cli::Printable(text);
  HOLDS(IsOneLine(shown));
  HOLDS(cli::Printable(shown) == shown);
  for (const absl::string_view mark : {"…", "..."}) {
    const std::string begin = cli::CutEnd(text, columns, mark), end = cli::CutStart(text, columns, mark);
    HOLDS(IsOneLine(begin) && IsOneLine(end));
    HOLDS(cli::DisplayWidth(begin) <= columns && cli::DisplayWidth(end) <= columns);
  }
  HOLDS(cli::DisplayWidth(cli::PadRight(shown, columns)) >= columns);
  HOLDS(cli::DisplayWidth(cli::PadLeft(shown, columns)) >= columns);
  std::string joined;
  for (const std::string& line : cli::Wrap(shown, columns)) joined += line;
  HOLDS(joined.size() <= shown.size());
}

}  // namespace hfget::fuzz
