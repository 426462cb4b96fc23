#include "daemon/engine/small_request.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace hfget::engine {

SmallRequest::SmallRequest(Context& context, net::Request request, Limits limits,
                           absl::AnyInvocable<void(SmallAnswer)> done)
    : context_(context), limits_(limits), done_(std::move(done)) {
  last_byte_ = context_.clock.Steady();
  end_ = last_byte_ + limits_.total;
  id_ = context_.client.Start(std::move(request), this);
  WatchSilence();
}

SmallRequest::~SmallRequest() {
  context_.timers.Cancel(timer_);
  if (running_) context_.client.Cancel(id_);
}

void SmallRequest::WatchSilence() {
  timer_ = context_.timers.At(std::min(last_byte_ + limits_.silence, end_), [this] {
    const absl::Time now = context_.clock.Steady();
    if (now >= end_) return GiveUp("not whole after ", limits_.total);
    if (now - last_byte_ >= limits_.silence) return GiveUp("silent for ", limits_.silence);
    WatchSilence();
  });
}

void SmallRequest::GiveUp(absl::string_view why, absl::Duration after) {
  context_.client.Cancel(id_);
  answer_.error = net::NetError::kHeadTimeout;
  answer_.detail = absl::StrCat(why, absl::FormatDuration(after));
  Give();
}

void SmallRequest::Give() {
  running_ = false;
  context_.timers.Cancel(timer_);
  auto done = std::move(done_);
  done(std::move(answer_));
}

net::Handler::Next SmallRequest::OnHead(net::RequestId, const net::ResponseHead& head) {
  last_byte_ = context_.clock.Steady();
  answer_.head = head;
  return Next::kContinue;
}

net::Handler::Next SmallRequest::OnBody(net::RequestId, absl::string_view data) {
  last_byte_ = context_.clock.Steady();
  if (static_cast<ByteCount>(answer_.body.size() + data.size()) > limits_.max_body_bytes) {
    answer_.detail = absl::StrCat("the answer is longer than ", limits_.max_body_bytes / kMiB, " MiB");
    return Next::kAbort;
  }
  answer_.body.append(data.data(), data.size());
  return Next::kContinue;
}

void SmallRequest::OnDone(net::RequestId, const net::Outcome& outcome) {
  answer_.error = outcome.error;
  answer_.timing = outcome.timing;
  answer_.address = outcome.address;
  answer_.proxy_status = outcome.proxy_status;
  answer_.issuer = outcome.issuer;
  if (answer_.detail.empty()) answer_.detail = outcome.detail;
  Give();
}

}  // namespace hfget::engine
