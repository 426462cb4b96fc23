// What a bench says: the plan, the rows, what is remembered.
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "daemon/engine/bench.h"

namespace hfget::engine {
namespace {

// "512 MiB", "8.5 MiB", "64 KiB".
std::string SampleSize(ByteCount bytes) {
  if (bytes < kMiB) return absl::StrCat(bytes / kKiB, " KiB");
  if (bytes % kMiB == 0 || bytes >= 100 * kMiB) return absl::StrCat(bytes / kMiB, " MiB");
  return absl::StrFormat("%.1f MiB", static_cast<double>(bytes) / static_cast<double>(kMiB));
}

}  // namespace

void Bench::TellPlan() {
  const auto sink = sink_.lock();
  if (sink == nullptr) return;
  BenchPlan plan;
  plan.spec = spec_;
  plan.repo = manifest_.pull.repo;
  plan.commit = manifest_.pull.commit;
  plan.file_size = file_->size;
  for (const Side& side : sides_) plan.sources.push_back(ConfigOf(side).name);
  plan.samples = static_cast<int>(schedule_->planned());
  plan.started = started_;
  plan.notices = manifest_.pull.notices;
  if (file_->size < spec_.sample_bytes) {
    plan.notices.push_back(absl::StrCat(file_->path, " has ", file_->size, " bytes, fewer than a sample may have: it is read more than once"));
  }
  // What slow ones leave over goes to the others.
  if (const ByteCount share = schedule_->share(); share > 0 && share < spec_.sample_bytes) {
    plan.notices.push_back(absl::StrCat(SampleSize(spec_.total_bytes), " in all are about ", SampleSize(share),
                                        " a sample: raise --max-bytes for longer ones"));
  }
  sink->OnPlan(plan);
}

std::string Bench::OfficialCommit() const {
  for (const Side& side : sides_) {
    if (ConfigOf(side).authority && !side.commit.empty()) return side.commit;
  }
  const auto lister = context_.sources.Find(manifest_.pull.listing_source);
  return lister && context_.sources.at(*lister).config.authority ? manifest_.pull.commit : "";
}

BenchRow Bench::RowOf(const Side& side, const std::string& official) const {
  const absl::Time now = context_.clock.Steady();
  const Source& source = context_.sources.at(side.source);
  BenchRow row = side.tally.Row();
  row.source = source.config.name;
  row.endpoint = source.config.endpoint;
  row.out = side.out;
  row.ranges = side.ranges;
  row.redirect = side.redirect;
  row.link_lifetime = side.link_lifetime;
  row.commit = side.commit;
  row.lag_known = !side.commit.empty() && !official.empty();
  row.lags = row.lag_known && side.commit != official;
  row.proof = context_.sources.SnapshotOf(side.source, now).proof;
  if (const auto left = source.quota.Left(now)) {
    row.quota_left = *left;
    row.quota_resets = source.quota.resets() - now;
  }
  return row;
}

BenchReport Bench::Report() const {
  BenchReport report;
  const std::string official = OfficialCommit();
  for (const Side& side : sides_) report.rows.push_back(RowOf(side, official));
  RankRows(report.rows, report.recommendation);
  report.bytes = bytes_;
  report.samples = samples_;
  report.complete = complete_;
  report.finished = finished_;
  return report;
}

std::vector<BenchPoint> Bench::Points() const {
  std::vector<BenchPoint> points;
  if (!complete_) return points;
  for (const BenchRow& row : Report().rows) {
    if (!row.out.empty() && row.samples == 0) continue;
    BenchPoint& point = points.emplace_back();
    point.at = started_;
    point.source = row.source;
    point.repo = hub::ShownName(*spec_.repo);
    point.file = spec_.file;
    point.one_connection = row.one_connection.median;
    point.best = row.best.median;
    point.best_connections = row.best_connections;
    point.first_byte = absl::Seconds(row.hub.first_byte.median) + absl::Seconds(row.data_host.first_byte.median);
    point.error = row.error;
    point.scheduled = spec_.scheduled;
  }
  return points;
}

// Nobody brought a byte, and it is not the line: who may read the repo has to be settled first. What a mirror refuses is its own affair.
std::optional<PullError> Bench::NoAccess() const {
  if (std::any_of(sides_.begin(), sides_.end(), [](const Side& side) { return side.tally.brought(); })) return std::nullopt;
  for (const Side& side : sides_) {
    const BenchRow row = side.tally.Row();
    if (row.cause != core::ErrorCause::kUnauthorized || !ConfigOf(side).authority) continue;
    PullError error;
    error.cause = row.cause;
    error.source = ConfigOf(side).name;
    error.message = absl::StrCat(hub::ShownName(*spec_.repo), " cannot be measured with: ", error.source, " says ", row.error,
                                 "; name a public repo, or send a token that may read it");
    return error;
  }
  return std::nullopt;
}

}  // namespace hfget::engine
