// One bench: which source gives how much from here?
#ifndef HFGET_DAEMON_ENGINE_BENCH_H_
#define HFGET_DAEMON_ENGINE_BENCH_H_

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
#include "daemon/engine/context.h"
#include "daemon/engine/counterparts.h"
#include "daemon/engine/lifetime.h"
#include "daemon/engine/listing_attempt.h"
#include "daemon/engine/manifest_read.h"
#include "daemon/engine/pull_token.h"

namespace hfget::engine {

// Reads the listing and chooses the file; asks every source what the revision is, and where those of another hub have the file; then takes
// sample after sample, one at a time (core::BenchSchedule). What a sample brings is evidence for its source, as a pull's bytes are.
// Thread: the engine.
class Bench {
 public:
  // `sink` null: nobody listens, and what matters is Points. `done` is called once, after
  // the sink's last; it may not destroy this object.
  Bench(Context& context, Racer& racer, Prober& prober, BenchSpec spec, std::weak_ptr<BenchSink> sink, absl::AnyInvocable<void()> done);
  ~Bench();

  // Once.
  void Begin();

  // Of all sources, when it is complete; else none.
  std::vector<BenchPoint> Points() const;

 private:
  struct Side {
    core::SourceIndex source = 0;
    hub::Url resolve;
    BenchTally tally;
    std::string commit;
    bool lags = false;
    std::unique_ptr<ListingAttempt> attempt;
    Target target;  // as the last probe was led
    bool ranges = false;
    std::string redirect;
    std::optional<absl::Duration> link_lifetime;
  };

  std::string ChooseSides();
  void OnManifest(ManifestAnswer manifest);
  void AskSides();
  void OnCommit(Side& side, ListingVerdict verdict);
  void AwaitSides(absl::Time until);
  bool FindFile(Side& side);
  void TellPlan();
  void Next();
  void Probe(const core::BenchSchedule::Turn& turn);
  void OnProbed(const core::BenchSchedule::Turn& turn, BenchProbe::Result result);
  void Sample(const core::BenchSchedule::Turn& turn, BenchSample sample);
  void OnSampled(const core::BenchSchedule::Turn& turn, BenchSample sample, BenchSampler::Result result);
  void DropIfBarren(size_t side);
  void NoteLimits(const Side& side, const BenchSampler::Result& result, BenchSample& sample) const;
  void Feed(const Side& side, const BenchSample& sample);
  void Tell(const core::BenchSchedule::Turn& turn, BenchSample sample);
  BenchReport Report() const;
  std::optional<PullError> NoAccess() const;
  void Fail(PullError error);
  void Conclude();
  Secret TokenFor(const Side& side) const;
  const SourceConfig& ConfigOf(const Side& side) const { return context_.sources.at(side.source).config; }

  Context& context_;
  Racer& racer_;
  BenchSpec spec_;
  std::weak_ptr<BenchSink> sink_;
  absl::AnyInvocable<void()> done_;
  PullToken token_;
  std::unique_ptr<ManifestRead> read_;
  ManifestAnswer manifest_;
  const hub::ManifestFile* file_ = nullptr;
  std::deque<Side> sides_;
  std::optional<Counterparts> counterparts_;
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
