// One question of hfget doctor to a source, and how it ended, as evidence for hub/diagnosis_*.
#ifndef HFGET_DAEMON_ENGINE_QUESTION_H_
#define HFGET_DAEMON_ENGINE_QUESTION_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "daemon/base/secret.h"
#include "daemon/engine/context.h"
#include "daemon/engine/lifetime.h"
#include "daemon/engine/small_request.h"
#include "daemon/hub/address.h"
#include "daemon/hub/diagnosis_route.h"
#include "daemon/hub/url.h"

namespace hfget::engine {

// Redirects within the source are followed, those to elsewhere only for bytes, and there without the token. On a connection
// of its own, so that every step is seen. Nothing is told to Sources. Starts with the construction; cancels with the
// destruction. Thread: the engine.
class Question {
 public:
  struct Wish {
    core::SourceIndex source = 0;
    std::string url;
    Secret bearer;       // REQUIRES: empty, or the source may see it
    bool bytes = false;  // the first byte of a file; else JSON
  };
  struct Reply {
    hub::RouteEvidence seen;  // of the last hop
    bool at_hub = true;       // the last hop was the source itself
    absl::Duration time;      // to the first byte
    absl::Time came;          // wall
  };

  // `done` may destroy this object.
  Question(Context& context, Wish wish, absl::AnyInvocable<void(Reply)> done);

 private:
  void Ask(std::string url, bool with_bearer, std::optional<hub::Zone> led_from);
  void OnAnswer(SmallAnswer answer);
  // Where to go on; nullopt: this was the last hop.
  std::optional<hub::Url> Next(const SmallAnswer& answer) const;
  hub::RouteEvidence EvidenceOf(SmallAnswer answer) const;

  Context& context_;
  const Wish wish_;
  absl::AnyInvocable<void(Reply)> done_;
  std::string url_;
  bool at_hub_ = true;
  int hops_ = 0;
  std::unique_ptr<SmallRequest> request_;
  Lifetime lifetime_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_QUESTION_H_
