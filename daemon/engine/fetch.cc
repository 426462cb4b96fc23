#include "daemon/engine/fetch.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/engine/verdicts.h"
#include "daemon/hub/ms_dialect.h"

namespace hfget::engine {
namespace {

constexpr size_t kErrorBodyBytes = 16 * kKiB;
// The words of an error, or what comes with a redirect, are not waited for any longer.
constexpr absl::Duration kErrorBodyTime = absl::Seconds(5);
constexpr absl::Duration kScopeLinkLife = absl::Minutes(15);

PieceIndex PieceOf(ByteCount position) { return position / kPieceBytes; }

ByteCount PieceLength(PieceIndex piece, ByteCount file_size) {
  return BytesOf({piece, piece + 1}, file_size).size();
}

}  // namespace

Target LedTo(const Target& from, const hub::Answer& redirect, hub::Zone answerer) {
  Target to;
  to.url = *redirect.next;
  to.data_host = from.data_host || redirect.next_is_data_host;
  to.led_from = answerer;
  if (redirect.expires) to.expires = *redirect.expires;
  return to;
}

Fetch::Fetch(Context& context, FetchJob job, Observer& observer)
    : context_(context),
      job_(std::move(job)),
      observer_(observer),
      position_(job_.range.begin) {
  if (job_.head.size() > 0) {
    buffer_ = std::move(job_.head);
    also_ = job_.head_source == job_.source ? job_.head_also : job_.head_source;
  }
}

Fetch::~Fetch() { Abandon(); }

void Fetch::Start() { Request(); }

void Fetch::Request() {
  const Source& source = context_.sources.at(job_.source);
  net::Request request;
  request.url = job_.target.url.ToString();
  request.may_connect = MayConnect(job_.target.led_from);
  request.proxy = source.config.proxy;
  request.ca_bundle = source.config.ca_bundle;
  asked_ = {position_, job_.range.end};
  if (job_.file->size > 0) {
    request.headers.emplace_back("Range", absl::StrCat("bytes=", asked_.begin, "-", asked_.end - 1));
  }
  if (job_.target.url.SameOrigin(source.base)) request.bearer = job_.token;
  if (source.dialect == hub::Dialect::kModelScope) request.bearer_cookie = std::string(hub::kMsTokenCookie);
  accepted_ = false;
  answered_at_ = absl::InfiniteFuture();
  verdict_.reset();
  redirect_.reset();
  asked_at_ = last_activity_ = context_.clock.Steady();
  running_ = true;
  unanswered_ = !job_.target.data_host;
  if (unanswered_) context_.sources.OnFileAsked(job_.source);
  id_ = context_.client.Start(std::move(request), this);
}

void Fetch::GiveUp() {
  if (std::exchange(unanswered_, false)) context_.sources.OnFileGivenUp(job_.source);
  if (std::exchange(running_, false)) context_.client.Cancel(id_);
}

void Fetch::Shorten(ByteCount end) {
  job_.range.end = end;
  shortened_ = true;
  if (running_ && position_ >= end) End(core::Failure::kNone, "");
}

void Fetch::Unpause() {
  if (!paused_ || over_) return;
  paused_ = false;
  if (rate_timer_) context_.timers.Cancel(*std::exchange(rate_timer_, std::nullopt));
  last_activity_ = context_.clock.Steady();
  context_.client.Resume(id_);
}

void Fetch::Yield() {
  result_.yielded = true;
  End(core::Failure::kNone, "");
}

void Fetch::Abandon() {
  if (rate_timer_) context_.timers.Cancel(*std::exchange(rate_timer_, std::nullopt));
  GiveUp();
  over_ = true;
}

void Fetch::CheckStall(absl::Duration limit, absl::Time now) {
  if (over_ || paused_) return;
  if (verdict_ && !accepted_ && now - answered_at_ > kErrorBodyTime) {
    GiveUp();
    return OnAnswered({});
  }
  if (now - last_activity_ < limit) return;
  End(core::Failure::kStall,
      absl::StrCat("no byte for ", absl::FormatDuration(absl::Trunc(now - last_activity_, absl::Milliseconds(100)))));
}

net::Handler::Next Fetch::OnHead(net::RequestId, const net::ResponseHead& head) {
  answered_at_ = last_activity_ = context_.clock.Steady();
  head_ = head;
  hub::Ask ask;
  ask.url = job_.target.url;
  ask.range = asked_;
  ask.at_data_host = job_.target.data_host;
  ask.dialect = context_.sources.at(job_.source).dialect;
  ask.commit = job_.commit;
  ask.file = job_.file;
  ask.hops = hops_;
  ask.answerer = AnswererOf(ask.url, head);
  verdict_ = hub::JudgeAnswer(ask, head.status, head.headers.fields, context_.clock.Wall());
  if (std::exchange(unanswered_, false)) {
    context_.sources.OnFileAnswered(job_.source, head.headers.fields, asked_at_, last_activity_);
  }
  context_.sources.at(job_.source).stats.OnFirstByte(last_activity_ - asked_at_);
  if (job_.target.data_host) {
    context_.sources.HostOf(job_.source, job_.target.url.HostAndPort()).stats.OnFirstByte(last_activity_ - asked_at_);
  }
  switch (verdict_->kind) {
    case hub::AnswerKind::kBytes:
      accepted_ = true;
      observer_.OnTarget(*this, job_.target);
      return Next::kContinue;
    case hub::AnswerKind::kRedirect: {
      Target next = LedTo(job_.target, *verdict_, ask.answerer);
      // How long its links live is not known.
      if (ask.dialect == hub::Dialect::kModelScope) next.expires = std::min(next.expires, context_.clock.Wall() + kScopeLinkLife);
      redirect_ = std::move(next);
      return Next::kContinue;  // its short body is thrown away, and the connection lives on
    }
    default:
      return Next::kContinue;
  }
}

net::Handler::Next Fetch::OnBody(net::RequestId, absl::string_view data) {
  last_activity_ = context_.clock.Steady();
  if (accepted_) return Take(data);
  if (error_body_.size() + data.size() > kErrorBodyBytes) return Next::kAbort;
  error_body_.append(data.data(), data.size());
  return Next::kContinue;
}

net::Handler::Next Fetch::Take(absl::string_view data) {
  // After a pause all bytes of that call come again: those that were taken are passed over.
  const absl::Time open = context_.sources.OpenAt(job_.source, job_.bucket.get(), last_activity_);
  if (open > last_activity_) return PauseUntil(open);
  const size_t known = std::min(taken_before_pause_, data.size());
  taken_before_pause_ -= known;
  size_t taken = known;
  // Beyond what was asked for (a victim of stealing, a lying server): never written, nor waited for.
  data = data.substr(known);
  const auto wanted = static_cast<size_t>(std::max<ByteCount>(0, job_.range.end - position_));
  const bool excess = data.size() > wanted;
  data = data.substr(0, wanted);
  while (!data.empty() && !over_) {
    // Held by nobody who waits for another one: else all could wait for each other.
    if (!buffer_) buffer_ = context_.disk.buffers().TryTake();
    if (!buffer_) {
      taken_before_pause_ = taken;
      return Pause();
    }
    const size_t n = Append(data);
    data.remove_prefix(n);
    taken += n;
  }
  if (!over_ && position_ >= job_.range.end && (excess || MoreWillCome())) End(core::Failure::kNone, "");
  return over_ ? Next::kAbort : Next::kContinue;
}

net::Handler::Next Fetch::Pause() {
  paused_ = true;
  observer_.OnPaused(*this);
  return Next::kPause;
}

net::Handler::Next Fetch::PauseUntil(absl::Time open) {
  paused_ = true;
  rate_timer_ = context_.timers.At(open, [this] {
    rate_timer_.reset();
    Unpause();
  });
  return Next::kPause;
}

// Of the answer, behind the range.
bool Fetch::MoreWillCome() const { return shortened_ || verdict_->length > asked_.size(); }

size_t Fetch::Append(absl::string_view data) {
  const PieceIndex piece = PieceOf(position_);
  const size_t length = PieceLength(piece, job_.file->size);
  const size_t n = std::min(length - buffer_.size(), data.size());
  if (first_byte_ == absl::InfinitePast()) first_byte_ = last_activity_;
  result_.body_bytes += n;
  context_.sources.OnReceived(job_.source, job_.bucket.get(), n, last_activity_);
  buffer_.Append(data.substr(0, n));
  position_ += n;
  observer_.OnBytes(*this, n, position_);
  if (buffer_.size() == length && !over_) {
    observer_.OnPiece(*this, piece, std::exchange(buffer_, disk::Buffer()), std::exchange(also_, -1));
  }
  return n;
}

void Fetch::OnDone(net::RequestId, const net::Outcome& outcome) {
  running_ = false;
  GiveUp();  // without a head
  if (!over_) OnAnswered(outcome);
}

void Fetch::OnAnswered(const net::Outcome& outcome) {
  if (accepted_ && position_ >= job_.range.end) return End(core::Failure::kNone, "");
  if (verdict_ && !accepted_ && !redirect_) {
    // The body may say more; what a data host's answer means was narrowed down from its head.
    const hub::HubErrorKind narrowed = verdict_->error.kind;
    const bool scope = context_.sources.at(job_.source).dialect == hub::Dialect::kModelScope && !job_.target.data_host;
    verdict_->error = scope ? hub::ClassifyMsError(head_.status, head_.headers.fields, error_body_, context_.clock.Wall())
                            : hub::ClassifyError(head_.status, head_.headers.fields, error_body_,
                                                 !job_.target.data_host, context_.clock.Wall());
    if (job_.target.data_host) verdict_->error.kind = narrowed;
    result_.hub_error = verdict_->error;
    if (job_.target.url.SameOrigin(context_.sources.at(job_.source).base)) result_.token_sent = job_.token;
    result_.rest = verdict_->error.retry_after;
    // That nobody of ours may see the repo is another matter than a file that is not there.
    if (scope && verdict_->error.kind == hub::HubErrorKind::kRepoNotFound) verdict_->kind = hub::AnswerKind::kHubError;
    return End(FailureOf(*verdict_), verdict_->why);
  }
  // A redirect's own body does not matter; a broken one is followed all the same.
  if (redirect_) {
    ++hops_;
    job_.target = *std::move(redirect_);
    error_body_.clear();
    Request();
    return;
  }
  if (outcome.error != net::NetError::kNone) {
    const core::Failure failure = FailureOf(outcome.error);
    return End(failure == core::Failure::kNone ? core::Failure::kReset : failure,
               outcome.detail.empty() ? std::string(net::NetErrorName(outcome.error)) : outcome.detail);
  }
  End(core::Failure::kReset, absl::StrCat("the body ended ", job_.range.end - position_, " bytes early"));
}

void Fetch::End(core::Failure failure, std::string why) {
  if (over_) return;
  if (rate_timer_) context_.timers.Cancel(*std::exchange(rate_timer_, std::nullopt));
  GiveUp();
  over_ = true;
  result_.failure = failure;
  result_.commit = job_.commit;
  result_.old_link = job_.resolved;
  result_.why = std::move(why);
  if (first_byte_ != absl::InfinitePast()) result_.body_time = context_.clock.Steady() - first_byte_;
  if (buffer_ && buffer_.size() > 0) {
    result_.rest_piece = PieceOf(position_);
    result_.rest_of_piece = std::move(buffer_);
    // Who brought nothing himself hands on what he was given.
    const bool untouched = result_.body_bytes == 0;
    result_.rest_sender = untouched ? job_.head_source : job_.source;
    result_.rest_also = untouched ? job_.head_also : also_;
  }
  buffer_.Release();
  observer_.OnEnd(*this, std::move(result_));
}

}  // namespace hfget::engine
