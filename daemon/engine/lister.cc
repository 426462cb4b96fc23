#include "daemon/engine/lister.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/log.h"

namespace hfget::engine {
namespace {

constexpr int kRounds = 2;
constexpr absl::Duration kBetweenRounds = absl::Seconds(2);
// Without a page of a listing for so long, another source is asked for the whole of it.
constexpr absl::Duration kPagePatience = absl::Seconds(2);
// One that failed is not waited for; so long, since one that is only slow would never be heard again.
constexpr absl::Duration kGrudge = absl::Minutes(1);
// Nobody who did not answer in time is asked for bytes so soon after.
constexpr absl::Duration kAfterSilence = absl::Seconds(5);

}  // namespace

Lister::Lister(Context& context, Options options) : context_(context), options_(std::move(options)) {}

Lister::~Lister() { StopAll(); }

void Lister::Pin(absl::AnyInvocable<void(Pinned)> done, absl::AnyInvocable<void(PullError)> failed) {
  listing_ = false;
  on_pinned_ = std::move(done);
  on_failed_ = std::move(failed);
  BeginRounds();
}

void Lister::List(const Pinned& pinned, absl::AnyInvocable<void(Listing)> give, absl::AnyInvocable<void(PullError)> failed) {
  listing_ = true;
  pinned_ = pinned;
  give_ = std::make_shared<absl::AnyInvocable<void(Listing)>>(std::move(give));
  given_.reset();
  files_given_ = 0;
  on_failed_ = std::move(failed);
  BeginRounds();
}

void Lister::BeginRounds() {
  began_ = context_.clock.Steady();
  round_ = 0;
  verdict_.reset();
  reasons_.clear();
  BeginRound();
}

void Lister::BeginRound() {
  StopAll();
  next_ = 0;
  reasons_before_ = std::exchange(reasons_, {});
  rested_until_ = absl::InfiniteFuture();
  round_began_ = context_.clock.Steady();
  order_ = context_.sources.ListingOrder(round_began_, options_.repo.hub);
  // Who pinned the commit surely has it.
  if (listing_) {
    std::stable_partition(order_.begin(), order_.end(), [&](core::SourceIndex i) { return i == pinned_.source; });
  }
  StartNext();
}

void Lister::StartNext() {
  if (hedge_timer_) context_.timers.Cancel(*std::exchange(hedge_timer_, std::nullopt));
  if (candidate_) return;  // somebody has answered: nobody else need be asked
  while (next_ < order_.size()) {
    const core::SourceIndex source = order_[next_++];
    if (MayAsk(source)) return Start(source);
  }
  if (attempts_.empty()) GiveUp();
}

bool Lister::MayAsk(core::SourceIndex source) {
  const Source& s = context_.sources.at(source);
  if (!options_.only_source.empty() && s.config.name != options_.only_source) return false;
  if (!IsFor(source)) {
    reasons_.push_back(absl::StrCat(s.config.name, ": may not see a private repo"));
    return false;
  }
  if (s.health.Get(context_.clock.Steady()) != core::SourceHealth::State::kResting) return true;
  NoteRest(source);
  reasons_.push_back(absl::StrCat(s.config.name, ": rate limited"));
  return false;
}

bool Lister::IsFor(core::SourceIndex source) const {
  const bool is_private = options_.is_private || (listing_ && pinned_.is_private);
  return !is_private || context_.sources.MaySendToken(source, options_.repo.hub);
}

void Lister::Start(core::SourceIndex source) {
  ListingAttempt::Wish wish;
  wish.repo = listing_ ? pinned_.repo : options_.repo;
  wish.revision = listing_ ? pinned_.commit : options_.revision;
  wish.tree = listing_;
  wish.token = options_.token;
  attempts_.push_back(std::make_unique<ListingAttempt>(
      context_, source, std::move(wish), lifetime_.Guard([this, source](ListingVerdict verdict) {
        OnVerdict(source, std::move(verdict));
      }),
      lifetime_.Guard([this, source] { OnPage(source); })));
  const Source& s = context_.sources.at(source);
  HedgeAfter(listing_ ? kPagePatience : HedgeOf(s).ask_next_after,
             source, 0);
}

void Lister::HedgeAfter(absl::Duration delay, core::SourceIndex source, int pages) {
  hedge_timer_ = context_.timers.At(context_.clock.Steady() + delay, [this, delay, source, pages] {
    hedge_timer_.reset();
    for (const auto& attempt : attempts_) {
      if (attempt->source() == source && attempt->pages() > pages) return HedgeAfter(delay, source, attempt->pages());
    }
    StartNext();
  });
}

core::Hedge Lister::HedgeOf(const Source& source) const {
  const bool lately = context_.clock.Steady() - source.failed_at < kGrudge;
  return core::HedgeFor(source.stats.times(), source.failures_in_a_row > 0 && lately);
}

const ListingAttempt* Lister::PendingAuthority() const {
  for (const auto& attempt : attempts_) {
    if (context_.sources.at(attempt->source()).config.authority) return attempt.get();
  }
  return nullptr;
}

bool Lister::IsFinal(core::SourceIndex source) const {
  return context_.sources.at(source).config.authority || !options_.only_source.empty();
}

void Lister::OnVerdict(core::SourceIndex source, ListingVerdict verdict) {
  const auto own = std::find_if(attempts_.begin(), attempts_.end(),
                                [source](const auto& a) { return a->source() == source; });
  const auto ended = std::move(*own);  // lives until this function ends
  attempts_.erase(own);
  if (verdict.good()) return OnGood(source, std::move(verdict));
  if (verdict.said && verdict.said->cause != core::ErrorCause::kHostileListing && IsFinal(source)) {
    return Refuse(*std::move(verdict.said));
  }
  PassOver(source, std::move(verdict));
}

void Lister::OnGood(core::SourceIndex source, ListingVerdict verdict) {
  const absl::Time now = context_.clock.Steady();
  context_.sources.OnSuccess(source, now);
  const ListingAttempt* pending = PendingAuthority();
  // A commit's listing is the same wherever it comes from.
  if (listing_) return Give(source, std::move(verdict.manifest), true);
  if (pending == nullptr || IsFinal(source)) return Accept(std::move(verdict));
  if (candidate_) return;
  candidate_ = std::move(verdict);
  const Source& preferred = context_.sources.at(pending->source());
  const core::Hedge hedge = HedgeOf(preferred);
  if (round_began_ + hedge.prefer_for <= now) return TakeCandidate();
  candidate_timer_ = context_.timers.At(round_began_ + hedge.prefer_for, [this] {
    candidate_timer_.reset();
    TakeCandidate();
  });
}

void Lister::OnPage(core::SourceIndex source) {
  for (const auto& attempt : attempts_) {
    if (attempt->source() == source) return Give(source, attempt->so_far(), false);
  }
}

bool Lister::GoesOn(core::SourceIndex source, const hub::Manifest& manifest) {
  if (given_ == nullptr || given_.get() == &manifest) return true;
  if (manifest.files.size() < files_given_) return false;
  for (size_t& i = compared_[source]; i < files_given_; ++i) {
    const hub::ManifestFile& a = given_->files[i];
    const hub::ManifestFile& b = manifest.files[i];
    if (a.path != b.path || a.size != b.size || a.hash != b.hash) return false;
  }
  return true;
}

bool Lister::GiverGoesOn() const {
  return std::any_of(attempts_.begin(), attempts_.end(), [this](const auto& a) { return a->so_far() == given_; });
}

void Lister::Give(core::SourceIndex source, std::shared_ptr<const hub::Manifest> manifest, bool complete) {
  if (!complete && manifest->files.size() <= files_given_) return;
  const bool anew = !GoesOn(source, *manifest);
  if (anew && !complete && GiverGoesOn()) return;
  if (anew) compared_.clear();
  given_ = manifest;
  files_given_ = manifest->files.size();
  pinned_.source = source;
  if (complete) StopAll();
  const auto give = give_;  // may destroy this object
  (*give)({std::move(manifest), anew, complete});
}

void Lister::TakeCandidate() {
  const absl::Time now = context_.clock.Steady();
  if (const ListingAttempt* silent = PendingAuthority()) {
    const core::SourceIndex index = silent->source();
    const std::string why = absl::StrCat(
        "no answer in ", absl::FormatDuration(absl::Trunc(now - round_began_, absl::Milliseconds(10))));
    context_.sources.OnFailure(index, core::Failure::kStall, {}, why, now, context_.rng);
    Source& source = context_.sources.at(index);
    source.not_before = std::max(source.not_before, now + kAfterSilence);
    reasons_.push_back(absl::StrCat(source.config.name, ": ", why));
  }
  ListingVerdict verdict = *std::exchange(candidate_, std::nullopt);
  Accept(std::move(verdict));
}

void Lister::Accept(ListingVerdict verdict) {
  StopAll();
  pinned_ = *std::move(verdict.pinned);
  pinned_.listing = std::move(verdict.manifest);
  SayWhoseListing(pinned_);
  auto done = std::move(on_pinned_);
  done(pinned_);
}

void Lister::SayWhoseListing(Pinned& pinned) const {
  if (IsFinal(pinned.source)) return;
  for (const core::SourceIndex i : order_) {
    if (!context_.sources.at(i).config.authority) continue;
    const std::string why = reasons_.empty() ? "" : absl::StrCat(" (", absl::StrJoin(reasons_, "; "), ")");
    pinned.notices.push_back(absl::StrCat("the listing is ", context_.sources.at(pinned.source).config.name,
                                          "'s, which may lag behind", why, "; --authority ",
                                          context_.sources.at(i).config.name, " insists"));
    return;
  }
}

void Lister::Refuse(PullError error) {
  StopAll();
  auto failed = std::move(on_failed_);
  failed(std::move(error));
}

void Lister::StopAll() {
  attempts_.clear();
  compared_.clear();
  candidate_.reset();
  if (hedge_timer_) context_.timers.Cancel(*std::exchange(hedge_timer_, std::nullopt));
  if (candidate_timer_) context_.timers.Cancel(*std::exchange(candidate_timer_, std::nullopt));
}

void Lister::PassOver(core::SourceIndex source, ListingVerdict verdict) {
  const std::string name = context_.sources.at(source).config.name;
  spdlog::info("listing of {} not from {}: {}", options_.repo.name, name, verdict.why);
  const bool lags = listing_ && verdict.said && verdict.said->cause == core::ErrorCause::kNotFound;
  if (verdict.said && (!verdict_ || verdict.said->cause == core::ErrorCause::kHostileListing)) {
    verdict_ = std::move(verdict.said);
  }
  context_.sources.OnFailure(source, verdict.failure, verdict.rest, verdict.why, context_.clock.Steady(), context_.rng);
  reasons_.push_back(absl::StrCat(name, ": ", verdict.why));
  if (lags) context_.sources.at(source).absences.Add(pinned_.commit, context_.clock.Steady());
  NoteRest(source);
  if (candidate_ && PendingAuthority() == nullptr) return TakeCandidate();
  StartNext();
}

void Lister::NoteRest(core::SourceIndex source) {
  const absl::Time now = context_.clock.Steady();
  const core::SourceHealth& health = context_.sources.at(source).health;
  if (health.Get(now) != core::SourceHealth::State::kResting) return;
  rested_until_ = std::min(rested_until_, health.ReturnsAt(now));
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
  const std::vector<std::string>& reasons = reasons_.empty() ? reasons_before_ : reasons_;
  if (!reasons.empty()) {
    error.message = absl::StrCat("no source could list ", hub::DisplayName(options_.repo), " (", absl::StrJoin(reasons, "; "),
                                 "); check the network, or add a source that is reachable from here");
  } else if (options_.only_source.empty()) {
    error.message = options_.repo.hub == hub::Hub::kModelScope
                        ? "no source of ModelScope is switched on: hfget sources enable modelscope, or name it in sources of the configuration"
                        : "no source is configured and switched on; see hfget sources";
  } else {
    error.message = absl::StrCat("no usable source of this repo's hub is named \"", options_.only_source, "\"; see hfget sources");
  }
  return error;
}

void Lister::GiveUp() {
  if (const auto again = NextRound()) {
    context_.timers.At(*again, lifetime_.Guard([this] { BeginRound(); }));
    return;
  }
  Refuse(verdict_ ? *verdict_ : NobodyAnswered());
}

}  // namespace hfget::engine
