#include "daemon/engine/bench_history.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "daemon/core/bench_retention.h"

namespace hfget::engine {
namespace {

records::v1::BenchRecord ToRecord(const BenchPoint& point) {
  records::v1::BenchRecord record;
  record.set_at_unix_ms(absl::ToUnixMillis(point.at));
  record.set_source(point.source);
  record.set_repo(point.repo);
  record.set_file(point.file);
  record.set_one_connection(point.one_connection);
  record.set_best(point.best);
  record.set_best_connections(point.best_connections);
  record.set_first_byte_seconds(absl::ToDoubleSeconds(point.first_byte));
  record.set_error(point.error);
  record.set_scheduled(point.scheduled);
  return record;
}

bool IsRate(double rate) { return std::isfinite(rate) && rate >= 0; }

}  // namespace

void BenchHistory::Load(const records::v1::BenchRecord& record) {
  const bool sane = IsRate(record.one_connection()) && IsRate(record.best()) && IsRate(record.first_byte_seconds());
  if (!sane || record.source().empty() || record.at_unix_ms() <= 0) return;
  BenchPoint point;
  point.at = absl::FromUnixMillis(record.at_unix_ms());
  point.source = record.source();
  point.repo = record.repo();
  point.file = record.file();
  point.one_connection = record.one_connection();
  point.best = record.best();
  point.best_connections = record.best_connections();
  point.first_byte = absl::Seconds(record.first_byte_seconds());
  point.error = record.error();
  point.scheduled = record.scheduled();
  points_[point.source][point.at] = std::move(point);
}

store::Batch BenchHistory::Add(const std::vector<BenchPoint>& points, absl::Time now) {
  store::Batch batch;
  for (const BenchPoint& point : points) {
    const records::v1::BenchRecord record = ToRecord(point);
    batch.puts.emplace_back(store::BenchKey(record.at_unix_ms(), point.source), record.SerializeAsString());
    Load(record);
  }
  for (auto& [source, known] : points_) {
    std::vector<absl::Time> times;
    for (const auto& [at, point] : known) times.push_back(at);
    for (const size_t i : core::BenchOutlived(times, now)) {
      batch.deletes.push_back(store::BenchKey(absl::ToUnixMillis(times[i]), source));
      known.erase(times[i]);
    }
  }
  return batch;
}

std::vector<BenchPoint> BenchHistory::Since(absl::Time since, const std::vector<std::string>& sources) const {
  std::vector<BenchPoint> found;
  for (const auto& [source, known] : points_) {
    if (!sources.empty() && std::find(sources.begin(), sources.end(), source) == sources.end()) continue;
    for (auto it = known.lower_bound(since); it != known.end(); ++it) found.push_back(it->second);
  }
  std::stable_sort(found.begin(), found.end(), [](const BenchPoint& a, const BenchPoint& b) { return a.at < b.at; });
  return found;
}

absl::Time BenchHistory::Last(absl::Time now) const {
  absl::Time last = absl::InfinitePast();
  for (const auto& [source, known] : points_) {
    const auto ahead = known.upper_bound(now);
    if (ahead != known.begin()) last = std::max(last, std::prev(ahead)->first);
  }
  return last;
}

}  // namespace hfget::engine
