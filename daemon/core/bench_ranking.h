// What a bench says: with how many connections a source is at its best, and in which order sources are to be used.
#ifndef HFGET_DAEMON_CORE_BENCH_RANKING_H_
#define HFGET_DAEMON_CORE_BENCH_RANKING_H_

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/core/spread.h"

namespace hfget::core {

// Rates by number of connections.
using BenchSteps = std::map<int, Spread>;

// The fewest connections after which the median grows by less than 5 % (the step at which a pull, too, stops to add). REQUIRES: not empty.
int BestConnections(const BenchSteps& steps);

// What decides about a place.
struct BenchStanding {
  std::string source;
  Spread best;                // bytes a second; none: it brought nothing
  int connections = 1;        // with which it is at its best
  absl::Duration first_byte;  // hub and data host together
  bool lags = false;
  std::string trouble;        // why it brought nothing; empty: it did
};

// Places, best first: those that brought nothing come last. Two whose rates differ by less than a tenth are equal, and the one that
// answers sooner goes first.
std::vector<size_t> RankSources(const std::vector<BenchStanding>& standings);

// One sentence for people. `order`: as from RankSources.
std::string Recommend(const std::vector<BenchStanding>& standings, const std::vector<size_t>& order);
// Why one stands there, in a few words.
std::string WhyThere(const BenchStanding& standing, const BenchStanding& best);

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_BENCH_RANKING_H_
