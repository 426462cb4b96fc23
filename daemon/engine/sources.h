// The configured sources: who may be asked, who may see a token, what a success or a failure changes.
#ifndef HFGET_DAEMON_ENGINE_SOURCES_H_
#define HFGET_DAEMON_ENGINE_SOURCES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/random/bit_gen_ref.h"
#include "absl/time/time.h"
#include "daemon/base/clock.h"
#include "daemon/core/failure.h"
#include "daemon/core/scheduler.h"
#include "daemon/engine/api.h"
#include "daemon/engine/source.h"
#include "daemon/engine/stats.h"
#include "daemon/hub/headers.h"

namespace hfget::engine {

// Indices are stable for the life of the process and follow the order of the configuration. Thread: the engine.
class Sources {
 public:
  // Sources that cannot be used at all (no endpoint, a dialect that is not spoken) are left out; `problems` says which.
  // Those that are switched off are there and off. `clock`: tells how old a proof is; without one none is believed.
  Sources(const EngineConfig& config, std::vector<std::string>* problems, const Clock* clock = nullptr);

  core::SourceIndex count() const { return static_cast<core::SourceIndex>(all_.size()); }
  Source& at(core::SourceIndex index) { return all_[index]; }
  const Source& at(core::SourceIndex index) const { return all_[index]; }
  std::optional<core::SourceIndex> Find(const std::string& name) const;
  // In order, also those that are left out.
  std::vector<std::string> Names() const;

  // May be asked for bytes now, as far as health goes: its own and its data host's.
  bool Usable(core::SourceIndex index, absl::Time now) const;
  // Why it will not be asked again by itself: off, disabled, quarantined; nullopt: it will.
  std::optional<std::string> Out(core::SourceIndex index, absl::Time now) const;
  // Never leaves nobody of this hub: when all are ejected, the one whose term ends first is taken back.
  void KeepOneUsable(absl::Time now, hub::Hub hub = hub::Hub::kHuggingFace);
  // As many connections as it may have now: its limit; one while it is not verified or its proof is not complete.
  int ConnectionsAllowed(core::SourceIndex index) const;

  // Those of this hub, in the order to be asked for a listing: authorities first, then usable before ejected, then as
  // configured. Those that are out are left out.
  std::vector<core::SourceIndex> ListingOrder(absl::Time now, hub::Hub hub = hub::Hub::kHuggingFace) const;

  // It answered as its dialect does.
  void OnSuccess(core::SourceIndex index, absl::Time now);
  // Takes the consequence that concerns the source itself.
  void OnFailure(core::SourceIndex index, core::Failure failure, std::optional<absl::Duration> rest,
                 const std::string& why, absl::Time now, absl::BitGenRef rng);
  // Likewise where a data host failed: the hub is not blamed, but the source is not used until that host returns.
  void OnDataHostFailure(core::SourceIndex index, const std::string& host, core::Failure failure,
                         std::optional<absl::Duration> rest, const std::string& why, absl::Time now,
                         absl::BitGenRef rng);
  // A connection broke that had done well: neither back-off nor fewer connections follow.
  void OnCut(core::SourceIndex index, const std::string& why);
  // An entry for the host, made when there is none.
  DataHost& HostOf(core::SourceIndex index, const std::string& host);
  // RateLimit on any answer: rest ahead of time when the window is used up.
  void OnHeaders(core::SourceIndex index, const hub::HeaderFields& headers, absl::Time now);
  // A request for a file goes to the hub itself; it is answered, or given up before.
  void OnFileAsked(core::SourceIndex index) { ++all_[index].unanswered; }
  void OnFileAnswered(core::SourceIndex index, const hub::HeaderFields& headers, absl::Time asked, absl::Time now);
  void OnFileGivenUp(core::SourceIndex index);

  // A token of this realm.
  bool MaySendToken(core::SourceIndex index, hub::Hub realm = hub::Hub::kHuggingFace) const;
  // Would be sent one if it were proven: policy, realm and transport allow it.
  bool WouldSendToken(core::SourceIndex index) const;
  // A real request with the token has come back. `accepted`: well.
  void OnAuthenticated(core::SourceIndex index, bool accepted, const std::string& why);
  // Where a person finds the pages of what this source serves: the authority's endpoint, for lack of one its own.
  const std::string& HomeOf(core::SourceIndex index) const;
  // The Hugging Face hub that the others are compared with; nullopt: none is configured and on.
  std::optional<core::SourceIndex> Authority() const;

  // Bytes of it have come from this source. `pull`: the pull's own limit; may be null.
  void OnReceived(core::SourceIndex index, core::TokenBucket* pull, ByteCount bytes, absl::Time now);
  // When more may be received: not after `now` when it may be at once.
  absl::Time OpenAt(core::SourceIndex index, const core::TokenBucket* pull, absl::Time now) const;

  // By the user, at run time.
  void Switch(core::SourceIndex index, bool on);
  void Reset(core::SourceIndex index);

  std::vector<SourceSnapshot> Snapshot(absl::Time now) const;
  std::vector<SourceFigures> Figures(absl::Time now) const;
  SourceSnapshot SnapshotOf(core::SourceIndex index, absl::Time now) const;
  records::v1::SourceRecord ToRecord(core::SourceIndex index, absl::Time wall) const;
  void Load(const records::v1::SourceRecord& record);

 private:
  absl::Time Wall() const { return clock_ == nullptr ? absl::InfinitePast() : clock_->Wall(); }
  // While it is not verified: it does not speak the dialect, and is asked again seldom.
  void OnStrangeAnswer(Source& source, absl::Time now);
  void BackOff(Source& source, absl::Time now);

  std::vector<Source> all_;
  std::vector<SourceSnapshot> off_;  // configured but left out
  std::optional<core::TokenBucket> bucket_;  // of all together; nullopt: no limit
  const Clock* clock_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_SOURCES_H_
