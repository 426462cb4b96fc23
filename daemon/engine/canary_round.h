// One round of the canary: a source and the official hub asked for the same public object, without a token and with one that
// was never issued.
#ifndef HFGET_DAEMON_ENGINE_CANARY_ROUND_H_
#define HFGET_DAEMON_ENGINE_CANARY_ROUND_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "daemon/engine/context.h"
#include "daemon/engine/lifetime.h"
#include "daemon/engine/small_request.h"
#include "daemon/hub/canary.h"

namespace hfget::engine {

// One endpoint's two questions, the second when the first is answered.
struct CanarySide {
  core::SourceIndex source = 0;
  hub::ProbePair pair;
  bool over = false;
  std::unique_ptr<SmallRequest> request;
};

// Starts with the construction; cancels with the destruction. No real token is near it. Thread: the engine.
class CanaryRound {
 public:
  // `control`: the official hub; nullopt: there is none. `done` may destroy this object.
  CanaryRound(Context& context, core::SourceIndex source, std::optional<core::SourceIndex> control,
              absl::AnyInvocable<void(hub::CanaryResult)> done);

 private:
  void Begin();
  void Ask(CanarySide& side, bool with_canary);
  void OnAnswer(CanarySide& side, bool with_canary, SmallAnswer answer);
  void Judge();

  Context& context_;
  absl::AnyInvocable<void(hub::CanaryResult)> done_;
  CanarySide source_;
  std::optional<CanarySide> control_;
  Secret canary_;
  std::string path_;  // below the commit or branch: an object that nobody has cached
  int tries_ = 0;
  Lifetime lifetime_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_CANARY_ROUND_H_
