// How long one source takes to answer, step by step, and how it leads to the bytes.
#ifndef HFGET_DAEMON_ENGINE_BENCH_PROBE_H_
#define HFGET_DAEMON_ENGINE_BENCH_PROBE_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "daemon/core/scheduler.h"
#include "daemon/engine/bench_trouble.h"
#include "daemon/engine/bench_values.h"
#include "daemon/engine/context.h"
#include "daemon/engine/fetch.h"
#include "daemon/engine/lifetime.h"
#include "daemon/engine/small_request.h"
#include "daemon/hub/answer.h"
#include "daemon/hub/manifest.h"

namespace hfget::engine {

// Asks for the first byte of a file on connections of its own, hop by hop. Starts with the construction; cancels with the destruction.
// Thread: the engine.
class BenchProbe {
 public:
  struct Wish {
    core::SourceIndex source = 0;
    const hub::ManifestFile* file = nullptr;  // outlives the probe
    std::string commit;
    hub::Url url;
    Secret token;  // REQUIRES: empty, or the source may see it
  };
  struct Result {
    BenchLatency hub;
    std::optional<BenchLatency> data_host;
    bool ranges = false;
    std::string redirect = "none";
    std::optional<absl::Duration> link_lifetime;
    Target target;  // where the bytes are, or who was asked last
    core::ErrorCause cause = core::ErrorCause::kNone;
    BenchTrouble trouble;  // none: the byte came
  };

  // `done` may destroy this object.
  BenchProbe(Context& context, Wish wish, absl::AnyInvocable<void(Result)> done);

 private:
  void Ask();
  void OnAnswer(SmallAnswer answer);
  void NoteLatency(const SmallAnswer& answer);
  void Follow(const hub::Answer& verdict, const SmallAnswer& answer);
  void OnRefused(const hub::Answer& verdict, int status);
  void End(core::ErrorCause cause, core::Failure failure, std::string why);

  Context& context_;
  const Wish wish_;
  absl::AnyInvocable<void(Result)> done_;
  Result result_;
  int hops_ = 0;
  absl::Time asked_at_;
  std::unique_ptr<SmallRequest> request_;
  Lifetime lifetime_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_BENCH_PROBE_H_
