#include "daemon/engine/bench_probe.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/engine/verdicts.h"
#include "daemon/hub/ms_dialect.h"

namespace hfget::engine {
namespace {

constexpr SmallRequest::Limits kOneByte{.max_body_bytes = 64 * kKiB, .silence = absl::Seconds(10), .total = absl::Seconds(20)};
// Small files are served whole.
constexpr ByteRange kFirstByte{0, 1};

}  // namespace

BenchProbe::BenchProbe(Context& context, Wish wish, absl::AnyInvocable<void(Result)> done)
    : context_(context), wish_(std::move(wish)), done_(std::move(done)) {
  result_.target.url = wish_.url;
  Ask();
}

void BenchProbe::Ask() {
  const Source& source = context_.sources.at(wish_.source);
  net::Request request;
  request.url = result_.target.url.ToString();
  request.may_connect = MayConnect(result_.target.led_from);
  request.proxy = source.config.proxy;
  request.ca_bundle = source.config.ca_bundle;
  request.head_timeout = absl::Seconds(15);
  request.examine = true;
  request.headers.emplace_back("Range", "bytes=0-0");
  if (result_.target.url.SameOrigin(source.base)) request.bearer = wish_.token;
  if (source.dialect == hub::Dialect::kModelScope) request.bearer_cookie = std::string(hub::kMsTokenCookie);
  asked_at_ = context_.clock.Steady();
  request_ = std::make_unique<SmallRequest>(context_, std::move(request), kOneByte,
                                            lifetime_.Guard([this](SmallAnswer answer) { OnAnswer(std::move(answer)); }));
}

void BenchProbe::NoteLatency(const SmallAnswer& answer) {
  BenchLatency seen;
  seen.host = result_.target.url.HostAndPort();
  seen.address = answer.head.remote_address.empty() ? answer.address : answer.head.remote_address;
  seen.dns = answer.timing.dns;
  seen.connect = answer.timing.connect;
  seen.tls = answer.timing.tls;
  seen.first_byte = answer.timing.first_byte;
  if (!result_.target.data_host) {
    if (hops_ == 0) result_.hub = std::move(seen);
  } else {
    result_.data_host = std::move(seen);
  }
}

void BenchProbe::OnAnswer(SmallAnswer answer) {
  const auto finished = std::move(request_);  // lives until this function ends
  if (answer.head.status == 0) {
    const core::Failure failure = FailureOf(answer.error);
    return End(core::ErrorCause::kNoSource, failure == core::Failure::kNone ? core::Failure::kWrongAnswer : failure,
               answer.detail.empty() ? std::string(net::NetErrorName(answer.error)) : answer.detail);
  }
  NoteLatency(answer);
  if (!result_.target.data_host) {
    // Both at once: of a probe that is cancelled no request stays open.
    context_.sources.OnFileAsked(wish_.source);
    context_.sources.OnFileAnswered(wish_.source, answer.head.headers.fields, asked_at_, context_.clock.Steady());
  }
  hub::Ask ask;
  ask.url = result_.target.url;
  ask.range = kFirstByte;
  ask.at_data_host = result_.target.data_host;
  ask.dialect = context_.sources.at(wish_.source).dialect;
  ask.commit = wish_.commit;
  ask.file = wish_.file;
  ask.hops = hops_;
  ask.answerer = AnswererOf(ask.url, answer.head);
  const hub::Answer verdict = hub::JudgeAnswer(ask, answer.head.status, answer.head.headers.fields, context_.clock.Wall());
  if (verdict.kind == hub::AnswerKind::kRedirect) return Follow(verdict, answer);
  result_.ranges = answer.head.status == 206;
  if (verdict.kind == hub::AnswerKind::kBytes) return End(core::ErrorCause::kNone, core::Failure::kNone, "");
  OnRefused(verdict, answer.head.status);
}

void BenchProbe::OnRefused(const hub::Answer& verdict, int status) {
  const bool at_hub = !result_.target.data_host && verdict.kind == hub::AnswerKind::kHubError;
  result_.trouble.rest = verdict.error.retry_after;
  End(at_hub ? CauseOf(verdict.error.kind) : core::ErrorCause::kNoSource, FailureOf(verdict),
      verdict.why.empty() ? absl::StrCat("it answered ", status) : verdict.why);
}

void BenchProbe::Follow(const hub::Answer& verdict, const SmallAnswer& answer) {
  const hub::Zone answerer = AnswererOf(result_.target.url, answer.head);
  result_.redirect = absl::StrCat(answer.head.status, verdict.next_is_data_host ? " to another host" : " within the host");
  if (verdict.expires) result_.link_lifetime = std::max(absl::ZeroDuration(), *verdict.expires - context_.clock.Wall());
  result_.target = LedTo(result_.target, verdict, answerer);
  ++hops_;
  Ask();
}

void BenchProbe::End(core::ErrorCause cause, core::Failure failure, std::string why) {
  result_.cause = cause;
  result_.trouble.failure = failure;
  result_.trouble.why = std::move(why);
  result_.trouble.host = BlamedHost(result_.target);
  auto done = std::move(done_);
  done(std::move(result_));
}

}  // namespace hfget::engine
