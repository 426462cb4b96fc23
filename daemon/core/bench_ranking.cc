#include "daemon/core/bench_ranking.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "daemon/base/types.h"

namespace hfget::core {
namespace {

constexpr double kGrowth = 1.05;
constexpr double kEqual = 0.9;

std::string RateText(double per_second) {
  const double mib = per_second / static_cast<double>(kMiB);
  return mib >= 100 ? absl::StrFormat("%.0f MiB/s", mib) : absl::StrFormat("%.1f MiB/s", mib);
}

std::string WithConnections(int connections) {
  return absl::StrCat("with ", connections, connections == 1 ? " connection" : " connections");
}

bool Brought(const BenchStanding& standing) { return standing.best.count > 0 && standing.best.median > 0; }

}  // namespace

int BestConnections(const BenchSteps& steps) {
  auto best = steps.begin();
  for (auto next = std::next(best); next != steps.end(); ++next) {
    if (next->second.median >= best->second.median * kGrowth) best = next;
  }
  return best->first;
}

std::vector<size_t> RankSources(const std::vector<BenchStanding>& standings) {
  std::vector<size_t> order(standings.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return standings[a].best.median * Brought(standings[a]) > standings[b].best.median * Brought(standings[b]);
  });
  // "Within a tenth" is no order by itself: each group is led by its fastest.
  for (auto begin = order.begin(); begin != order.end();) {
    const double lead = standings[*begin].best.median;
    const auto end = std::find_if(begin, order.end(), [&](size_t i) {
      return Brought(standings[i]) != Brought(standings[*begin]) || standings[i].best.median < lead * kEqual;
    });
    std::stable_sort(begin, end, [&](size_t a, size_t b) { return standings[a].first_byte < standings[b].first_byte; });
    begin = end == begin ? std::next(begin) : end;
  }
  return order;
}

std::string WhyThere(const BenchStanding& standing, const BenchStanding& best) {
  if (!Brought(standing)) return standing.trouble.empty() ? "it brought nothing" : standing.trouble;
  std::string why = absl::StrCat(RateText(standing.best.median), " ", WithConnections(standing.connections));
  if (&standing != &best && best.best.median > 0) {
    const double share = standing.best.median / best.best.median;
    if (share >= kEqual) {
      absl::StrAppend(&why, ", as fast as ", best.source, ", and answers ", standing.first_byte < best.first_byte ? "sooner" : "later");
    } else {
      absl::StrAppendFormat(&why, ", %.0f %% of %s", share * 100, best.source);
    }
  }
  if (standing.lags) absl::StrAppend(&why, "; it lags behind the official hub");
  return why;
}

std::string Recommend(const std::vector<BenchStanding>& standings, const std::vector<size_t>& order) {
  std::vector<std::string> names;
  std::vector<std::string> silent;
  for (const size_t i : order) (Brought(standings[i]) ? names : silent).push_back(standings[i].source);
  if (names.empty()) return "No source brought a byte: hfget doctor says why.";
  const BenchStanding& first = standings[order.front()];
  std::string text = absl::StrCat("Use ", absl::StrJoin(names, ", then "), ": ", first.source, " brings ", RateText(first.best.median), " ",
                                  WithConnections(first.connections));
  if (names.size() > 1) {
    const BenchStanding& second = standings[order[1]];
    const double times = first.best.median / second.best.median;
    if (times < 1 / kEqual) {
      absl::StrAppend(&text, ", ", second.source, " about as much but answers later");
    } else {
      absl::StrAppendFormat(&text, ", %.1f times as much as %s", times, second.source);
    }
  }
  if (!silent.empty()) absl::StrAppend(&text, "; nothing came from ", absl::StrJoin(silent, ", "));
  return text + ".";
}

}  // namespace hfget::core
