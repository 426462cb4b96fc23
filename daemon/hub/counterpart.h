// The same bytes under another name: which repo of ModelScope may hold the files of one of Hugging Face, and which of them
// it does hold. Names are hints, often wrong; hashes are the proof. Source: mirrors.md §2.
#ifndef HFGET_DAEMON_HUB_COUNTERPART_H_
#define HFGET_DAEMON_HUB_COUNTERPART_H_

#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "daemon/hub/manifest.h"
#include "daemon/hub/repo_id.h"

namespace hfget::hub {

// From the config: the name here, as DisplayName writes it ("org/name", "datasets/org/name"), to "org/name" there.
struct CounterpartTable {
  std::map<std::string, std::string> ids;
};

// Names ("org/name") to try at ModelScope, the likeliest first, without duplicates, at most 8. `given_id`, when not empty,
// is what the user says and the only one. What is no valid org/name is left out. Empty for spaces, and for a repo that is
// of ModelScope itself.
std::vector<std::string> CounterpartCandidates(const RepoId& repo, absl::string_view given_id,
                                               const CounterpartTable& table);

// What a candidate turned out to have.
struct Counterpart {
  bool accepted = false;  // a file that is not empty has the same path, size and sha256. Else nothing here may be used.
  absl::flat_hash_set<std::string> proven;  // paths with equal size and sha256
  absl::flat_hash_set<std::string> maybe;   // paths with equal size, of which we know a git hash: to be hashed when read
};

// `theirs` is the listing of the candidate. When it is not accepted, both sets are empty.
Counterpart MatchCounterpart(const std::vector<const ManifestFile*>& wanted, const ManifestFiles& theirs);

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_COUNTERPART_H_
