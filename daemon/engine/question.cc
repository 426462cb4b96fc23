#include "daemon/engine/question.h"

#include <utility>

#include "daemon/engine/verdicts.h"
#include "daemon/hub/redirect.h"
#include "daemon/net/proxy_choice.h"

namespace hfget::engine {
namespace {

constexpr int kQuestionHops = 5;
constexpr SmallRequest::Limits kJson{.max_body_bytes = 16 * kMiB, .silence = absl::Seconds(20)};
constexpr SmallRequest::Limits kBytes{.max_body_bytes = 64 * kKiB, .silence = absl::Seconds(20)};

hub::RouteEvidence::End EndOf(net::NetError error) {
  using End = hub::RouteEvidence::End;
  switch (error) {
    case net::NetError::kNone:
    case net::NetError::kCancelled:  // by us, at a body that was long enough
      return End::kAnswered;
    case net::NetError::kResolve:
      return End::kResolve;
    case net::NetError::kConnect:
    case net::NetError::kForbidden:
      return End::kConnect;
    case net::NetError::kConnectTimeout:
      return End::kConnectTimeout;
    case net::NetError::kTls:
      return End::kTls;
    case net::NetError::kHeadTimeout:
      return End::kSilent;
    case net::NetError::kReset:
      return End::kReset;
    case net::NetError::kProtocol:
    case net::NetError::kUnsupportedUrl:
      return End::kNotHttp;
    case net::NetError::kLocal:
      return End::kLocal;
  }
  return End::kReset;
}

}  // namespace

Question::Question(Context& context, Wish wish, absl::AnyInvocable<void(Reply)> done)
    : context_(context), wish_(std::move(wish)), done_(std::move(done)) {
  Ask(wish_.url, true, std::nullopt);
}

void Question::Ask(std::string url, bool with_bearer, std::optional<hub::Zone> led_from) {
  const SourceConfig& config = context_.sources.at(wish_.source).config;
  net::Request request;
  request.url = url;
  request.may_connect = MayConnect(led_from);
  request.proxy = config.proxy;
  request.ca_bundle = config.ca_bundle;
  request.head_timeout = absl::Seconds(15);
  request.examine = true;
  if (with_bearer) request.bearer = wish_.bearer;
  if (wish_.bytes) request.headers.emplace_back("Range", "bytes=0-0");
  url_ = std::move(url);
  request_ = std::make_unique<SmallRequest>(context_, std::move(request), wish_.bytes ? kBytes : kJson,
                                            lifetime_.Guard([this](SmallAnswer answer) { OnAnswer(std::move(answer)); }));
}

std::optional<hub::Url> Question::Next(const SmallAnswer& answer) const {
  const int status = answer.head.status;
  const std::string* location = answer.head.headers.Find("location");
  const bool moved = answer.error == net::NetError::kNone && status >= 300 && status < 400 && location != nullptr;
  if (!moved || hops_ >= kQuestionHops) return std::nullopt;
  const auto base = hub::ParseUrl(url_);
  const auto next = base.ok() ? hub::NextHop(*base, *location, AnswererOf(*base, answer.head)) : base;
  if (!next.ok() || (!wish_.bytes && !next->SameOrigin(*base))) return std::nullopt;
  return *next;
}

void Question::OnAnswer(SmallAnswer answer) {
  const auto finished = std::move(request_);  // lives until this function ends
  if (const auto next = Next(answer)) {
    ++hops_;
    at_hub_ = at_hub_ && next->SameOrigin(context_.sources.at(wish_.source).base);
    return Ask(next->ToString(), at_hub_, AnswererOf(*hub::ParseUrl(url_), answer.head));
  }
  Reply reply;
  reply.time = answer.timing.first_byte;
  reply.came = context_.clock.Wall();
  reply.at_hub = at_hub_;
  reply.seen = EvidenceOf(std::move(answer));
  auto done = std::move(done_);
  done(std::move(reply));
}

hub::RouteEvidence Question::EvidenceOf(SmallAnswer answer) const {
  const SourceConfig& config = context_.sources.at(wish_.source).config;
  hub::RouteEvidence seen;
  seen.source = config.name;
  seen.url = url_;
  // A body that broke off, or went on for too long, has a head that says enough.
  seen.end = answer.head.status != 0 ? hub::RouteEvidence::End::kAnswered : EndOf(answer.error);
  seen.detail = answer.detail.empty() ? std::string(net::NetErrorName(answer.error)) : std::move(answer.detail);
  seen.address = answer.head.remote_address.empty() ? answer.address : answer.head.remote_address;
  seen.issuer = answer.issuer;
  seen.ca_bundle = config.ca_bundle;
  if (const auto url = hub::ParseUrl(url_); url.ok()) {
    net::ProxyChoice proxy = net::ChooseProxy(config.proxy, url->scheme == "https", url->host);
    seen.proxy = std::move(proxy.url);
    seen.proxy_origin = std::move(proxy.origin);
  }
  seen.proxy_status = answer.proxy_status;
  seen.status = answer.head.status;
  seen.headers = std::move(answer.head.headers.fields);
  seen.body = std::move(answer.body);
  return seen;
}

}  // namespace hfget::engine
