// Pins a revision to a commit and reads the listing: official first, then the others in order of health, hedged.
#ifndef HFGET_DAEMON_ENGINE_LISTER_H_
#define HFGET_DAEMON_ENGINE_LISTER_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "daemon/core/hedge.h"
#include "daemon/engine/api.h"
#include "daemon/engine/context.h"
#include "daemon/engine/lifetime.h"
#include "daemon/engine/listing_attempt.h"
#include "daemon/engine/pull_token.h"
#include "daemon/hub/manifest.h"

namespace hfget::engine {

// A listing as far as it has been read.
struct Listing {
  std::shared_ptr<const hub::Manifest> manifest;  // later pages are added at its end
  bool anew = false;      // what was given before does not hold: it is not the front of this one
  bool complete = false;  // no page is to come
};

// "Not found" and "no access" are final when an authority says so; from anybody else they count only when nobody says
// better. A source that cannot be reached, or answers what is not the dialect, is passed over. One that is slow to answer
// is not waited for: the next is asked beside it (core/hedge.h), but what others say of a revision is held back for a moment,
// since a mirror's "main" may be an old one. Thread: the engine.
class Lister {
 public:
  struct Options {
    hub::RepoId repo;
    std::string revision;
    PullToken* token = nullptr;  // borrowed; null: none
    std::string only_source;     // --authority; empty: any
    bool is_private = false;     // known from an earlier run: only who may see the token is asked
  };

  Lister(Context& context, Options options);
  ~Lister();

  void Pin(absl::AnyInvocable<void(Pinned)> done, absl::AnyInvocable<void(PullError)> failed);
  // Gives the listing page by page, at least once, at last complete; or fails, also in its middle. REQUIRES: Pin was done, or
  // `pinned` comes from an earlier run.
  void List(const Pinned& pinned, absl::AnyInvocable<void(Listing)> give, absl::AnyInvocable<void(PullError)> failed);
  // Whose listing it is. REQUIRES: List has given some.
  core::SourceIndex listed_by() const { return pinned_.source; }

 private:
  void BeginRounds();
  void BeginRound();
  // Asks the next one that may be asked. Nobody left and nobody under way: concludes.
  void StartNext();
  bool MayAsk(core::SourceIndex source);
  // Not even the name of a private repo is for those who may not see it.
  bool IsFor(core::SourceIndex source) const;
  void Start(core::SourceIndex source);
  // StartNext, unless this attempt has come on meanwhile.
  void HedgeAfter(absl::Duration delay, core::SourceIndex source, int pages);
  void OnVerdict(core::SourceIndex source, ListingVerdict verdict);
  void OnGood(core::SourceIndex source, ListingVerdict verdict);
  void OnPage(core::SourceIndex source);
  // Whether `manifest`, of this source, has at its front what was given.
  bool GoesOn(core::SourceIndex source, const hub::Manifest& manifest);
  // Who has given what there is reads on.
  bool GiverGoesOn() const;
  void Give(core::SourceIndex source, std::shared_ptr<const hub::Manifest> manifest, bool complete);
  // This source did not do it: remember why, go on.
  void PassOver(core::SourceIndex source, ListingVerdict verdict);
  void NoteRest(core::SourceIndex source);
  void TakeCandidate();
  void Accept(ListingVerdict verdict);
  void Refuse(PullError error);
  void StopAll();
  core::Hedge HedgeOf(const Source& source) const;
  // An authority that was asked has not answered yet.
  const ListingAttempt* PendingAuthority() const;
  bool IsFinal(core::SourceIndex source) const;
  void GiveUp();
  // When it is worth asking again; nullopt: it is not.
  std::optional<absl::Time> NextRound();
  PullError NobodyAnswered() const;
  void SayWhoseListing(Pinned& pinned) const;

  Context& context_;
  const Options options_;
  bool listing_ = false;  // false: pinning
  Pinned pinned_;
  absl::AnyInvocable<void(Pinned)> on_pinned_;
  std::shared_ptr<absl::AnyInvocable<void(Listing)>> give_;
  absl::AnyInvocable<void(PullError)> on_failed_;

  std::vector<core::SourceIndex> order_;
  size_t next_ = 0;  // into order_
  std::vector<std::unique_ptr<ListingAttempt>> attempts_;  // under way
  std::optional<ListingVerdict> candidate_;                // held back while an authority may still answer
  std::shared_ptr<const hub::Manifest> given_;             // null: nothing yet
  size_t files_given_ = 0;                                 // at its front
  std::map<core::SourceIndex, size_t> compared_;           // so many files of its listing are those that were given
  int round_ = 0;
  absl::Time began_;
  absl::Time round_began_;
  absl::Time rested_until_ = absl::InfiniteFuture();  // of those passed over because they rest, the first to return
  std::optional<PullError> verdict_;                  // the best "no" so far
  std::vector<std::string> reasons_;                  // "tuna: connection refused", of this round
  std::vector<std::string> reasons_before_;           // of the round before it: who is switched off since is not asked again
  std::optional<Timers::Id> hedge_timer_;
  std::optional<Timers::Id> candidate_timer_;
  Lifetime lifetime_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_LISTER_H_
