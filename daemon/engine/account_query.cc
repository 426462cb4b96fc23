#include "daemon/engine/account_query.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/hub/hf_dialect.h"
#include "daemon/hub/hub_error.h"

namespace hfget::engine {
namespace {

constexpr SmallRequest::Limits kLimits{.max_body_bytes = kMiB, .silence = absl::Seconds(10)};

}  // namespace

AccountQuery::AccountQuery(Context& context, Secret token, absl::AnyInvocable<void(AccountAnswer)> done)
    : context_(context), token_(std::move(token)), done_(std::move(done)) {
  const absl::Time now = context_.clock.Steady();
  for (const core::SourceIndex source : context_.sources.ListingOrder(now)) {
    if (context_.sources.MaySendToken(source)) order_.push_back(source);
  }
  context_.timers.At(now, lifetime_.Guard([this] { NextSource(); }));
}

void AccountQuery::NextSource() {
  if (next_ == order_.size()) {
    AccountAnswer nobody;
    nobody.error.cause = core::ErrorCause::kNoSource;
    nobody.error.message =
        reasons_.empty() ? "no source that may see the token is in use, so nobody can say whose it is; see hfget sources"
                         : absl::StrCat("nobody could say whose token it is (", absl::StrJoin(reasons_, "; "), ")");
    return Give(std::move(nobody));
  }
  const core::SourceIndex index = order_[next_++];
  const Source& source = context_.sources.at(index);
  net::Request request;
  request.url = hub::WhoAmIUrl(source.config.endpoint);
  request.proxy = source.config.proxy;
  request.ca_bundle = source.config.ca_bundle;
  request.bearer = token_;
  request_ = std::make_unique<SmallRequest>(
      context_, std::move(request), kLimits,
      lifetime_.Guard([this, index](SmallAnswer answer) { OnAnswer(index, answer); }));
}

void AccountQuery::OnAnswer(core::SourceIndex index, const SmallAnswer& answer) {
  const auto finished = std::move(request_);  // lives until this function ends
  const std::string& name = context_.sources.at(index).config.name;
  if (answer.error != net::NetError::kNone) {
    return PassOver(index, answer.detail.empty() ? net::NetErrorName(answer.error) : answer.detail);
  }
  const hub::HubError error = hub::ClassifyError(answer.head.status, answer.head.headers.fields, answer.body,
                                                 /*is_repo_url=*/false, context_.clock.Wall());
  AccountAnswer said;
  said.source = name;
  if (error.kind == hub::HubErrorKind::kInvalidToken) {
    said.error.cause = core::ErrorCause::kUnauthorized;
    said.error.source = name;
    said.error.message = absl::StrCat(name, " refuses the token ", token_.Redacted(), ": it is expired, revoked or mistyped; make one at ",
                                      context_.sources.HomeOf(index), "/settings/tokens");
    return Give(std::move(said));
  }
  if (error.kind == hub::HubErrorKind::kRateLimited && error.retry_after) {
    return PassOver(index, absl::StrCat("rate limited, try again in ", absl::FormatDuration(*error.retry_after)));
  }
  if (answer.head.status != 200) return PassOver(index, absl::StrCat("HTTP ", answer.head.status, " ", error.message));
  auto account = hub::ParseWhoAmI(answer.body);
  if (!account.ok()) return PassOver(index, account.status().message());
  said.account = *std::move(account);
  Give(std::move(said));
}

void AccountQuery::PassOver(core::SourceIndex source, absl::string_view why) {
  reasons_.push_back(absl::StrCat(context_.sources.at(source).config.name, ": ", why));
  NextSource();
}

void AccountQuery::Give(AccountAnswer answer) {
  answer.token_hint = token_.Redacted();
  auto done = std::move(done_);
  done(std::move(answer));
}

}  // namespace hfget::engine
