// One sample of a bench: so many connections to one source for so long, and the bytes thrown away.
#ifndef HFGET_DAEMON_ENGINE_BENCH_SAMPLER_H_
#define HFGET_DAEMON_ENGINE_BENCH_SAMPLER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "daemon/core/bench_curve.h"
#include "daemon/engine/bench_trouble.h"
#include "daemon/engine/context.h"
#include "daemon/engine/fetch.h"
#include "daemon/engine/lifetime.h"

namespace hfget::engine {

// Fetches as a pull does, with all its rules, so that what is measured is what a pull would get. Each connection has a part of the file
// of its own, goes through it range by range, and begins it again at its end. Starts with the construction; cancels with the destruction.
// Thread: the engine.
class BenchSampler final : public Fetch::Observer {
 public:
  struct Wish {
    core::SourceIndex source = 0;
    const hub::ManifestFile* file = nullptr;  // outlives the sampler
    std::string commit;
    Target target;     // where to ask first
    hub::Url resolve;  // when that has expired
    Secret token;      // REQUIRES: empty, or the source may see it
    int connections = 1;
    ByteCount bytes = 0;      // at most
    absl::Duration duration;  // from the first byte on, at most
  };
  struct Result {
    std::optional<core::BenchCurve> curve;  // nullopt: not a byte came
    absl::Time end;                         // steady
    ByteCount late = 0;                     // bytes that came behind the end
    BenchTrouble trouble;                   // why it brought nothing, or why some connections ended early: the last
    absl::Duration cpu;                     // of this thread, from the first byte on
  };

  // Neither may destroy this object. `tell`: at most four times a second.
  BenchSampler(Context& context, Wish wish, absl::AnyInvocable<void(const core::BenchCurve&)> tell, absl::AnyInvocable<void(Result)> done);
  ~BenchSampler() override;

  // Fetch::Observer
  void OnTarget(Fetch&, const Target&) override {}
  void OnPiece(Fetch&, PieceIndex, disk::Buffer, core::SourceIndex) override {}  // the buffer goes back to its pool
  void OnBytes(Fetch& fetch, ByteCount received, ByteCount position) override;
  void OnPaused(Fetch& fetch) override;
  void OnEnd(Fetch& fetch, FetchResult result) override;

 private:
  struct Connection {
    ByteRange part;
    ByteCount next = 0;            // where the next range begins
    int requests = 0;              // for ranges
    bool resolves = false;         // the target has expired: it asks the hub
    std::unique_ptr<Fetch> fetch;  // null: it has ended
  };

  ByteRange PartOf(int connection) const;
  ByteRange NextRange(Connection& connection) const;
  // Whether it goes where the probe was led.
  bool Resolved(const Connection& connection) const;
  bool MayAsk(const Connection& connection) const;
  void Begin(size_t index);
  void NoteTrouble(const Fetch& fetch, FetchResult result);
  void Tick();
  void Finish();

  Context& context_;
  const Wish wish_;
  absl::AnyInvocable<void(const core::BenchCurve&)> tell_;
  absl::AnyInvocable<void(Result)> done_;
  std::vector<Connection> connections_;  // empty when it is over
  Result result_;
  absl::Duration cpu_at_begin_;
  absl::Time asked_at_;
  bool over_ = false;
  Lifetime lifetime_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_BENCH_SAMPLER_H_
