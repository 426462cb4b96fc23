// Asks sources what they are: whether they speak their dialect, and whether they pass Authorization on.
#ifndef HFGET_DAEMON_ENGINE_PROBER_H_
#define HFGET_DAEMON_ENGINE_PROBER_H_

#include <map>
#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "daemon/engine/canary_round.h"
#include "daemon/engine/context.h"
#include "daemon/engine/dialect_probe.h"

namespace hfget::engine {

// One probe and one round of the canary at a time a source; who comes later waits for the one that runs. What is found is
// told to Sources and recorded. Thread: the engine.
class Prober {
 public:
  using Done = absl::AnyInvocable<void()>;

  explicit Prober(Context& context) : context_(context) {}

  // Both questions, now. The canary also where no token would ever be sent: for people's information.
  void Probe(core::SourceIndex source, Done done);
  // Proves those that would be sent a token if they were proven, and whose proof is due. `done` comes at once when that is
  // nobody.
  void ProveAll(Done done);

 private:
  struct Running {
    std::unique_ptr<DialectProbe> probe;
    std::unique_ptr<CanaryRound> round;
    std::vector<Done> waiting;
  };

  void Prove(core::SourceIndex source, Done done);
  void StartProbe(core::SourceIndex source);
  void StartRound(core::SourceIndex source);
  void OnProbed(core::SourceIndex source, core::Failure failure, const std::string& why);
  void OnJudged(core::SourceIndex source, hub::CanaryResult result);
  void End(core::SourceIndex source);

  Context& context_;
  std::map<core::SourceIndex, Running> running_;
  std::vector<std::unique_ptr<DialectProbe>> ended_probes_;  // destroyed at the next start
  std::vector<std::unique_ptr<CanaryRound>> ended_rounds_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_PROBER_H_
