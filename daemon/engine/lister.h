// Pins a revision to a commit and reads the listing: official first, then the others in order of health.
#ifndef HFGET_DAEMON_ENGINE_LISTER_H_
#define HFGET_DAEMON_ENGINE_LISTER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "daemon/engine/api.h"
#include "daemon/engine/context.h"
#include "daemon/engine/lifetime.h"
#include "daemon/engine/small_request.h"
#include "daemon/hub/hf_dialect.h"
#include "daemon/hub/hub_error.h"
#include "daemon/hub/manifest.h"
#include "daemon/hub/manifest_builder.h"

namespace hfget::engine {

struct Pinned {
  hub::RepoId repo;  // canonical name
  std::string commit;
  bool is_private = false;
  bool gated = false;
  core::SourceIndex source = 0;
  std::vector<std::string> notices;
};

// "Not found" and "no access" are final when an authority says so; from anybody else they count only when nobody says
// better. A source that cannot be reached, or answers what is not the dialect, is passed over. Thread: the engine.
class Lister {
 public:
  struct Options {
    hub::RepoId repo;
    std::string revision;
    Secret token;
    std::string only_source;  // --authority; empty: any
  };

  Lister(Context& context, Options options);

  void Pin(absl::AnyInvocable<void(Pinned)> done, absl::AnyInvocable<void(PullError)> failed);
  // REQUIRES: Pin was done, or `pinned` comes from an earlier run.
  void List(const Pinned& pinned, absl::AnyInvocable<void(hub::Manifest)> done,
            absl::AnyInvocable<void(PullError)> failed);
  // Whose listing it was. REQUIRES: List was done.
  core::SourceIndex listed_by() const { return pinned_.source; }

 private:
  void BeginRounds();
  void BeginRound();
  void NextSource();
  void Ask(std::string url);
  void OnAnswer(SmallAnswer answer);
  void OnRedirect(const SmallAnswer& answer);
  void OnInfo(const SmallAnswer& answer);
  void OnTreePage(const SmallAnswer& answer);
  void OnHubError(const SmallAnswer& answer);
  // This source did not do it: remember why, go on.
  void PassOver(core::Failure failure, std::string why, std::optional<absl::Duration> rest = {});
  void GiveUp();
  // When it is worth asking again; nullopt: it is not.
  std::optional<absl::Time> NextRound();
  PullError NobodyAnswered() const;
  hub::AskedFor Asked() const;
  Source& source() { return context_.sources.at(order_[next_ - 1]); }

  Context& context_;
  const Options options_;
  bool listing_ = false;  // false: pinning
  Pinned pinned_;
  std::optional<hub::ManifestBuilder> builder_;
  absl::AnyInvocable<void(Pinned)> on_pinned_;
  absl::AnyInvocable<void(hub::Manifest)> on_listed_;
  absl::AnyInvocable<void(PullError)> on_failed_;

  std::vector<core::SourceIndex> order_;
  size_t next_ = 0;   // into order_
  int round_ = 0;
  absl::Time began_;
  absl::Time rested_until_ = absl::InfiniteFuture();  // of those passed over because they rest, the first to return
  int hops_ = 0;
  int pages_ = 0;
  std::string url_;
  absl::Time asked_at_;
  std::optional<PullError> verdict_;   // the best "no" so far
  std::vector<std::string> reasons_;   // "tuna: connection refused", of this round
  std::unique_ptr<SmallRequest> request_;
  Lifetime lifetime_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_LISTER_H_
