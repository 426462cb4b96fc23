// The daemon's figures as people read them.
#ifndef HFGET_CLI_STATS_TEXT_H_
#define HFGET_CLI_STATS_TEXT_H_

#include <string>

#include "absl/time/time.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

// All body bytes that were received since the daemon started.
int64_t ReceivedBytes(const v1::GetStatsResponse& stats);
// Of these, "1.0 %".
std::string WastedPercent(const v1::GetStatsResponse& stats);
// How many pulls are in this state now.
int64_t PullsIn(v1::PullState state, const v1::GetStatsResponse& stats);

// What and how much, a line each; then a table of the sources.
std::string StatsText(const v1::GetStatsResponse& stats, absl::Time now);

}  // namespace hfget::cli

#endif  // HFGET_CLI_STATS_TEXT_H_
