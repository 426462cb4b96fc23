// One reading of a listing that fetches no file: what a pull would be about.
#ifndef HFGET_DAEMON_ENGINE_MANIFEST_READ_H_
#define HFGET_DAEMON_ENGINE_MANIFEST_READ_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "daemon/engine/api.h"
#include "daemon/engine/context.h"
#include "daemon/engine/lifetime.h"
#include "daemon/engine/prober.h"
#include "daemon/engine/pull.h"
#include "daemon/engine/racer.h"

namespace hfget::engine {

// A pull that lists alone does the work, so that both come to the same files, with the same words when they do not. Thread: the engine.
class ManifestRead final : public PullHost {
 public:
  enum class Which {
    kNow,       // what the revision stands for at the hub
    // What it stood for when it was pulled into this target; as kNow where that is not known, and for guests, whom the hub has to let in first:
    // a target may hold what others have pulled with tokens of theirs.
    kAsPulled,
  };

  // `done` or `failed` is called once; neither may destroy this object.
  ManifestRead(Context& context, Racer& racer, Prober& prober, PullSpec spec, Which which, absl::AnyInvocable<void(ManifestAnswer)> done,
               absl::AnyInvocable<void(PullError)> failed);

  // Once.
  void Begin();

  // What was found in the target, of kAsPulled. Empty: nothing was.
  const std::string& commit_as_pulled() const { return commit_as_pulled_; }

  // PullHost
  void OnChanged(Pull& pull) override;
  void ProveSources(absl::AnyInvocable<void()> done) override { prober_.ProveAll(std::move(done)); }

 private:
  void FindRef();
  void List();
  void Conclude();

  Context& context_;
  Racer& racer_;
  Prober& prober_;
  PullSpec spec_;
  const Which which_;
  absl::AnyInvocable<void(ManifestAnswer)> done_;
  absl::AnyInvocable<void(PullError)> failed_;
  std::unique_ptr<Pull> pull_;
  std::string commit_as_pulled_;
  bool over_ = false;
  ListedFiles files_;
  Lifetime lifetime_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_MANIFEST_READ_H_
