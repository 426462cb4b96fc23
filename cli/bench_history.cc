#include "cli/bench_history.h"

#include <algorithm>
#include <map>
#include <utility>

#include "cli/pull_text.h"

namespace hfget::cli {
namespace {

double MedianOf(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

void Summarise(SourceHistory* history) {
  std::stable_sort(history->points.begin(), history->points.end(),
                   [](const v1::BenchPoint& a, const v1::BenchPoint& b) { return TimeOf(a.at()) < TimeOf(b.at()); });
  std::vector<double> rates;
  for (const v1::BenchPoint& point : history->points) {
    if (point.best_bytes_per_sec() > 0) rates.push_back(point.best_bytes_per_sec());
  }
  history->failed = static_cast<int>(history->points.size() - rates.size());
  history->last = history->points.back().best_bytes_per_sec();
  history->best = rates.empty() ? 0 : *std::max_element(rates.begin(), rates.end());
  history->median = MedianOf(std::move(rates));
}

}  // namespace

std::vector<SourceHistory> HistoryBySource(const std::vector<v1::BenchPoint>& points) {
  std::map<std::string, SourceHistory> by_name;
  for (const v1::BenchPoint& point : points) by_name[point.source()].points.push_back(point);
  std::vector<SourceHistory> histories;
  for (auto& [name, history] : by_name) {
    history.source = name;
    Summarise(&history);
    histories.push_back(std::move(history));
  }
  std::stable_sort(histories.begin(), histories.end(), [](const auto& a, const auto& b) { return a.median > b.median; });
  return histories;
}

BenchPeriod PeriodOf(const std::vector<v1::BenchPoint>& points) {
  BenchPeriod period;
  for (const v1::BenchPoint& point : points) {
    period.begin = std::min(period.begin, TimeOf(point.at()));
    period.end = std::max(period.end, TimeOf(point.at()));
  }
  return period;
}

}  // namespace hfget::cli
