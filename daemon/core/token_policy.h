// Who may see a token. All of these must hold: https (or loopback), the realm matches, the policy allows it, and where the
// policy asks for it the source is proven to pass Authorization on. Source: design.md "Tokens".
#ifndef HFGET_DAEMON_CORE_TOKEN_POLICY_H_
#define HFGET_DAEMON_CORE_TOKEN_POLICY_H_

#include "absl/strings/string_view.h"

namespace hfget::core {

enum class TokenPolicy {
  kNever,     // every built-in source but the official one
  kIfProven,  // a source that the user trusts, once it is proven
  kAlways,    // the official hub
};

enum class ProofVerdict { kUnknown, kNotSeenToForward, kForwards };

struct TokenQuestion {
  bool https = false;
  bool loopback = false;
  bool same_realm = false;
  TokenPolicy policy = TokenPolicy::kNever;
  ProofVerdict proof = ProofVerdict::kUnknown;  // kUnknown also when expired
};

bool MaySendToken(const TokenQuestion& q);

absl::string_view TokenPolicyName(TokenPolicy policy);  // "never", "if-proven", "always"

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_TOKEN_POLICY_H_
