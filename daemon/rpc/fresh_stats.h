// The engine's figures, for a thread that may wait for them, though not for ever, and that must not ask too often.
#ifndef HFGET_DAEMON_RPC_FRESH_STATS_H_
#define HFGET_DAEMON_RPC_FRESH_STATS_H_

#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "daemon/base/clock.h"
#include "daemon/engine/api.h"

namespace hfget::rpc {

// The engine is asked one question at a time, and at most ten a second however many ask here. Thread: any; each Get waits.
class FreshStats {
 public:
  static constexpr absl::Duration kFresh = absl::Milliseconds(100);

  // `patience`: of one Get.
  FreshStats(engine::EngineApi& engine, const Clock& clock, absl::Duration patience)
      : engine_(engine), clock_(clock), patience_(patience), shared_(std::make_shared<Shared>()) {}

  // Errors: UNAVAILABLE when the engine does not answer in time, or Close was called.
  absl::StatusOr<engine::Stats> Get();

  // Each Get that waits ends, and so does each later one.
  void Close();

 private:
  // Outlives us where an answer comes late.
  struct Shared {
    absl::Mutex mu;
    bool asked ABSL_GUARDED_BY(mu) = false;
    bool closed ABSL_GUARDED_BY(mu) = false;
    std::optional<engine::Stats> stats ABSL_GUARDED_BY(mu);
    absl::Time taken ABSL_GUARDED_BY(mu);  // steady

    bool Settled() ABSL_SHARED_LOCKS_REQUIRED(mu) { return !asked || closed; }
  };

  void AskOnce();

  engine::EngineApi& engine_;
  const Clock& clock_;
  const absl::Duration patience_;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_FRESH_STATS_H_
