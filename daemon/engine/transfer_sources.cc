// Which sources may serve a file, now or ever.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/engine/transfer.h"

namespace hfget::engine {

// Only where every pull that wants the file bars the source.
const std::string* Transfer::BarredByPulls(core::SourceIndex source) const {
  const std::string* why = nullptr;
  for (const Claim& claim : claims_) {
    if (claim.client == nullptr) continue;
    why = claim.client->Barred(source);
    if (why == nullptr) return nullptr;
  }
  return why;
}

bool Transfer::BarredAsSuspect(core::SourceIndex source) const {
  if (suspects_allowed_ == 0) return provenance_.Suspected(source);
  return suspects_allowed_ == 1 && provenance_.UnderSuspicion() && provenance_.suspect() == source;
}

// What a pull that bars the source knows counts only where all of them bar it: nobody could ask on its behalf.
Supply Transfer::SupplyAt(core::SourceIndex source) const {
  const bool all_bar_it = BarredByPulls(source) != nullptr;
  Supply best = Supply::kHasNot;
  for (const Claim& claim : claims_) {
    if (claim.client == nullptr || (!all_bar_it && claim.client->Barred(source) != nullptr)) continue;
    best = std::max(best, claim.client->SupplyAt(source, claim.file_index));
  }
  return best;
}

bool Transfer::HasRoom(absl::FunctionRef<int(const TransferClient&)> connections) const {
  return std::any_of(claims_.begin(), claims_.end(), [&](const Claim& claim) {
    if (claim.client == nullptr) return false;
    const int most = claim.client->max_connections();
    return most == 0 || connections(*claim.client) < most;
  });
}

// What several pulls want comes as fast as the one in the greatest hurry may have it.
std::shared_ptr<core::TokenBucket> Transfer::WidestBucket() const {
  std::shared_ptr<core::TokenBucket> widest;
  for (const Claim& claim : claims_) {
    if (claim.client == nullptr) continue;
    std::shared_ptr<core::TokenBucket> bucket = claim.client->bucket();
    if (bucket == nullptr) return nullptr;
    if (widest == nullptr || bucket->rate() > widest->rate()) widest = std::move(bucket);
  }
  return widest;
}

hub::Hub Transfer::hub() const {
  const Claim* claim = AnyClaim();
  return claim == nullptr ? hub::Hub::kHuggingFace : claim->client->repo().hub;
}

bool Transfer::IsOfItsHub(core::SourceIndex source) const { return hub() == context_.sources.at(source).hub(); }

bool Transfer::LacksCommits(core::SourceIndex source, absl::Time now) const {
  const core::Absences& absences = context_.sources.at(source).absences;
  return std::all_of(claims_.begin(), claims_.end(), [&](const Claim& claim) {
    return claim.client == nullptr || absences.Has(claim.client->commit(), now);
  });
}

bool Transfer::MayServe(core::SourceIndex source, absl::Time now) const {
  return state_ == State::kFetching && resolving_.count(source) == 0 && !BarredAsSuspect(source) &&
         bars_.Find(source, now) == nullptr && BarredByPulls(source) == nullptr && !LacksCommits(source, now) &&
         Suits(SupplyAt(source));
}

// By an authority: then it is no use to wait for a mirror to get it.
bool Transfer::SaidToBeAbsent(absl::Time now) const {
  for (core::SourceIndex i = 0; i < context_.sources.count(); ++i) {
    const Bar* bar = bars_.Find(i, now);
    if (bar != nullptr && bar->error.cause == core::ErrorCause::kNotFound) return true;
  }
  return false;
}

std::optional<std::string> Transfer::NeverServes(core::SourceIndex source, absl::Time now) const {
  if (const auto out = context_.sources.Out(source, now)) return *out;
  if (BarredAsSuspect(source)) return "sent wrong bytes";
  const Bar* bar = bars_.Find(source, now);
  const bool absent = bar != nullptr && bar->failure == core::Failure::kNotHere;
  if (bar != nullptr && (bar->final() || (absent && SaidToBeAbsent(now)))) return bar->error.message;
  if (const std::string* why = BarredByPulls(source)) return *why;
  const Supply supply = SupplyAt(source);
  if (supply == Supply::kHasNot) return "has not this file";
  if (supply == Supply::kMaybe && !namesakes_allowed_) return "has one of this name, which may be another";
  if (LacksCommits(source, now) && SaidToBeAbsent(now)) return "does not have this commit";
  return std::nullopt;
}

std::optional<PullError> Transfer::Hopeless(absl::Time now) {
  if (state_ != State::kFetching || pieces_.missing() == 0) return std::nullopt;
  std::vector<std::string> reasons;
  const PullError* best = nullptr;
  bool namesake = false;
  for (core::SourceIndex i = 0; i < context_.sources.count(); ++i) {
    const Source& source = context_.sources.at(i);
    const auto why = NeverServes(i, now);
    if (!why) return std::nullopt;
    const Bar* bar = bars_.Find(i, now);
    const bool believed = bar != nullptr && bar->error.cause != core::ErrorCause::kNoSource;
    if (believed && (best == nullptr || source.config.authority)) best = &bar->error;
    if (SupplyAt(i) != Supply::kHasNot) reasons.push_back(absl::StrCat(source.config.name, ": ", *why));
    namesake = namesake || (SupplyAt(i) == Supply::kMaybe && !context_.sources.Out(i, now));
  }
  if (namesake && !namesakes_allowed_) {
    namesakes_allowed_ = true;
    return std::nullopt;
  }
  if (provenance_.UnderSuspicion() && suspects_allowed_ < 2) {
    ++suspects_allowed_;
    return std::nullopt;
  }
  if (best != nullptr) return *best;
  PullError error;
  error.cause = provenance_.UnderSuspicion() ? core::ErrorCause::kCorrupt : core::ErrorCause::kNoSource;
  error.message = absl::StrCat("no source can serve ", file_.path, " (", absl::StrJoin(reasons, "; "), ")");
  return error;
}

}  // namespace hfget::engine
