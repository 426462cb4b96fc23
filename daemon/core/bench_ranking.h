// What a bench says: with how many connections a source is at its best, and in which order sources are to be used.
#ifndef HFGET_DAEMON_CORE_BENCH_RANKING_H_
#define HFGET_DAEMON_CORE_BENCH_RANKING_H_

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/core/spread.h"

namespace hfget::core {

// What the samples with one number of connections came to.
struct BenchStep {
  Spread rate;      // of those that brought bytes
  int samples = 0;  // all of them
  int failed = 0;   // brought nothing, or not all of their connections went well
};

// Bytes a second that are to be expected: the median, times the share of samples that did not fail, as in scoring (score.h).
double Worth(const BenchStep& step);

// By number of connections.
using BenchSteps = std::map<int, BenchStep>;

// The fewest connections after which the worth grows by less than 5 % (the step at which a pull, too, stops to add). REQUIRES: not empty.
int BestConnections(const BenchSteps& steps);

// What decides about a place.
struct BenchStanding {
  std::string source;
  BenchStep best;             // no rate: it brought nothing
  int connections = 1;        // with which it is at its best
  absl::Duration first_byte;  // hub and data host together
  bool lags = false;
  int samples = 0;            // with any number of connections
  int failed = 0;
  std::string trouble = "";   // why the last of those failed
  std::string out = "";       // why it may not be used, whatever it brought; empty: it may
};

// Places, best first: then those that brought nothing, then those that may not be used. Two whose worth differs by less than a tenth are
// equal, and the one that answers sooner goes first.
std::vector<size_t> RankSources(const std::vector<BenchStanding>& standings);

// One sentence for people. `order`: as from RankSources.
std::string Recommend(const std::vector<BenchStanding>& standings, const std::vector<size_t>& order);
// Why one stands there, in a few words.
std::string WhyThere(const BenchStanding& standing, const BenchStanding& best);

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_BENCH_RANKING_H_
