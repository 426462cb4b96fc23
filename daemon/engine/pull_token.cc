#include "daemon/engine/pull_token.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace hfget::engine {

void PullToken::Bring(Secret token, bool found) {
  if (token.empty() || (found && !token_.empty())) return;
  token_ = std::move(token);
  found_ = found;
  hidden_ = false;
  origin_ = records::v1::TOKEN_ORIGIN_REQUEST;
  recorded_ = refused_ = false;
  refused_by_.clear();
  notice_.clear();
}

void PullToken::Forbid() { origin_ = records::v1::TOKEN_ORIGIN_FORBIDDEN; }

void PullToken::Find(Secret own, bool guest) {
  if (own.empty() || !wants_own()) return;
  hidden_ = guest;
  token_ = std::move(own);
  found_ = true;
  // The daemon's own may be another than the one that came in a request.
  if (recorded_ && origin_ == records::v1::TOKEN_ORIGIN_REQUEST) return;
  origin_ = records::v1::TOKEN_ORIGIN_ENVIRONMENT;
  recorded_ = false;
}

const Secret& PullToken::For(core::SourceIndex source) const {
  static const Secret* const kNone = new Secret;
  return refused_by_.count(source) > 0 ? *kNone : token_;
}

PullToken::Remedy PullToken::OnRefused(core::SourceIndex source, const std::string& name, bool authority,
                                       const Secret& sent) {
  if (!(For(source) == sent)) return Remedy::kAskAgain;  // another connection has found out before
  if (!found_) return authority ? Remedy::kFail : Remedy::kOtherSource;
  const std::string hint = hidden_ ? "of the daemon" : sent.Redacted();
  notice_ = absl::StrCat(name, " refuses the token ", hint,
                         ", which was found and not given for this pull (HF_TOKEN or a token file): it is expired or revoked. "
                         "The pull goes on without it; log in anew with hfget auth login, or take it away");
  if (authority) {
    token_ = Secret();
    refused_ = true;
  } else {
    refused_by_.insert(source);
  }
  return Remedy::kAskAgain;
}

bool PullToken::gone() const {
  return recorded_ && origin_ != records::v1::TOKEN_ORIGIN_NONE && origin_ != records::v1::TOKEN_ORIGIN_FORBIDDEN;
}

}  // namespace hfget::engine
