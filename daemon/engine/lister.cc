#include "daemon/engine/lister.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/log.h"
#include "daemon/engine/verdicts.h"

namespace hfget::engine {
namespace {

constexpr int kRounds = 2;
constexpr int kMaxHops = 5;
constexpr int kMaxPages = 10000;
constexpr absl::Duration kBetweenRounds = absl::Seconds(2);

net::Request RequestFor(const Source& source, std::string url) {
  net::Request request;
  request.url = std::move(url);
  request.proxy = source.config.proxy;
  request.ca_bundle = source.config.ca_bundle;
  return request;
}

}  // namespace

Lister::Lister(Context& context, Options options)
    : context_(context), options_(std::move(options)) {}

void Lister::Pin(absl::AnyInvocable<void(Pinned)> done,
                 absl::AnyInvocable<void(PullError)> failed) {
  listing_ = false;
  on_pinned_ = std::move(done);
  on_failed_ = std::move(failed);
  BeginRounds();
}

void Lister::List(const Pinned& pinned, absl::AnyInvocable<void(hub::Manifest)> done,
                  absl::AnyInvocable<void(PullError)> failed) {
  listing_ = true;
  pinned_ = pinned;
  on_listed_ = std::move(done);
  on_failed_ = std::move(failed);
  BeginRounds();
}

void Lister::BeginRounds() {
  began_ = context_.clock.Steady();
  round_ = 0;
  verdict_.reset();
  BeginRound();
}

void Lister::BeginRound() {
  next_ = 0;
  reasons_.clear();
  rested_until_ = absl::InfiniteFuture();
  order_ = context_.sources.ListingOrder(context_.clock.Steady());
  // Who pinned the commit surely has it.
  if (listing_) {
    std::stable_partition(order_.begin(), order_.end(), [&](core::SourceIndex i) { return i == pinned_.source; });
  }
  NextSource();
}

void Lister::NextSource() {
  const absl::Time now = context_.clock.Steady();
  while (next_ < order_.size()) {
    const Source& s = context_.sources.at(order_[next_++]);
    if (!options_.only_source.empty() && s.config.name != options_.only_source) continue;
    if (s.health.Get(now) == core::SourceHealth::State::kResting) {
      rested_until_ = std::min(rested_until_, s.health.ReturnsAt(now));
      reasons_.push_back(absl::StrCat(s.config.name, ": rate limited"));
      continue;
    }
    hops_ = pages_ = 0;
    if (listing_) {
      builder_.emplace(pinned_.repo, pinned_.commit);
      Ask(hub::TreeUrl(s.config.endpoint, pinned_.repo, pinned_.commit));
    } else {
      Ask(hub::InfoUrl(s.config.endpoint, options_.repo, options_.revision));
    }
    return;
  }
  GiveUp();
}

void Lister::Ask(std::string url) {
  net::Request request = RequestFor(source(), url);
  url_ = std::move(url);
  if (context_.sources.MaySendToken(order_[next_ - 1])) request.bearer = options_.token;
  asked_at_ = context_.clock.Steady();
  request_ = std::make_unique<SmallRequest>(
      context_, std::move(request), SmallRequest::Limits{},
      lifetime_.Guard([this](SmallAnswer answer) { OnAnswer(std::move(answer)); }));
}

void Lister::OnAnswer(SmallAnswer answer) {
  const auto finished = std::move(request_);  // lives until this function ends
  if (answer.error != net::NetError::kNone) {
    const core::Failure failure = FailureOf(answer.error);
    PassOver(failure == core::Failure::kNone ? core::Failure::kWrongAnswer : failure,
             answer.detail.empty() ? std::string(net::NetErrorName(answer.error)) : answer.detail);
    return;
  }
  const absl::Time now = context_.clock.Steady();
  source().stats.OnFirstByte(now - asked_at_);
  context_.sources.OnHeaders(order_[next_ - 1], answer.head.headers.fields, now);
  const int status = answer.head.status;
  if (status >= 300 && status < 400) {
    OnRedirect(answer);
  } else if (status != 200) {
    OnHubError(answer);
  } else if (listing_) {
    OnTreePage(answer);
  } else {
    OnInfo(answer);
  }
}

void Lister::OnRedirect(const SmallAnswer& answer) {
  const auto base = hub::ParseUrl(url_);
  const auto next = base.ok() ? hub::ResolveReference(*base, answer.head.headers.Get("location"))
                              : absl::StatusOr<hub::Url>(base.status());
  if (!next.ok()) return PassOver(core::Failure::kWrongAnswer, "redirects to what is not a URL");
  if (!next->SameOrigin(*base)) {
    return PassOver(core::Failure::kWrongRegion,
                    absl::StrCat("redirects to another hub (", next->host,
                                 "): it serves only its own region; a proxy or VPN may be on"));
  }
  if (++hops_ > kMaxHops) return PassOver(core::Failure::kWrongAnswer, "redirects without end");
  Ask(next->ToString());
}

void Lister::OnInfo(const SmallAnswer& answer) {
  auto info = hub::ParseInfo(answer.body);
  if (!info.ok()) {
    return PassOver(core::Failure::kWrongAnswer,
                    absl::StrCat("does not answer as a hub does: ", info.status().message()));
  }
  pinned_.repo = options_.repo;
  if (!info->name.empty()) pinned_.repo.name = info->name;
  pinned_.commit = info->commit;
  pinned_.is_private = info->is_private;
  pinned_.gated = info->gated;
  pinned_.source = order_[next_ - 1];
  if (std::string warning = hub::HubWarning(answer.head.headers.fields); !warning.empty()) {
    pinned_.notices.push_back(std::move(warning));
  }
  context_.sources.OnSuccess(pinned_.source, context_.clock.Steady());
  auto done = std::move(on_pinned_);
  done(pinned_);
}

void Lister::OnTreePage(const SmallAnswer& answer) {
  auto rows = hub::ParseTreePage(answer.body);
  absl::Status status = rows.status();
  if (status.ok()) status = builder_->AddPage(*std::move(rows));
  if (!status.ok()) {
    verdict_ = PullError{core::ErrorCause::kHostileListing,
                         absl::StrCat("the listing of ", pinned_.repo.name, " from ",
                                      source().config.name, " cannot be used: ", status.message()),
                         source().config.name, {}};
    return PassOver(core::Failure::kWrongAnswer, std::string(status.message()));
  }
  const std::string next = hub::NextLink(answer.head.headers.fields);
  if (next.empty()) {
    context_.sources.OnSuccess(order_[next_ - 1], context_.clock.Steady());
    hub::Manifest manifest = std::move(*builder_).Build();
    manifest.is_private = pinned_.is_private;
    manifest.gated = pinned_.gated;
    pinned_.source = order_[next_ - 1];
    auto done = std::move(on_listed_);
    done(std::move(manifest));
    return;
  }
  auto url = hub::RebaseNextPage(source().config.endpoint, pinned_.repo, pinned_.commit, next);
  if (!url.ok()) return PassOver(core::Failure::kWrongAnswer, std::string(url.status().message()));
  if (*url == url_ || ++pages_ > kMaxPages) {
    return PassOver(core::Failure::kWrongAnswer, "the pages of its listing have no end");
  }
  hops_ = 0;
  Ask(*std::move(url));
}

hub::AskedFor Lister::Asked() const {
  const Source& s = context_.sources.at(order_[next_ - 1]);
  hub::AskedFor asked;
  asked.repo = options_.repo;
  asked.revision = options_.revision;
  asked.source = s.config.name;
  asked.endpoint = context_.sources.HomeOf(order_[next_ - 1]);
  asked.token_sent = !options_.token.empty() && context_.sources.MaySendToken(order_[next_ - 1]);
  return asked;
}

void Lister::OnHubError(const SmallAnswer& answer) {
  const hub::HubError error = hub::ClassifyError(answer.head.status, answer.head.headers.fields,
                                                 answer.body, true, context_.clock.Wall());
  const core::ErrorCause cause = CauseOf(error.kind);
  PullError verdict{cause, hub::Explain(error, Asked()), source().config.name, error.retry_after};
  const bool is_answer = cause != core::ErrorCause::kNoSource;
  const bool final_word = source().config.authority || !options_.only_source.empty();
  if (is_answer && final_word) {
    auto failed = std::move(on_failed_);
    failed(std::move(verdict));
    return;
  }
  const std::string why = verdict.message;
  if (is_answer && !verdict_) verdict_ = std::move(verdict);
  PassOver(is_answer ? core::Failure::kNotHere : FailureOf(error), why, error.retry_after);
}

void Lister::PassOver(core::Failure failure, std::string why, std::optional<absl::Duration> rest) {
  const std::string name = source().config.name;
  spdlog::info("listing of {} not from {}: {}", options_.repo.name, name, why);
  context_.sources.OnFailure(order_[next_ - 1], failure, rest, why, context_.clock.Steady(),
                             context_.rng);
  reasons_.push_back(absl::StrCat(name, ": ", why));
  const absl::Time now = context_.clock.Steady();
  if (source().health.Get(now) == core::SourceHealth::State::kResting) {
    rested_until_ = std::min(rested_until_, source().health.ReturnsAt(now));
  }
  NextSource();
}

std::optional<absl::Time> Lister::NextRound() {
  if (verdict_ || reasons_.empty()) return std::nullopt;
  const absl::Time now = context_.clock.Steady();
  if (rested_until_ != absl::InfiniteFuture()) {
    // A rest of known length is waited for, and is no failed round.
    if (rested_until_ - began_ > context_.config.give_up_after) return std::nullopt;
    return std::max(rested_until_, now + kBetweenRounds);
  }
  if (++round_ >= kRounds) return std::nullopt;
  return now + kBetweenRounds;
}

PullError Lister::NobodyAnswered() const {
  PullError error;
  error.cause = core::ErrorCause::kNoSource;
  if (!reasons_.empty()) {
    error.message = absl::StrCat("no source could list ", options_.repo.name, " (", absl::StrJoin(reasons_, "; "),
                                 "); check the network, or add a source that is reachable from here");
  } else if (options_.only_source.empty()) {
    error.message = "no source is configured and switched on; see hfget sources";
  } else {
    error.message = absl::StrCat("no usable source is named \"", options_.only_source, "\"; see hfget sources");
  }
  return error;
}

void Lister::GiveUp() {
  if (const auto again = NextRound()) {
    context_.timers.At(*again, lifetime_.Guard([this] { BeginRound(); }));
    return;
  }
  auto failed = std::move(on_failed_);
  failed(verdict_ ? *verdict_ : NobodyAnswered());
}

}  // namespace hfget::engine
