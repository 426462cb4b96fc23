#include "cli/top_view.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/bar.h"
#include "cli/format.h"
#include "cli/grid.h"
#include "cli/paint.h"
#include "cli/piece_view.h"
#include "cli/pull_text.h"
#include "cli/sources_text.h"
#include "cli/stats_text.h"
#include "cli/text.h"

namespace hfget::cli {
namespace {

constexpr int kBarWidth = 16;
constexpr int kRoomy = 20;          // lines; with fewer, no empty ones
constexpr int kLeastOfMap = 3;      // legend, a name, a row of cells
constexpr int kMostOfMapAlone = 20;  // where nothing limits it

// How many lines each part has, headings not counted.
struct Rooms {
  int sources = 0;
  int pulls = 0;
  int map = 0;  // 0: none
  bool gaps = false;
};

int RowsOf(int count) { return std::max(1, count); }

Rooms Share(const TopSnapshot& top, const RenderStyle& style) {
  const int sources = RowsOf(top.sources.sources_size());
  const int pulls = RowsOf(top.pulls.pulls_size());
  const bool mapped = !top.selected.empty();
  if (style.height <= 0) return {sources, pulls, mapped ? kMostOfMapAlone : 0, true};
  Rooms rooms;
  rooms.gaps = style.height >= kRoomy;
  int left = style.height - 1 - 1 - 2 - (rooms.gaps ? 3 : 0);  // the cursor's line, the header, two headings
  const int least_of_map = mapped && left >= kLeastOfMap + 1 + 2 ? kLeastOfMap + 1 : 0;
  left -= least_of_map;
  rooms.sources = std::clamp(sources, 1, std::max(1, left - std::min(pulls, std::max(1, left / 2))));
  left -= rooms.sources;
  rooms.pulls = std::clamp(pulls, 0, std::max(0, least_of_map > 0 ? std::max(1, left * 2 / 3) : left));
  left -= rooms.pulls;
  if (least_of_map > 0) rooms.map = kLeastOfMap + left;
  return rooms;
}

absl::string_view Dot(const RenderStyle& style) { return style.unicode ? " · " : " | "; }

int64_t TotalRate(const TopSnapshot& top) {
  int64_t sum = 0;
  for (const v1::Pull& pull : top.pulls.pulls()) sum += pull.rate_bytes_per_sec();
  return sum;
}

// What a source gives to all pulls now.
v1::SourceShare GivenBy(const std::string& source, const TopSnapshot& top) {
  v1::SourceShare sum;
  for (const v1::Pull& pull : top.pulls.pulls()) {
    for (const v1::SourceShare& share : pull.sources()) {
      if (share.name() != source) continue;
      sum.set_rate_bytes_per_sec(sum.rate_bytes_per_sec() + share.rate_bytes_per_sec());
      sum.set_connections(sum.connections() + share.connections());
    }
  }
  return sum;
}

std::string ConnectionsText(const TopSnapshot& top) {
  int sum = 0;
  for (const v1::Source& source : top.sources.sources()) sum += GivenBy(source.name(), top).connections();
  return top.stats ? absl::StrCat(sum, "/", top.stats->max_connections(), " connections") : absl::StrCat(sum, " connections");
}

std::string Header(const TopSnapshot& top, const RenderStyle& style, absl::Time now) {
  std::vector<std::string> parts = {absl::StrCat("hfgetd ", top.daemon.version())};
  if (top.daemon.has_started()) parts.push_back(absl::StrCat("up ", FormatClock(now - TimeOf(top.daemon.started()))));
  parts.insert(parts.end(), {FormatRate(TotalRate(top)), ConnectionsText(top)});
  if (top.stats) {
    parts.push_back(absl::StrCat(PullsIn(v1::PULL_STATE_QUEUED, *top.stats), " queued"));
    parts.push_back(absl::StrCat("waste ", WastedPercent(*top.stats)));
  }
  return CutEnd(absl::StrJoin(parts, Dot(style)), style.width - 1, Ellipsis(style));
}

std::vector<const v1::Source*> InOrder(const v1::ListSourcesResponse& sources) {
  std::vector<const v1::Source*> order;
  for (const v1::Source& source : sources.sources()) order.push_back(&source);
  std::stable_partition(order.begin(), order.end(), [](const v1::Source* source) { return source->enabled(); });
  return order;
}

// The first rows, and how many there are besides.
void AddClipped(std::vector<std::string> rows, int room, const RenderStyle& style, std::vector<std::string>* lines) {
  const int count = static_cast<int>(rows.size());
  if (count > room && room > 1) {
    rows.resize(room - 1);
    rows.push_back(Paint(style.color, kDim, CutEnd(absl::StrCat("and ", count - room + 1, " more"), style.width - 1, Ellipsis(style))));
  } else if (count > room) {
    rows.resize(std::max(0, room));
  }
  lines->insert(lines->end(), rows.begin(), rows.end());
}

void AddSources(const TopSnapshot& top, const RenderStyle& style, int room, std::vector<std::string>* lines) {
  using enum Align;
  const Grid grid({{"SOURCE", Grid::kRest}, {"STATE", 11, kLeft, 1}, {"", kBarWidth, kLeft, 3}, {"RATE", kRateWidth, kRight, 0},
                   {"CONN", 4, kRight, 2}, {"1ST BYTE", 8, kRight, 4}, {"SUCCESS", 7, kRight, 5}},
                  style);
  int64_t fastest = 0;
  for (const v1::Source& source : top.sources.sources()) fastest = std::max(fastest, GivenBy(source.name(), top).rate_bytes_per_sec());
  std::vector<std::string> rows;
  for (const v1::Source* source : InOrder(top.sources)) {
    const v1::SourceShare given = GivenBy(source->name(), top);
    const int64_t rate = given.rate_bytes_per_sec();
    const auto latency = absl::ToInt64Milliseconds(DurationOf(source->latency()));
    rows.push_back(grid.Row({{source->name()},
                             {source->state(), StateColor(source->state())},
                             {Bar(style, grid.width(2), rate, std::max<int64_t>(1, fastest)), {}, /*drawn=*/true},
                             {rate > 0 ? FormatRate(rate) : "-"},
                             {absl::StrCat(given.connections())},
                             {latency > 0 ? absl::StrCat(latency, " ms") : "-"},
                             {absl::StrFormat("%.0f %%", 100 * source->success())}}));
  }
  lines->push_back(grid.Head());
  AddClipped(std::move(rows), room, style, lines);
}

std::string EtaText(const v1::Pull& pull) {
  if (pull.state() == v1::PULL_STATE_QUEUED && pull.queue_position() > 0) return absl::StrCat("place ", pull.queue_position());
  return pull.has_eta() ? FormatClock(DurationOf(pull.eta())) : "-";
}

// The selected one is among the rows that are shown.
std::vector<const v1::Pull*> PullsToShow(const TopSnapshot& top, int room) {
  std::vector<const v1::Pull*> pulls;
  for (const v1::Pull& pull : top.pulls.pulls()) pulls.push_back(&pull);
  const auto selected = std::find_if(pulls.begin(), pulls.end(), [&top](const v1::Pull* pull) { return pull->id() == top.selected; });
  const int shown = static_cast<int>(pulls.size()) > room ? std::max(1, room - 1) : room;
  if (selected != pulls.end() && selected - pulls.begin() >= shown) std::rotate(pulls.begin(), selected - shown + 1, pulls.end());
  return pulls;
}

void AddPulls(const TopSnapshot& top, const RenderStyle& style, int room, std::vector<std::string>* lines) {
  using enum Align;
  const Grid grid({{"", 1, kLeft, 0}, {"ID", 8, kLeft, 2}, {"PULL", Grid::kRest}, {"STATE", 10, kLeft, 3}, {"", kBarWidth, kLeft, 5},
                   {"DONE", kPercentWidth, kRight, 0}, {"RATE", kRateWidth, kRight, 1},
                   {"ETA", kClockWidth, kRight, 4}, {"PRIO", 4, kRight, 6}},
                  style);
  std::vector<std::string> rows;
  for (const v1::Pull* pull : PullsToShow(top, room)) {
    const bool chosen = pull->id() == top.selected;
    const bool known = pull->total_files() > 0 && !pull->listing();
    const std::string bar = Bar(style, grid.width(4), known ? pull->done_bytes() : 0, known ? pull->total_bytes() : 1);
    rows.push_back(grid.Row({{chosen ? (style.unicode ? "▸" : ">") : " ", kCyan},
                             {pull->id()},
                             {PullName(*pull)},
                             {StateName(pull->state()), pull->state() == v1::PULL_STATE_FETCHING ? kGreen : kDim},
                             {bar, {}, /*drawn=*/true},
                             {known ? FormatPercent(pull->done_bytes(), pull->total_bytes()) : "-"},
                             {pull->rate_bytes_per_sec() > 0 ? FormatRate(pull->rate_bytes_per_sec()) : "-"},
                             {EtaText(*pull)},
                             {absl::StrCat(pull->priority())}}));
  }
  lines->push_back(grid.Head());
  if (rows.empty()) rows.push_back(CutEnd("  nothing runs", style.width - 1, Ellipsis(style)));
  AddClipped(std::move(rows), room, style, lines);
}

void AddMap(const TopSnapshot& top, const RenderStyle& style, int room, std::vector<std::string>* lines) {
  const v1::Pull* pull = SelectedPull(top);
  const std::string name = pull != nullptr ? PullName(*pull) : absl::StrCat("pull ", top.selected);
  lines->push_back(Paint(style.color, kDim, CutEnd(absl::StrCat("PIECES of ", name), style.width - 1, Ellipsis(style))));
  const std::vector<std::string> map =
      RenderPieces(top.map.value_or(v1::GetPieceMapResponse()), pull != nullptr ? *pull : v1::Pull(), style, room);
  lines->insert(lines->end(), map.begin(), map.end());
}

}  // namespace

const v1::Pull* SelectedPull(const TopSnapshot& top) {
  for (const v1::Pull& pull : top.pulls.pulls()) {
    if (pull.id() == top.selected) return &pull;
  }
  return nullptr;
}

int TopCells(const TopSnapshot& top, const RenderStyle& style) {
  const v1::Pull* pull = SelectedPull(top);
  return CellsToAskFor(style.width, Share(top, style).map, pull == nullptr ? 0 : pull->files_size());
}

std::vector<std::string> RenderTop(const TopSnapshot& top, const RenderStyle& style, absl::Time now) {
  const Rooms rooms = Share(top, style);
  std::vector<std::string> lines = {Header(top, style, now)};
  const auto gap = [&] {
    if (rooms.gaps) lines.emplace_back();
  };
  gap();
  AddSources(top, style, rooms.sources, &lines);
  gap();
  AddPulls(top, style, rooms.pulls, &lines);
  if (rooms.map > 0) {
    gap();
    AddMap(top, style, rooms.map, &lines);
  }
  // A terminal of a few lines has room for the first ones.
  if (style.height > 0) lines.resize(std::min<size_t>(lines.size(), std::max(1, style.height - 1)));
  return lines;
}

}  // namespace hfget::cli
