// One bench: which source gives how much from here?
#ifndef HFGET_DAEMON_ENGINE_BENCH_H_
#define HFGET_DAEMON_ENGINE_BENCH_H_

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "daemon/core/bench_schedule.h"
#include "daemon/engine/api.h"
#include "daemon/engine/bench_probe.h"
#include "daemon/engine/bench_sampler.h"
#include "daemon/engine/bench_tally.h"
#include "daemon/engine/bench_trouble.h"
#include "daemon/engine/context.h"
#include "daemon/engine/counterparts.h"
#include "daemon/engine/lifetime.h"
#include "daemon/engine/listing_attempt.h"
#include "daemon/engine/manifest_read.h"
#include "daemon/engine/pull_token.h"

namespace hfget::engine {

// Reads the listing and chooses the file; asks every source what the revision is, where those of another hub have the file, and whether
// it passes Authorization on; then takes sample after sample, one at a time (core::BenchSchedule). What a sample brings, or does not, is
// evidence for its source, as a pull's bytes and failures are. One that the configuration wants ends when a pull wants the line.
// bench.cc: the turns. bench_sides.cc: what is asked before them. bench_evidence.cc: what sources are told of themselves.
// bench_report.cc: what is said of all. Thread: the engine.
class Bench {
 public:
  // `sink` null: nobody listens, and what matters is Points. `done` is called once, after
  // the sink's last; it may not destroy this object.
  Bench(Context& context, Racer& racer, Prober& prober, BenchSpec spec, std::weak_ptr<BenchSink> sink, absl::AnyInvocable<void()> done);
  ~Bench();

  // Once.
  void Begin();

  // Of all sources that were measured, when it is complete; else none.
  std::vector<BenchPoint> Points() const;

 private:
  struct Side {
    core::SourceIndex source = 0;
    std::string out;  // why the daemon does not use it, though it is switched on; empty: it does
    hub::Url resolve;
    BenchTally tally;
    std::string commit;
    std::unique_ptr<ListingAttempt> attempt;
    // As the last probe that went well was led.
    Target target;
    bool ranges = false;
    std::string redirect;
    std::optional<absl::Duration> link_lifetime;
  };

  // Before the turns.
  std::string ChooseSides();
  void AddSide(core::SourceIndex source);
  // One that is out is measured by name alone.
  // The name of a private repo stays with its hub.
  bool Measured(const Side& side) const { return !(Foreign(side) && manifest_.is_private) && (side.out.empty() || !spec_.sources.empty()); }
  bool Foreign(const Side& side) const { return context_.sources.at(side.source).hub() != spec_.repo->hub; }
  // Connections that it may have.
  int CapOf(const Side& side) const { return std::min(ConfigOf(side).max_connections, context_.config.max_connections); }
  void OnManifest(ManifestAnswer manifest);
  void AskSides();
  void OnCommit(Side& side, ListingVerdict verdict);
  bool Awaits(const Side& side) const;
  void AwaitSides(absl::Time until);
  void Plan();
  bool FindFile(Side& side);
  bool FindForeignFile(Side& side);
  void RefuseForeign(Side& side) const;
  bool SetResolve(Side& side, const std::string& url) const;

  // The turns.
  void Next();
  void Probe(const core::BenchSchedule::Turn& turn);
  void OnProbed(const core::BenchSchedule::Turn& turn, BenchProbe::Result result);
  void Sample(const core::BenchSchedule::Turn& turn, BenchSample sample);
  void OnSampled(const core::BenchSchedule::Turn& turn, BenchSample sample, BenchSampler::Result result);
  void Measure(const Side& side, const BenchSampler::Result& result, BenchSample& sample) const;
  void DropIfBarren(size_t side);
  void NoteLimits(const Side& side, const BenchSampler::Result& result, BenchSample& sample) const;
  void Tell(const core::BenchSchedule::Turn& turn, BenchSample sample);
  void Fail(PullError error);
  void Conclude();
  Secret TokenFor(const Side& side) const;

  // What sources are told.
  void Feed(const Side& side, const BenchSample& sample);
  void Blame(const Side& side, const BenchTrouble& trouble);
  // How long it asks not to be sent so many requests; nullopt: it may be.
  std::optional<absl::Duration> RestOf(const Side& side, int requests) const;
  // When it does: no more turns, and the sample says so.
  bool LeaveAlone(size_t side, int requests, const std::string& why, BenchSample& sample);

  // What is said.
  void TellPlan();
  // What the revision is by the word of an authority; empty: by nobody's.
  std::string OfficialCommit() const;
  BenchRow RowOf(const Side& side, const std::string& official) const;
  BenchReport Report() const;
  std::optional<PullError> NoAccess() const;

  const SourceConfig& ConfigOf(const Side& side) const { return context_.sources.at(side.source).config; }

  Context& context_;
  Racer& racer_;
  Prober& prober_;
  BenchSpec spec_;
  std::weak_ptr<BenchSink> sink_;
  absl::AnyInvocable<void()> done_;
  PullToken token_;
  std::unique_ptr<ManifestRead> read_;
  ManifestAnswer manifest_;
  const hub::ManifestFile* file_ = nullptr;
  std::deque<Side> sides_;
  std::optional<Counterparts> counterparts_;
  bool proving_ = false;
  std::optional<core::BenchSchedule> schedule_;
  std::unique_ptr<BenchProbe> probe_;
  std::unique_ptr<BenchSampler> sampler_;
  bool others_ = false;  // pulls had connections at the sample's begin
  absl::Time started_;   // wall
  ByteCount bytes_ = 0;
  int samples_ = 0;
  bool complete_ = false;
  absl::Time finished_;
  Lifetime lifetime_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_BENCH_H_
