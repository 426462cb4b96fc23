// How a pull gets a token that it waits for, and how it ends for want of one, or of access.
#include <utility>

#include "daemon/engine/pull.h"

namespace hfget::engine {

// An account that may not see a private repo is told that there is none.
bool Pull::WaitsForToken() const {
  const bool unseen = error_.cause == core::ErrorCause::kNotFound && (is_private_ || commit_.empty() || of_modelscope());
  const PullToken& own = of_modelscope() ? scope_token_ : token_;
  return own.gone() && (error_.cause == core::ErrorCause::kUnauthorized || unseen);
}

void Pull::GiveToken(Secret token, bool found) {
  token_.Bring(std::move(token), found);
  if (state_ == core::PullState::kNeedsToken) SetState(core::PullState::kQueued);
}

void Pull::GiveModelScopeToken(Secret token) {
  scope_token_.Bring(std::move(token), false);
  if (of_modelscope() && state_ == core::PullState::kNeedsToken) SetState(core::PullState::kQueued);
}

void Pull::FailWithoutAccess(PullError error, const std::string& path) {
  const auto source = context_.sources.Find(error.source);
  if (account_query_ != nullptr) return;
  if (!source || token_.For(*source).empty() || token_.gone() || token_.hidden()) return Fail(std::move(error));
  running_.clear();
  racer_.Leave(*this, false);
  hub::AskedFor asked;
  asked.repo = canonical_;
  asked.revision = commit_;
  asked.path = path;
  asked.source = error.source;
  asked.endpoint = context_.sources.HomeOf(*source);
  asked.token_sent = true;
  account_query_ = std::make_unique<AccountQuery>(
      context_, token_.For(*source),
      lifetime_.Guard([this, asked = std::move(asked), error = std::move(error)](AccountAnswer answer) mutable {
        if (answer.account) asked.account = answer.account->name;
        if (answer.account) error.message = hub::Explain(*error.no_access, asked);
        Fail(std::move(error));
      }));
}

void Pull::Prove() {
  proving_ = true;
  host_.ProveSources(lifetime_.Guard([this] {
    proving_ = false;
    if (pin_again_) OnProven();
  }));
}

void Pull::OnProven() {
  pin_again_ = false;
  if (state_ == core::PullState::kListing) StartPinning();
}

const std::string* Pull::Barred(core::SourceIndex source) const {
  if (of_modelscope()) return nullptr;
  static const std::string kPrivate = "the repo is private and this source may not see the token";
  static const std::string kProving = "whether it passes Authorization on is being found out";
  if (!restricted() || context_.sources.MaySendToken(source)) return nullptr;
  const bool waits = proving_ && context_.sources.WouldSendToken(source);
  if (waits) return &kProving;
  return is_private_ ? &kPrivate : nullptr;
}

}  // namespace hfget::engine
