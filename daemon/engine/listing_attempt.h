// One source asked for one thing: the commit of a revision, or the listing of a commit.
#ifndef HFGET_DAEMON_ENGINE_LISTING_ATTEMPT_H_
#define HFGET_DAEMON_ENGINE_LISTING_ATTEMPT_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "daemon/base/secret.h"
#include "daemon/core/failure.h"
#include "daemon/engine/api.h"
#include "daemon/engine/context.h"
#include "daemon/engine/lifetime.h"
#include "daemon/engine/pull_token.h"
#include "daemon/engine/small_request.h"
#include "daemon/hub/address.h"
#include "daemon/hub/hf_dialect.h"
#include "daemon/hub/hub_error.h"
#include "daemon/hub/manifest.h"
#include "daemon/hub/manifest_builder.h"
#include "daemon/hub/ms_dialect.h"

namespace hfget::engine {

// What a revision of a repo is at the moment, and who says so.
struct Pinned {
  hub::RepoId repo;  // canonical name
  std::string commit;
  bool is_private = false;
  bool gated = false;
  core::SourceIndex source = 0;
  std::vector<std::string> notices;
  std::shared_ptr<const hub::Manifest> listing;  // that came with the commit; null: it is still to be asked for
};

// What came of an attempt: the commit, or the manifest (of ModelScope: both), or why neither.
struct ListingVerdict {
  std::optional<Pinned> pinned;
  std::shared_ptr<const hub::Manifest> manifest;

  core::Failure failure = core::Failure::kNone;
  std::string why;                     // one line
  std::optional<absl::Duration> rest;  // rate limited
  std::optional<PullError> said;       // the source understood, and says no; or its listing is hostile

  bool good() const { return pinned || manifest != nullptr; }
};

// Starts with the construction; cancels with the destruction. Thread: the engine.
class ListingAttempt {
 public:
  struct Wish {
    hub::RepoId repo;
    std::string revision;  // of a listing: the full commit
    bool tree = false;     // the listing; else the commit. ModelScope has no commits: its listing is asked for in either case
    PullToken* token = nullptr;  // borrowed, sent only where it may be; null: none
  };

  // `on_page`: a page of a commit's listing has come, and another is asked for. Both may destroy this object.
  ListingAttempt(Context& context, core::SourceIndex source, Wish wish, absl::AnyInvocable<void(ListingVerdict)> done,
                 absl::AnyInvocable<void()> on_page = nullptr);

  core::SourceIndex source() const { return source_; }
  int pages() const { return pages_; }  // that came so far
  // What they hold. REQUIRES: a listing was asked for.
  std::shared_ptr<const hub::Manifest> so_far() const { return builder_->so_far(); }

 private:
  // `led_from`: where the one is who sends us there; nullopt: it is the source's own address.
  void Ask(std::string url, std::optional<hub::Zone> led_from = std::nullopt);
  void OnAnswer(SmallAnswer answer);
  void OnRedirect(const SmallAnswer& answer);
  void OnInfo(const SmallAnswer& answer);
  void OnTreePage(const SmallAnswer& answer);
  // Its pages come to more than any repo's do.
  bool HasNoEnd() const;
  void OnScopePage(const SmallAnswer& answer);
  void OnHubError(const hub::HubError& error);
  hub::HubError ErrorOf(const SmallAnswer& answer) const;
  void FailHostile(const absl::Status& status);
  // The token that was sent is refused, and the same may be asked without it.
  bool DoesWithoutToken();
  void Fail(core::Failure failure, std::string why);
  void End(ListingVerdict verdict);
  hub::AskedFor Asked() const;
  const Source& source_config() const { return context_.sources.at(source_); }

  Context& context_;
  const core::SourceIndex source_;
  const Wish wish_;
  absl::AnyInvocable<void(ListingVerdict)> done_;
  const std::shared_ptr<absl::AnyInvocable<void()>> on_page_;  // null: nobody asks
  std::optional<hub::ManifestBuilder> builder_;
  std::optional<hub::MsListing> scope_;  // of ModelScope
  int hops_ = 0;
  int pages_ = 0;
  int pages_without_file_ = 0;  // in a row
  ByteCount bytes_ = 0;         // of all pages
  absl::Time began_;
  std::string url_;
  Secret sent_;  // with the last request; empty: none
  absl::Time asked_at_;
  std::unique_ptr<SmallRequest> request_;
  Lifetime lifetime_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_LISTING_ATTEMPT_H_
