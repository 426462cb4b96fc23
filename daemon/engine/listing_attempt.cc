#include "daemon/engine/listing_attempt.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/engine/verdicts.h"
#include "daemon/hub/ms_commit.h"
#include "daemon/hub/redirect.h"

namespace hfget::engine {
namespace {

constexpr int kListingHops = 5;
// What the pages of one listing may come to, whatever their links say: ten times what the largest repos need.
constexpr int kMaxPages = 10000;
constexpr int kMaxPagesWithoutFile = 1000;  // in a row: folders alone
constexpr ByteCount kMaxBytes = 4 * kGiB;
constexpr absl::Duration kMaxTime = absl::Hours(2);

}  // namespace

ListingAttempt::ListingAttempt(Context& context, core::SourceIndex source, Wish wish,
                               absl::AnyInvocable<void(ListingVerdict)> done, absl::AnyInvocable<void()> on_page)
    : context_(context),
      source_(source),
      wish_(std::move(wish)),
      done_(std::move(done)),
      on_page_(on_page == nullptr ? nullptr : std::make_shared<absl::AnyInvocable<void()>>(std::move(on_page))) {
  began_ = context_.clock.Steady();
  const std::string& endpoint = source_config().config.endpoint;
  if (wish_.repo.hub == hub::Hub::kModelScope) {
    builder_.emplace(wish_.repo, "");
    scope_.emplace(endpoint, wish_.repo, wish_.revision);
    Ask(scope_->NextUrl());
  } else if (wish_.tree) {
    builder_.emplace(wish_.repo, wish_.revision);
    Ask(hub::TreeUrl(endpoint, wish_.repo, wish_.revision));
  } else {
    Ask(hub::InfoUrl(endpoint, wish_.repo, wish_.revision));
  }
}

void ListingAttempt::Ask(std::string url, std::optional<hub::Zone> led_from) {
  net::Request request;
  request.url = url;
  request.may_connect = MayConnect(led_from);
  request.proxy = source_config().config.proxy;
  request.ca_bundle = source_config().config.ca_bundle;
  url_ = std::move(url);
  sent_ = Secret();
  const bool may = context_.sources.MaySendToken(source_, wish_.repo.hub);
  if (wish_.token != nullptr && may) sent_ = wish_.token->For(source_);
  request.bearer = sent_;
  if (scope_) request.bearer_cookie = std::string(hub::kMsTokenCookie);
  asked_at_ = context_.clock.Steady();
  request_ = std::make_unique<SmallRequest>(
      context_, std::move(request), SmallRequest::Limits{},
      lifetime_.Guard([this](SmallAnswer answer) { OnAnswer(std::move(answer)); }));
}

void ListingAttempt::OnAnswer(SmallAnswer answer) {
  const auto finished = std::move(request_);  // lives until this function ends
  if (answer.error != net::NetError::kNone) {
    const core::Failure failure = FailureOf(answer.error);
    return Fail(failure == core::Failure::kNone ? core::Failure::kWrongAnswer : failure,
                answer.detail.empty() ? std::string(net::NetErrorName(answer.error)) : answer.detail);
  }
  const absl::Time now = context_.clock.Steady();
  context_.sources.at(source_).stats.OnFirstByte(now - asked_at_);
  context_.sources.OnHeaders(source_, answer.head.headers.fields, now);
  const int status = answer.head.status;
  if (status >= 300 && status < 400) {
    OnRedirect(answer);
  } else if (status != 200) {
    OnHubError(ErrorOf(answer));
  } else if (hub::IsCoded(answer.head.headers.fields)) {
    Fail(core::Failure::kWrongAnswer, "answers compressed, though that was not allowed");
  } else if (scope_) {
    OnScopePage(answer);
  } else if (wish_.tree) {
    OnTreePage(answer);
  } else {
    OnInfo(answer);
  }
}

void ListingAttempt::OnRedirect(const SmallAnswer& answer) {
  const auto base = hub::ParseUrl(url_);
  if (!base.ok()) return Fail(core::Failure::kWrongAnswer, std::string(base.status().message()));
  const hub::Zone answerer = AnswererOf(*base, answer.head);
  const auto next = hub::NextHop(*base, answer.head.headers.Get("location"), answerer);
  if (!next.ok()) return Fail(core::Failure::kWrongAnswer, std::string(next.status().message()));
  if (!next->SameOrigin(*base)) {
    return Fail(core::Failure::kWrongRegion,
                absl::StrCat("redirects to another hub (", next->host,
                             "): it serves only its own region; a proxy or VPN may be on"));
  }
  if (++hops_ > kListingHops) return Fail(core::Failure::kWrongAnswer, "redirects without end");
  Ask(next->ToString(), answerer);
}

void ListingAttempt::OnInfo(const SmallAnswer& answer) {
  auto info = hub::ParseInfo(answer.body);
  if (!info.ok()) {
    return Fail(core::Failure::kWrongAnswer,
                absl::StrCat("does not answer as a hub does: ", info.status().message()));
  }
  Pinned pinned;
  pinned.repo = wish_.repo;
  if (!info->name.empty()) pinned.repo.name = info->name;
  pinned.commit = info->commit;
  pinned.is_private = info->is_private;
  pinned.gated = info->gated;
  pinned.source = source_;
  // Only a private repo shows that the token has arrived.
  if (pinned.is_private && !sent_.empty()) context_.sources.OnAuthenticated(source_, true, "");
  if (std::string warning = hub::HubWarning(answer.head.headers.fields); !warning.empty()) {
    pinned.notices.push_back(std::move(warning));
  }
  ListingVerdict verdict;
  verdict.pinned = std::move(pinned);
  End(std::move(verdict));
}

void ListingAttempt::OnTreePage(const SmallAnswer& answer) {
  auto rows = hub::ParseTreePage(answer.body);
  absl::Status status = rows.status();
  pages_without_file_ = status.ok() && rows->empty() ? pages_without_file_ + 1 : 0;
  bytes_ += static_cast<ByteCount>(answer.body.size());
  if (status.ok()) status = builder_->AddPage(*std::move(rows));
  if (!status.ok()) return FailHostile(status);
  ++pages_;
  const std::string next = hub::NextLink(answer.head.headers.fields);
  if (next.empty()) {
    ListingVerdict verdict;
    verdict.manifest = builder_->so_far();
    return End(std::move(verdict));
  }
  auto url = hub::RebaseNextPage(source_config().config.endpoint, wish_.repo, wish_.revision, next);
  if (!url.ok()) return Fail(core::Failure::kWrongAnswer, std::string(url.status().message()));
  if (*url == url_ || HasNoEnd()) {
    return Fail(core::Failure::kWrongAnswer, "the pages of its listing have no end");
  }
  hops_ = 0;
  Ask(*std::move(url));
  if (const auto on_page = on_page_) (*on_page)();
}

bool ListingAttempt::HasNoEnd() const {
  return pages_ >= kMaxPages || pages_without_file_ >= kMaxPagesWithoutFile || bytes_ > kMaxBytes ||
         context_.clock.Steady() - began_ > kMaxTime;
}

void ListingAttempt::FailHostile(const absl::Status& status) {
  ListingVerdict verdict;
  verdict.failure = core::Failure::kWrongAnswer;
  verdict.why = std::string(status.message());
  verdict.said = PullError{core::ErrorCause::kHostileListing,
                           absl::StrCat("the listing of ", wish_.repo.name, " from ", source_config().config.name,
                                        " cannot be used: ", status.message()),
                           source_config().config.name, {}};
  End(std::move(verdict));
}

void ListingAttempt::OnScopePage(const SmallAnswer& answer) {
  auto rows = scope_->Add(answer.body);
  if (absl::IsNotFound(rows.status())) {
    hub::HubError error = ErrorOf(answer);
    // A revision that is not there is listed as nothing, and called a success.
    if (error.kind == hub::HubErrorKind::kNone) error.kind = hub::HubErrorKind::kRevisionNotFound;
    return OnHubError(error);
  }
  if (!rows.ok() && pages_ == 0 && !source_config().verified) {
    return Fail(core::Failure::kWrongAnswer, std::string(rows.status().message()));
  }
  absl::Status status = rows.status();
  if (status.ok()) status = builder_->AddPage(*std::move(rows));
  if (!status.ok()) return FailHostile(status);
  ++pages_;
  hops_ = 0;
  if (std::string next = scope_->NextUrl(); !next.empty()) return Ask(std::move(next));
  ListingVerdict verdict;
  builder_->SetCommit(hub::MsCommit(builder_->so_far()->files));
  verdict.manifest = builder_->so_far();
  Pinned& pinned = verdict.pinned.emplace();
  pinned.repo = wish_.repo;
  pinned.commit = verdict.manifest->commit;
  pinned.source = source_;
  End(std::move(verdict));
}

hub::AskedFor ListingAttempt::Asked() const {
  hub::AskedFor asked;
  asked.repo = wish_.repo;
  asked.revision = wish_.revision;
  asked.source = source_config().config.name;
  asked.endpoint = context_.sources.HomeOf(source_);
  asked.token_sent = !sent_.empty();
  asked.token_refused = sent_.empty() && wish_.token != nullptr && wish_.token->refused();
  return asked;
}

bool ListingAttempt::DoesWithoutToken() {
  if (sent_.empty()) return false;
  const SourceConfig& config = source_config().config;
  return wish_.token->OnRefused(source_, config.name, config.authority, sent_) == PullToken::Remedy::kAskAgain;
}

hub::HubError ListingAttempt::ErrorOf(const SmallAnswer& answer) const {
  const hub::HeaderFields& fields = answer.head.headers.fields;
  if (scope_) return hub::ClassifyMsError(answer.head.status, fields, answer.body, context_.clock.Wall());
  return hub::ClassifyError(answer.head.status, fields, answer.body, true, context_.clock.Wall());
}

void ListingAttempt::OnHubError(const hub::HubError& error) {
  if (!sent_.empty() && error.status == 401) context_.sources.OnAuthenticated(source_, false, "401");
  if (error.kind == hub::HubErrorKind::kInvalidToken && DoesWithoutToken()) return Ask(url_);
  const hub::AskedFor asked = Asked();
  const core::ErrorCause cause = CauseOf(error.kind, asked);
  ListingVerdict verdict;
  verdict.why = hub::Explain(error, asked);
  verdict.rest = error.retry_after;
  verdict.failure = cause != core::ErrorCause::kNoSource ? core::Failure::kNotHere : FailureOf(error);
  if (cause != core::ErrorCause::kNoSource) {
    verdict.said = PullError{cause, verdict.why, source_config().config.name, error.retry_after};
  }
  End(std::move(verdict));
}

void ListingAttempt::Fail(core::Failure failure, std::string why) {
  ListingVerdict verdict;
  verdict.failure = failure;
  verdict.why = std::move(why);
  End(std::move(verdict));
}

void ListingAttempt::End(ListingVerdict verdict) {
  auto done = std::move(done_);
  done(std::move(verdict));
}

}  // namespace hfget::engine
