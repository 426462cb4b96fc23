// hfget doctor: what the sources say of one repo, and whether its bytes can be had.
#ifndef HFGET_DAEMON_HUB_DIAGNOSIS_REPO_H_
#define HFGET_DAEMON_HUB_DIAGNOSIS_REPO_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/hub/diagnosis_route.h"
#include "daemon/hub/finding.h"
#include "daemon/hub/hf_dialect.h"
#include "daemon/hub/hub_error.h"

namespace hfget::hub {

// What one source says when it is asked for the commit.
struct RepoVoice {
  std::string source;
  bool authority = false;  // its "not found" is final
  bool token_sent = false;
  HubError error;  // kNone: it has it
  RepoInfo info;
};

// Whom a pull would believe: an authority that speaks, else who has it, else the first. nullptr: nobody spoke.
const RepoVoice* Decisive(const std::vector<RepoVoice>& voices);

// `asked.source` and `asked.token_sent` are the voice's. `token_present`: there is one, sent or not. Check: "repo".
Finding JudgeRepo(const RepoVoice& voice, AskedFor asked, bool token_present);

// A source whose newest commit is another one than the one that is pulled; `has_pinned`: it knows that one, too. nullopt: no
// trouble. Check: "lag".
std::optional<Finding> JudgeLag(const std::string& source, const std::string& pinned, const std::string& own, bool has_pinned);

// The first byte of one file, asked for through one source.
struct BytesEvidence {
  RouteEvidence last;       // of the last hop; its source is the one that was asked
  bool at_hub = true;       // the last hop was the source itself, not a host that it led to
  bool token_sent = false;  // to the source
  bool token_present = false;
  AskedFor asked;
};
// Whether the byte came; else why not. Checks: "data-host", "access", those of RouteTrouble and AnswerTrouble.
Finding JudgeBytes(const BytesEvidence& seen, absl::Time now);

// A file worth asking for: one whose bytes lie where large files lie, by its name. Empty: there is none.
std::string TypicalFile(const std::vector<std::string>& paths);

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_DIAGNOSIS_REPO_H_
