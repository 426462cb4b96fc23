#include "daemon/core/token_policy.h"

namespace hfget::core {

bool MaySendToken(const TokenQuestion& q) {
  if (!q.https && !q.loopback) return false;
  if (!q.same_realm) return false;
  switch (q.policy) {
    case TokenPolicy::kNever:
      return false;
    case TokenPolicy::kIfProven:
      return q.proof == ProofVerdict::kForwards;
    case TokenPolicy::kAlways:
      return true;
  }
  return false;
}

absl::string_view TokenPolicyName(TokenPolicy policy) {
  switch (policy) {
    case TokenPolicy::kNever:
      return "never";
    case TokenPolicy::kIfProven:
      return "if-proven";
    case TokenPolicy::kAlways:
      return "always";
  }
  return "never";
}

}  // namespace hfget::core
