#include "cli/text.h"

#include <algorithm>
#include <clocale>
#include <cwchar>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace hfget::cli {
namespace {

// glibc's own tables, whatever LANG is: C.UTF-8 is a part of libc-bin. Where it is missing every
// byte is "?" or ASCII.
locale_t Utf8Locale() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

class ScopedUtf8 {
 public:
  ScopedUtf8() : previous_(Utf8Locale() == nullptr ? nullptr : uselocale(Utf8Locale())) {}
  ~ScopedUtf8() {
    if (previous_ != nullptr) uselocale(previous_);
  }
  ScopedUtf8(const ScopedUtf8&) = delete;
  ScopedUtf8& operator=(const ScopedUtf8&) = delete;

 private:
  locale_t previous_;
};

// They reorder what is shown after them: a name could pose as another.
bool IsDirectionMark(wchar_t c) {
  return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E || c == 0x200F;
}

Cell CellOf(wchar_t c, absl::string_view bytes) {
  if (c == L'\n' || c == L'\t') return {" ", 1};
  const int columns = wcwidth(c);
  if (c == L'\0' || columns < 0 || IsDirectionMark(c)) return {"?", 1};
  return {std::string(bytes), columns};
}

// The length of the colour sequence at the front of `text`, 0 when there is none.
size_t ColourLength(absl::string_view text) {
  if (text.size() < 3 || text[0] != '\x1b' || text[1] != '[') return 0;
  const size_t end = text.find('m');
  return end == absl::string_view::npos ? 0 : end + 1;
}

int ColumnsOf(const std::vector<Cell>& cells) {
  int columns = 0;
  for (const Cell& cell : cells) columns += cell.columns;
  return columns;
}

}  // namespace

std::vector<Cell> CellsOf(absl::string_view text) {
  const ScopedUtf8 utf8;
  std::vector<Cell> cells;
  while (!text.empty()) {
    wchar_t c = 0;
    std::mbstate_t state{};
    size_t length = std::mbrtowc(&c, text.data(), text.size(), &state);
    if (length == 0) length = 1;  // NUL
    if (length > text.size()) {   // (size_t)-1 and -2: not UTF-8
      cells.push_back({"?", 1});
      length = 1;
    } else {
      cells.push_back(CellOf(c, text.substr(0, length)));
    }
    text.remove_prefix(length);
  }
  return cells;
}

std::string Printable(absl::string_view text) {
  std::string out;
  for (const Cell& cell : CellsOf(text)) out += cell.text;
  return out;
}

int DisplayWidth(absl::string_view text) {
  int columns = 0;
  while (!text.empty()) {
    if (const size_t colour = ColourLength(text); colour > 0) {
      text.remove_prefix(colour);
      continue;
    }
    const size_t end = std::min(text.find('\x1b', 1), text.size());
    columns += ColumnsOf(CellsOf(text.substr(0, end)));
    text.remove_prefix(end);
  }
  return columns;
}

std::string CutEnd(absl::string_view text, int columns, absl::string_view mark) {
  const std::vector<Cell> cells = CellsOf(text);
  if (ColumnsOf(cells) <= columns) return Printable(text);
  const int room = columns - DisplayWidth(mark);
  if (room < 0) return "";
  std::string out;
  int used = 0;
  for (const Cell& cell : cells) {
    if (used + cell.columns > room) break;
    out += cell.text;
    used += cell.columns;
  }
  return absl::StrCat(out, mark);
}

std::string CutStart(absl::string_view text, int columns, absl::string_view mark) {
  const std::vector<Cell> cells = CellsOf(text);
  if (ColumnsOf(cells) <= columns) return Printable(text);
  const int room = columns - DisplayWidth(mark);
  if (room < 0) return "";
  size_t first = cells.size();
  for (int used = 0; first > 0 && used + cells[first - 1].columns <= room; --first) {
    used += cells[first - 1].columns;
  }
  std::string out(mark);
  for (; first < cells.size(); ++first) out += cells[first].text;
  return out;
}

std::vector<std::string> Wrap(absl::string_view text, int columns) {
  if (columns <= 0) return {std::string(text)};
  std::vector<std::string> lines(1);
  for (const absl::string_view word : absl::StrSplit(text, ' ')) {
    const bool first = lines.back().empty();
    if (!first && DisplayWidth(lines.back()) + 1 + DisplayWidth(word) > columns) {
      lines.emplace_back(word);
    } else {
      absl::StrAppend(&lines.back(), first ? "" : " ", word);
    }
  }
  return lines;
}

std::string PadRight(std::string text, int columns) {
  const int width = DisplayWidth(text);
  if (width < columns) text.append(columns - width, ' ');
  return text;
}

std::string PadLeft(std::string text, int columns) {
  const int width = DisplayWidth(text);
  if (width < columns) text.insert(0, columns - width, ' ');
  return text;
}

std::string Repeat(absl::string_view glyph, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) absl::StrAppend(&out, glyph);
  return out;
}

}  // namespace hfget::cli
