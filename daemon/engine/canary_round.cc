#include "daemon/engine/canary_round.h"

#include <utility>

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "daemon/hub/hf_dialect.h"

namespace hfget::engine {
namespace {

constexpr ByteCount kMostBody = 64 * kKiB;

std::string RandomWord(absl::BitGenRef rng, int length) {
  constexpr absl::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string word;
  for (int i = 0; i < length; ++i) word.push_back(kLetters[absl::Uniform<size_t>(rng, 0, kLetters.size())]);
  return word;
}

}  // namespace

CanaryRound::CanaryRound(Context& context, core::SourceIndex source, std::optional<core::SourceIndex> control,
                         absl::AnyInvocable<void(hub::CanaryResult)> done)
    : context_(context), done_(std::move(done)) {
  source_.source = source;
  if (control && *control != source) {
    control_.emplace();
    control_->source = *control;
  }
  Begin();
}

// First a path that is not there, which no cache holds; a hub that says too little of it is asked for a file.
void CanaryRound::Begin() {
  ++tries_;
  canary_ = Secret(absl::StrCat("hf_", RandomWord(context_.rng, 34)));
  const std::string word = RandomWord(context_.rng, 12);
  path_ = tries_ == 1 ? absl::StrCat("hfget-probe-", word, ".json") : absl::StrCat("config.json?probe=", word);
  Ask(source_, false);
  if (control_) Ask(*control_, false);
}

void CanaryRound::Ask(CanarySide& side, bool with_canary) {
  const Source& s = context_.sources.at(side.source);
  net::Request request;
  const size_t query = path_.find('?');
  request.url = absl::StrCat(
      hub::ResolveUrl(s.config.endpoint, context_.config.probe_repo, "main", path_.substr(0, query)),
      query == std::string::npos ? "" : path_.substr(query));
  request.proxy = s.config.proxy;
  request.ca_bundle = s.config.ca_bundle;
  if (with_canary) request.bearer = canary_;
  side.over = false;
  side.request = std::make_unique<SmallRequest>(
      context_, std::move(request), SmallRequest::Limits{.max_body_bytes = kMostBody, .silence = absl::Seconds(10)},
      lifetime_.Guard([this, &side, with_canary](SmallAnswer answer) { OnAnswer(side, with_canary, std::move(answer)); }));
}

void CanaryRound::OnAnswer(CanarySide& side, bool with_canary, SmallAnswer answer) {
  const auto finished = std::move(side.request);  // lives until this function ends
  hub::ProbeAnswer& probe = with_canary ? side.pair.canary : side.pair.anonymous;
  probe = hub::ProbeAnswer();
  // A body that is too long for an error still has a head that says enough.
  probe.reached = answer.error == net::NetError::kNone || answer.head.status != 0;
  probe.status = answer.head.status;
  probe.headers = answer.head.headers.fields;
  probe.body = std::move(answer.body);
  if (!with_canary && probe.reached) return Ask(side, true);
  side.over = true;
  if (source_.over && (!control_ || control_->over)) Judge();
}

void CanaryRound::Judge() {
  hub::CanaryResult result =
      hub::JudgeCanary(source_.pair, control_ ? std::make_optional(control_->pair) : std::nullopt);
  if (result.verdict == hub::CanaryVerdict::kUnknown && source_.pair.anonymous.reached && tries_ < 2) return Begin();
  auto done = std::move(done_);
  done(std::move(result));
}

}  // namespace hfget::engine
