// Text on a terminal: how wide it is, and what of it may be shown. File names and messages come
// from strangers, so a control sequence in one must never reach the terminal.
#ifndef HFGET_CLI_TEXT_H_
#define HFGET_CLI_TEXT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hfget::cli {

// One code point as it may be shown.
struct Cell {
  std::string text;
  int columns = 1;  // 0 for combining marks, 2 for wide characters
};

// Control characters, text-direction overrides and bytes that are no UTF-8 become "?", line breaks
// a space.
std::vector<Cell> CellsOf(absl::string_view text);

// `text` as it may be shown, on one line.
std::string Printable(absl::string_view text);

// Columns of `text`. Colour sequences of our own ("\x1b[…m") count nothing.
int DisplayWidth(absl::string_view text);

// At most `columns` wide: keeps the beginning (or the end, which says more of a path) and marks the
// cut with `mark`.
std::string CutEnd(absl::string_view text, int columns, absl::string_view mark);
std::string CutStart(absl::string_view text, int columns, absl::string_view mark);

// `text` in lines of at most `columns`, broken at spaces; a word that is wider has a line of its own. columns <= 0: one line.
std::vector<std::string> Wrap(absl::string_view text, int columns);

// Exactly `columns` wide when `text` is not wider: padded with spaces on the right, or on the left.
std::string PadRight(std::string text, int columns);
std::string PadLeft(std::string text, int columns);

// `glyph` so many times; none when `times` is not above 0.
std::string Repeat(absl::string_view glyph, int times);

}  // namespace hfget::cli

#endif  // HFGET_CLI_TEXT_H_
