// hfget doctor: the token, and who passes it on.
#ifndef HFGET_DAEMON_HUB_DIAGNOSIS_TOKEN_H_
#define HFGET_DAEMON_HUB_DIAGNOSIS_TOKEN_H_

#include <optional>
#include <string>

#include "daemon/hub/account.h"
#include "daemon/hub/canary.h"
#include "daemon/hub/finding.h"

namespace hfget::hub {

// What is known of the token that a pull would use. The token itself is not here.
struct TokenEvidence {
  enum class Word { kNone, kAccepted, kRefused };

  bool present = false;
  bool forbidden = false;  // the caller wants none to be used
  bool ambient = false;    // found, not given for this: a pull of a public repo goes on without it when it is refused
  std::string hint;        // "hf_…1a2b"
  std::string origin;      // "HF_TOKEN", "--token", a path
  bool may_be_seen = false;  // by some source in use, so that somebody could be asked
  Word word = Word::kNone;
  std::string source;      // whose word
  std::string why;         // kNone: why nobody could say
  std::optional<Account> account;  // kAccepted
  std::string home;        // where tokens are made
};

Finding JudgeToken(const TokenEvidence& token);

// A round of the canary at a source that is not the official hub. `wanted`: a token is at hand, and the configuration lets
// this source have it once it is proven.
Finding JudgeAuthorization(const std::string& source, const CanaryResult& result, bool wanted);

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_DIAGNOSIS_TOKEN_H_
