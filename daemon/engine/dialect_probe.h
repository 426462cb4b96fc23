// Does a source answer as its dialect does? A known public repo is pinned and listed, and one small file's hash is checked.
// ModelScope may have that repo under another name; to say in its own words that it has not is an answer, too.
#ifndef HFGET_DAEMON_ENGINE_DIALECT_PROBE_H_
#define HFGET_DAEMON_ENGINE_DIALECT_PROBE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "daemon/engine/context.h"
#include "daemon/engine/lifetime.h"
#include "daemon/engine/listing_attempt.h"
#include "daemon/engine/small_request.h"

namespace hfget::engine {

// Starts with the construction; cancels with the destruction. Asks without a token. Thread: the engine.
class DialectProbe {
 public:
  // kNone: it does.
  using Done = absl::AnyInvocable<void(core::Failure failure, std::string why)>;

  // `done` may destroy this object.
  DialectProbe(Context& context, core::SourceIndex source, Done done);

 private:
  void AskNextRepo();
  void OnPinned(ListingVerdict verdict);
  void OnListed(const hub::Manifest& manifest);
  void AskFile(std::string url, std::optional<hub::Zone> led_from = std::nullopt);
  void OnFile(SmallAnswer answer);
  void End(core::Failure failure, std::string why);

  Context& context_;
  const core::SourceIndex source_;
  Done done_;
  std::vector<hub::RepoId> repos_;  // under these names, until one is there
  size_t next_repo_ = 0;
  hub::ManifestFile file_;
  int hops_ = 0;
  std::string url_;
  std::unique_ptr<ListingAttempt> attempt_;
  std::unique_ptr<SmallRequest> request_;
  Lifetime lifetime_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_DIALECT_PROBE_H_
