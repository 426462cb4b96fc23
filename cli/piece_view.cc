#include "cli/piece_view.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "cli/bar.h"
#include "cli/format.h"
#include "cli/paint.h"
#include "cli/text.h"

namespace hfget::cli {
namespace {

constexpr int kMostRowsOfFile = 4;
constexpr int kMostCells = 4096;  // of hfget.proto
constexpr absl::string_view kColors[] = {kCyan, kGreen, kYellow, "\x1b[35m", "\x1b[34m", "\x1b[31m"};

// `source` counts from 1, as in the map.
absl::string_view SourceColor(uint32_t source) { return kColors[(source - 1) % std::size(kColors)]; }
char LetterOf(uint32_t source) { return static_cast<char>('A' + (source - 1) % 26); }

struct MapCell {
  uint32_t done_percent = 0;
  bool in_flight = false;
  uint32_t source = 0;
};

// Missing fields, as of a daemon that knows no better, are nobody's.
MapCell CellAt(const v1::FilePieces& file, int i) {
  return {file.done_percent(i), i < file.in_flight_size() && file.in_flight(i), i < file.source_size() ? file.source(i) : 0};
}

absl::string_view GlyphOf(const MapCell& cell, bool unicode) {
  if (cell.done_percent == 100) return unicode ? "█" : "#";
  if (cell.in_flight) return unicode ? "▒" : ">";
  if (cell.done_percent > 0) return unicode ? "▓" : "+";
  return unicode ? "·" : ".";
}

std::string DrawCell(const MapCell& cell, const RenderStyle& style) {
  const bool empty = cell.done_percent == 0 && !cell.in_flight;
  if (style.color) return Paint(true, empty ? kDim : cell.source > 0 ? SourceColor(cell.source) : "", GlyphOf(cell, style.unicode));
  if (cell.source == 0 || empty) return std::string(GlyphOf(cell, style.unicode));
  return std::string(1, cell.in_flight ? absl::ascii_tolower(LetterOf(cell.source)) : LetterOf(cell.source));
}

std::set<uint32_t> SourcesIn(const v1::GetPieceMapResponse& map) {
  std::set<uint32_t> sources;
  for (const v1::FilePieces& file : map.files()) sources.insert(file.source().begin(), file.source().end());
  return sources;
}

// "█ tuna" or "A tuna" each, and what the other glyphs are.
std::string Legend(const v1::GetPieceMapResponse& map, const RenderStyle& style) {
  std::string line;
  int room = style.width - 1;
  // A part that does not fit is left out whole: half a name would be another one.
  const auto add = [&](const std::string& part) {
    const int width = DisplayWidth(part) + (line.empty() ? 0 : 2);
    if (width > room) return;
    room -= width;
    absl::StrAppend(&line, line.empty() ? "" : "  ", part);
  };
  for (const uint32_t source : SourcesIn(map)) {
    if (source == 0 || source > static_cast<uint32_t>(map.sources_size())) continue;
    const std::string name = Printable(map.sources(source - 1));
    const MapCell whole{100, false, source};
    add(absl::StrCat(DrawCell(whole, style), " ", name));
  }
  const bool letters = !style.color;
  add(absl::StrCat(letters ? "a" : GlyphOf({0, true, 0}, style.unicode), " on its way"));
  add(absl::StrCat(GlyphOf({0, false, 0}, style.unicode), " missing"));
  return line;
}

std::string FileLine(const v1::FilePieces& file, const v1::Pull& pull, const RenderStyle& style) {
  const auto found = std::find_if(pull.files().begin(), pull.files().end(), [&file](const auto& f) { return f.path() == file.path(); });
  std::string figures = FormatBytes(file.size_bytes());
  if (found != pull.files().end()) {
    figures = absl::StrCat(FormatPercent(found->done_bytes(), found->size_bytes()), " of ", figures);
    if (found->rate_bytes_per_sec() > 0) absl::StrAppend(&figures, ", ", FormatRate(found->rate_bytes_per_sec()));
  }
  const int width = style.width - 1;
  const int room = width - DisplayWidth(figures) - 2;
  if (room < 8) return CutStart(file.path(), width, Ellipsis(style));
  return absl::StrCat(CutStart(file.path(), room, Ellipsis(style)), "  ", Paint(style.color, kDim, figures));
}

// A file of one piece would waste a line on its only cell.
std::string OneCellLine(const v1::FilePieces& file, const v1::Pull& pull, const RenderStyle& style) {
  RenderStyle rest = style;
  rest.width = style.width - 2;
  return absl::StrCat(DrawCell(CellAt(file, 0), style), style.width > 4 ? " " : "", style.width > 4 ? FileLine(file, pull, rest) : "");
}

// Lines of cells; what has no room is left out, from the end.
void AddCells(const v1::FilePieces& file, const RenderStyle& style, int rows, std::vector<std::string>* lines) {
  const int columns = std::max(1, style.width - 1);
  for (int begin = 0; begin < file.done_percent_size() && rows > 0; begin += columns, --rows) {
    std::string line;
    for (int i = begin; i < std::min(begin + columns, file.done_percent_size()); ++i) line += DrawCell(CellAt(file, i), style);
    lines->push_back(std::move(line));
  }
}

// Lines of cells for each of so many files; 0: not all files have room.
int RowsOfFile(int rows, int files) { return files == 0 ? 0 : std::clamp((rows - 1) / files - 1, 0, kMostRowsOfFile); }

}  // namespace

int CellsToAskFor(int width, int rows, int files) {
  return std::clamp(std::max(1, width - 1) * std::max(1, RowsOfFile(rows, files)), 1, kMostCells);
}

std::vector<std::string> RenderPieces(const v1::GetPieceMapResponse& map, const v1::Pull& pull, const RenderStyle& style, int rows) {
  if (rows < 1) return {};
  if (map.files().empty()) return {CutEnd("no file is under way", style.width - 1, Ellipsis(style))};
  std::vector<const v1::FilePieces*> files;
  for (const v1::FilePieces& file : map.files()) files.push_back(&file);
  std::stable_sort(files.begin(), files.end(), [](const auto* a, const auto* b) { return a->size_bytes() > b->size_bytes(); });
  std::vector<std::string> lines = {Legend(map, style)};
  const int each = std::max(1, RowsOfFile(rows, map.files_size()));
  for (const v1::FilePieces* file : files) {
    if (static_cast<int>(lines.size()) + (file->done_percent_size() == 1 ? 1 : 2) > rows) break;
    if (file->done_percent_size() == 1) {
      lines.push_back(OneCellLine(*file, pull, style));
      continue;
    }
    lines.push_back(FileLine(*file, pull, style));
    AddCells(*file, style, std::min(each, rows - static_cast<int>(lines.size())), &lines);
  }
  return lines;
}

}  // namespace hfget::cli
