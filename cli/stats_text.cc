#include "cli/stats_text.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/format.h"
#include "cli/pull_text.h"
#include "cli/table.h"

namespace hfget::cli {
namespace {

using Failures = google::protobuf::RepeatedPtrField<v1::FailureCount>;

int64_t SumOf(const Failures& failures) {
  int64_t sum = 0;
  for (const v1::FailureCount& failure : failures) sum += failure.count();
  return sum;
}

// "3: stall 2, reset 1".
std::string FailuresText(const Failures& failures) {
  if (failures.empty()) return "0";
  const auto one = [](std::string* out, const v1::FailureCount& failure) { absl::StrAppend(out, failure.cause(), " ", failure.count()); };
  return absl::StrCat(SumOf(failures), ": ", absl::StrJoin(failures, ", ", one));
}

// "12, 0.2 s each", of which there were so many.
std::string TimesText(const v1::DurationHistogram& histogram) {
  if (histogram.count() == 0) return "0";
  const double each = histogram.sum_seconds() / static_cast<double>(histogram.count());
  const std::string time = each < 1 ? absl::StrFormat("%.0f ms", each * 1000) : absl::StrFormat("%.1f s", each);
  return absl::StrCat(histogram.count(), ", ", time, " each");
}

std::string PullsNow(const v1::GetStatsResponse& stats) {
  std::vector<std::string> parts;
  for (const auto& count : stats.pulls().by_state()) {
    if (count.count() > 0) parts.push_back(absl::StrCat(count.count(), " ", StateName(count.state())));
  }
  if (const absl::Duration oldest = DurationOf(stats.pulls().oldest_queued()); oldest > absl::ZeroDuration()) {
    parts.push_back(absl::StrCat("the oldest waits for ", FormatSpan(oldest)));
  }
  return parts.empty() ? "none" : absl::StrJoin(parts, ", ");
}

std::string PullsSoFar(const v1::PullStats& pulls) {
  std::vector<std::string> parts = {absl::StrCat(pulls.accepted(), " accepted"), absl::StrCat(pulls.joined(), " joined")};
  for (const auto& count : pulls.ended()) parts.push_back(absl::StrCat(count.count(), " ", StateName(count.state())));
  for (const auto& count : pulls.failed()) parts.push_back(absl::StrCat(count.count(), " for ", CauseName(count.cause())));
  return absl::StrJoin(parts, ", ");
}

int ConnectionsIn(const v1::GetStatsResponse& stats) {
  int sum = 0;
  for (const v1::SourceStats& source : stats.sources()) sum += source.connections();
  return sum;
}

std::string Figures(const v1::GetStatsResponse& stats, absl::Time now) {
  Table table({Align::kLeft, Align::kLeft});
  if (stats.has_started()) table.Add({"running", FormatSpan(now - TimeOf(stats.started()))});
  table.Add({"pulls now", PullsNow(stats)});
  table.Add({"pulls so far", PullsSoFar(stats.pulls())});
  table.Add({"received", FormatBytes(ReceivedBytes(stats))});
  table.Add({"wasted", absl::StrCat(FormatBytes(stats.wasted_bytes()), " (", WastedPercent(stats), ")")});
  table.Add({"published", absl::StrCat(FormatFiles(stats.published_files()), ", ", FormatBytes(stats.published_bytes()))});
  table.Add({"files open", absl::StrCat(stats.open_files())});
  table.Add({"connections", absl::StrCat(ConnectionsIn(stats), " of ", stats.max_connections(), ", ",
                                         stats.waiting_connections(), " wait for the disk")});
  table.Add({"buffers", absl::StrCat(FormatBytes(stats.buffer_pool_used_bytes()), " of ", FormatBytes(stats.buffer_pool_bytes()), ", ",
                                     stats.buffer_waits(), " waits")});
  table.Add({"verified", absl::StrCat(TimesText(stats.verify_duration()), ", ", stats.verify_failures(), " wrong")});
  table.Add({"checkpoints", absl::StrCat(TimesText(stats.checkpoint_duration()), ", ",
                                         FormatSpan(DurationOf(stats.checkpoint_lag())), " behind")});
  table.Add({"store writes", absl::StrCat(TimesText(stats.store_write_duration()), ", ", stats.store_write_failures(), " failed")});
  return table.ToString();
}

std::string SourcesTable(const v1::GetStatsResponse& stats) {
  using enum Align;
  Table table({kLeft, kLeft, kRight, kRight, kRight, kRight, kRight, kLeft});
  table.Add({"SOURCE", "STATE", "RECEIVED", "RATE", "CONN", "RANGES", "AGAIN", "FAILURES"});
  for (const v1::SourceStats& source : stats.sources()) {
    table.Add({source.name(), source.state(), FormatBytes(source.received_bytes()),
               source.rate_bytes_per_sec() > 0 ? FormatRate(source.rate_bytes_per_sec()) : "-", absl::StrCat(source.connections()),
               absl::StrCat(source.range_requests()), absl::StrCat(SumOf(source.range_retries())), FailuresText(source.failures())});
  }
  return table.ToString();
}

}  // namespace

int64_t ReceivedBytes(const v1::GetStatsResponse& stats) {
  int64_t sum = 0;
  for (const v1::SourceStats& source : stats.sources()) sum += source.received_bytes();
  return sum;
}

std::string WastedPercent(const v1::GetStatsResponse& stats) {
  const int64_t received = ReceivedBytes(stats);
  return absl::StrFormat("%.1f %%", received > 0 ? 100 * static_cast<double>(stats.wasted_bytes()) / static_cast<double>(received) : 0);
}

int64_t PullsIn(v1::PullState state, const v1::GetStatsResponse& stats) {
  int64_t sum = 0;
  for (const auto& count : stats.pulls().by_state()) sum += count.state() == state ? count.count() : 0;
  return sum;
}

std::string StatsText(const v1::GetStatsResponse& stats, absl::Time now) {
  return absl::StrCat(Figures(stats, now), "\n", SourcesTable(stats));
}

}  // namespace hfget::cli
