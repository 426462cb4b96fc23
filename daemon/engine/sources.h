// The configured sources with what is known of them: pace, health, how many connections they bear.
#ifndef HFGET_DAEMON_ENGINE_SOURCES_H_
#define HFGET_DAEMON_ENGINE_SOURCES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/random/bit_gen_ref.h"
#include "absl/time/time.h"
#include "daemon/core/absences.h"
#include "daemon/core/connection_limit.h"
#include "daemon/core/failure.h"
#include "daemon/core/scheduler.h"
#include "daemon/core/source_health.h"
#include "daemon/core/source_stats.h"
#include "daemon/engine/api.h"
#include "daemon/engine/config.h"
#include "daemon/hub/headers.h"
#include "daemon/hub/url.h"
#include "hfget/v1/records.pb.h"

namespace hfget::engine {

struct Source {
  Source(SourceConfig config, hub::Url base, int max_connections)
      : config(std::move(config)), base(std::move(base)), limit(max_connections) {}

  SourceConfig config;
  hub::Url base;
  core::SourceStats stats;
  core::SourceHealth health;
  core::ConnectionLimit limit;
  core::Absences absences;
  int in_use = 0;                                   // connections that carry a flight now
  absl::Time not_before = absl::InfinitePast();     // back-off after failures
  int failures_in_a_row = 0;
  std::string last_failure;                         // one line for people
  std::vector<records::v1::ConvictionRecord> convictions;
};

// Indices are stable for the life of the process and follow the order of the configuration. Thread: the engine.
class Sources {
 public:
  // Sources that are switched off or whose endpoint is not a URL are left out; `problems` says which.
  Sources(const EngineConfig& config, std::vector<std::string>* problems);

  core::SourceIndex count() const { return static_cast<core::SourceIndex>(all_.size()); }
  Source& at(core::SourceIndex index) { return all_[index]; }
  const Source& at(core::SourceIndex index) const { return all_[index]; }
  std::optional<core::SourceIndex> Find(const std::string& name) const;

  bool Usable(core::SourceIndex index, absl::Time now) const { return all_[index].health.Usable(now); }
  // Never leaves nobody: when all are ejected, the one whose term ends first is taken back.
  void KeepOneUsable(absl::Time now);

  // Speaks this dialect, in the order to be asked for a listing: authorities first, then usable before ejected, then as
  // configured. Quarantined and disabled ones are left out.
  std::vector<core::SourceIndex> ListingOrder(absl::Time now) const;

  void OnSuccess(core::SourceIndex index, absl::Time now);
  // Takes the consequence that concerns the source itself.
  void OnFailure(core::SourceIndex index, core::Failure failure, std::optional<absl::Duration> rest,
                 const std::string& why, absl::Time now, absl::BitGenRef rng);
  // RateLimit on any answer: rest ahead of time when the window is used up.
  void OnHeaders(core::SourceIndex index, const hub::HeaderFields& headers, absl::Time now);

  bool MaySendToken(core::SourceIndex index) const;
  // Where a person finds the pages of what this source serves: the authority's endpoint, for lack of one its own.
  const std::string& HomeOf(core::SourceIndex index) const;

  std::vector<SourceSnapshot> Snapshot(absl::Time now) const;
  records::v1::SourceRecord ToRecord(core::SourceIndex index, absl::Time wall) const;
  void Load(const records::v1::SourceRecord& record);

 private:
  std::vector<Source> all_;
  std::vector<SourceSnapshot> off_;  // configured but left out
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_SOURCES_H_
