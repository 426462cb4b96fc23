// Under which name, and which of its files, a source of another hub has the repo of a pull. Found by content.
#ifndef HFGET_DAEMON_ENGINE_COUNTERPARTS_H_
#define HFGET_DAEMON_ENGINE_COUNTERPARTS_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/engine/context.h"
#include "daemon/engine/lifetime.h"
#include "daemon/engine/listing_attempt.h"
#include "daemon/hub/counterpart.h"
#include "daemon/hub/manifest.h"

namespace hfget::engine {

// What a source of another hub has of one file.
enum class Supply {
  kHasNot,
  kUnknownYet,  // it is being found out
  kMaybe,       // a file of the same name and size: only its bytes can tell
  kHas,         // by the listed hash
};

// Asks each ModelScope source in turn for the repos that may be the same one; a repo counts when a large file of it has the
// same path, size and SHA-256. Costs the pull nothing: it runs beside it, and a failure is only remembered. Source:
// mirrors.md §2. Thread: the engine.
class Counterparts {
 public:
  struct Wish {
    hub::RepoId repo;
    std::string given_id;        // by the user; empty: candidates
    PullToken* token = nullptr;  // of that realm; borrowed, null: none
  };

  // `files`: those that are wanted, of a Hugging Face repo. They outlive this object.
  Counterparts(Context& context, Wish wish, std::vector<const hub::ManifestFile*> files);

  // Once.
  void Begin();

  // Asks no more; what is known stays.
  void Stop();

  Supply Of(core::SourceIndex source, const hub::ManifestFile& file) const;
  // Where the file is there. REQUIRES: Of says kMaybe or kHas; else it may be empty.
  std::string UrlOf(core::SourceIndex source, const hub::ManifestFile& file) const;
  // For people: why it serves nothing, or under which name it does; empty: nothing to say.
  std::string NoteOn(core::SourceIndex source) const;
  // Whether it has the repo is not known, and will not be: it could not be asked, or did not answer.
  bool Unanswered(core::SourceIndex source) const;

 private:
  struct Search {
    size_t next = 0;  // into candidates_
    std::unique_ptr<ListingAttempt> attempt;
    hub::RepoId repo;  // that was asked for last
    hub::Counterpart found;
    std::string note;
    bool over = false;
    bool failed = false;  // over, without an answer
  };

  void AskNext(core::SourceIndex source);
  void OnVerdict(core::SourceIndex source, ListingVerdict verdict);
  void End(Search& search, std::string note);

  Context& context_;
  const Wish wish_;
  const std::vector<const hub::ManifestFile*> wanted_;
  std::vector<std::string> candidates_;
  std::map<core::SourceIndex, Search> searches_;
  Lifetime lifetime_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_COUNTERPARTS_H_
