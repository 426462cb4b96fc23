#include "daemon/core/bench_ranking.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "daemon/base/types.h"

namespace hfget::core {
namespace {

constexpr double kGrowth = 1.05;
constexpr double kEqual = 0.9;

std::string RateText(double per_second) {
  const double mib = per_second / static_cast<double>(kMiB);
  return mib >= 100 ? absl::StrFormat("%.0f MiB/s", mib) : absl::StrFormat("%.1f MiB/s", mib);
}

std::string Brings(const BenchStanding& standing) {
  return absl::StrCat(RateText(standing.best.rate.median), " with ", standing.connections,
                      standing.connections == 1 ? " connection" : " connections");
}

bool Brought(const BenchStanding& standing) { return standing.best.rate.count > 0 && standing.best.rate.median > 0; }
bool MayBeUsed(const BenchStanding& standing) { return Brought(standing) && standing.out.empty(); }

// 0: to be used; 1: it brought nothing; 2: it may not be used.
int ClassOf(const BenchStanding& standing) { return !standing.out.empty() ? 2 : Brought(standing) ? 0 : 1; }

std::string Failures(const BenchStanding& standing) {
  return absl::StrCat(standing.failed, " of ", standing.samples, standing.samples == 1 ? " sample failed" : " samples failed",
                      standing.trouble.empty() ? "" : ": ", standing.trouble);
}

// Rates beside which one that is compared looks wrong.
absl::string_view WithFailures(const BenchStanding& a, const BenchStanding& b) {
  return a.best.failed > 0 || b.best.failed > 0 ? ", failures counted in" : "";
}

std::string Compared(const BenchStanding& standing, const BenchStanding& best) {
  const double share = Worth(standing.best) / Worth(best.best);
  const char* answers = standing.first_byte < best.first_byte ? "sooner" : "later";
  const std::string text = share >= kEqual ? absl::StrCat(", as fast as ", best.source, ", and answers ", answers)
                                           : absl::StrFormat(", %.0f %% of %s", share * 100, best.source);
  return absl::StrCat(text, WithFailures(standing, best));
}

std::string Ahead(const BenchStanding& first, const BenchStanding& second) {
  if (!(Worth(second.best) > 0)) return "";
  const double times = Worth(first.best) / Worth(second.best);
  const std::string text = times < 1 / kEqual ? absl::StrCat(", ", second.source, " about as much but answers later")
                                              : absl::StrFormat(", %.1f times as much as %s", times, second.source);
  return absl::StrCat(text, WithFailures(first, second));
}

std::string Joined(const char* what, const std::vector<std::string>& names) {
  return names.empty() ? "" : absl::StrCat(what, absl::StrJoin(names, ", "));
}

}  // namespace

double Worth(const BenchStep& step) {
  if (step.rate.count == 0) return 0;
  return step.samples == 0 ? step.rate.median : step.rate.median * (step.samples - step.failed) / step.samples;
}

int BestConnections(const BenchSteps& steps) {
  auto best = steps.begin();
  for (auto next = std::next(best); next != steps.end(); ++next) {
    const double worth = Worth(next->second);
    if (worth > 0 && worth >= Worth(best->second) * kGrowth) best = next;
  }
  return best->first;
}

std::vector<size_t> RankSources(const std::vector<BenchStanding>& standings) {
  std::vector<size_t> order(standings.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const int class_a = ClassOf(standings[a]);
    const int class_b = ClassOf(standings[b]);
    return class_a != class_b ? class_a < class_b : class_a == 0 && Worth(standings[a].best) > Worth(standings[b].best);
  });
  // "Within a tenth" is no order by itself: each group is led by its fastest.
  for (auto begin = order.begin(); begin != order.end();) {
    const BenchStanding& lead = standings[*begin];
    const auto end = std::find_if(begin, order.end(), [&](size_t i) {
      return ClassOf(standings[i]) != ClassOf(lead) || (MayBeUsed(lead) && Worth(standings[i].best) < Worth(lead.best) * kEqual);
    });
    std::stable_sort(begin, end, [&](size_t a, size_t b) { return standings[a].first_byte < standings[b].first_byte; });
    begin = end;
  }
  return order;
}

std::string WhyThere(const BenchStanding& standing, const BenchStanding& best) {
  if (!standing.out.empty()) return Brought(standing) ? absl::StrCat(standing.out, "; it brought ", Brings(standing)) : standing.out;
  if (!Brought(standing)) return standing.trouble.empty() ? "it brought nothing" : standing.trouble;
  std::string why = Brings(standing);
  if (&standing != &best && Worth(best.best) > 0) why += Compared(standing, best);
  if (standing.lags) absl::StrAppend(&why, "; it lags behind the official hub");
  if (standing.failed > 0) absl::StrAppend(&why, "; ", Failures(standing));
  return why;
}

std::string Recommend(const std::vector<BenchStanding>& standings, const std::vector<size_t>& order) {
  std::vector<std::string> names;
  std::vector<std::string> silent;
  std::vector<std::string> out;
  std::string failures;
  for (const size_t i : order) {
    const BenchStanding& standing = standings[i];
    (MayBeUsed(standing) ? names : standing.out.empty() ? silent : out).push_back(standing.source);
    if (MayBeUsed(standing) && standing.failed > 0) absl::StrAppend(&failures, "; of ", standing.source, " ", Failures(standing));
  }
  const std::string unused = Joined("; not to be used: ", out);
  const char* nobody = out.empty() ? "No source" : "No source that may be used";
  if (names.empty()) return absl::StrCat(nobody, " brought a byte: hfget doctor says why", unused, ".");
  const BenchStanding& first = standings[order.front()];
  std::string text = absl::StrCat("Use ", absl::StrJoin(names, ", then "), ": ", first.source, " brings ", Brings(first));
  if (names.size() > 1) text += Ahead(first, standings[order[1]]);
  return absl::StrCat(text, failures, Joined("; nothing came from ", silent), unused, ".");
}

}  // namespace hfget::core
