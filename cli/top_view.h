// All that the daemon does, on one screen. Pure: what it says, the terminal's size and the time → lines.
#ifndef HFGET_CLI_TOP_VIEW_H_
#define HFGET_CLI_TOP_VIEW_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cli/render.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

// What the daemon says at one moment.
struct TopSnapshot {
  v1::GetVersionResponse daemon;
  v1::ListSourcesResponse sources;
  v1::ListPullsResponse pulls;  // that have not ended
  std::optional<v1::GetStatsResponse> stats;  // absent: it is not told to guests
  std::string selected;                       // the pull that the map is of; empty: none
  std::optional<v1::GetPieceMapResponse> map;  // absent: there is none of it
};

// The pull that is selected; nullptr: it is not among those that run.
const v1::Pull* SelectedPull(const TopSnapshot& top);

// How many cells of each of its files the map has room for.
int TopCells(const TopSnapshot& top, const RenderStyle& style);

// The daemon, its sources, its pulls, and the pieces of the one that is selected: at most height - 1 lines, none wider than
// width - 1. What has no room is left out, the least telling columns and the last rows first. A height of 0: all of it.
std::vector<std::string> RenderTop(const TopSnapshot& top, const RenderStyle& style, absl::Time now);

}  // namespace hfget::cli

#endif  // HFGET_CLI_TOP_VIEW_H_
