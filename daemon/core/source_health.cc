#include "daemon/core/source_health.h"

#include <algorithm>
#include <utility>

#include "absl/random/distributions.h"

namespace hfget::core {
void SourceHealth::Success(absl::Time now) {
  consecutive_remote_ = 0;
  consecutive_local_ = 0;
  if (multiplier_ > 0 && now - healthy_since_ >= kBaseEjection) {
    --multiplier_;
    healthy_since_ = now;
  }
}

bool SourceHealth::Fail(bool local_origin, absl::Time now, absl::BitGenRef rng) {
  if (now < ejected_until_) return false;  // stragglers of the bout that ejected it
  absl::Time& last = local_origin ? local_failed_ : remote_failed_;
  if (now - last < kBout) return false;
  last = now;
  int& count = local_origin ? consecutive_local_ : consecutive_remote_;
  if (++count < kFailuresToEject) return false;
  // Longer terms are not served, so a higher count would only put off the day when it is trusted again.
  multiplier_ = std::min(multiplier_ + 1, static_cast<int>(kMaxEjection / kBaseEjection));
  const absl::Duration length = std::min(kBaseEjection * multiplier_, kMaxEjection);
  ejected_until_ = now + length + length * absl::Uniform(rng, 0.0, 0.02);
  healthy_since_ = ejected_until_;
  consecutive_remote_ = consecutive_local_ = 0;
  return true;
}

void SourceHealth::Rest(absl::Duration length, absl::Time now) {
  rests_until_ = std::max(rests_until_, now + length);
}

void SourceHealth::Quarantine(std::string evidence) {
  quarantined_ = true;
  reason_ = std::move(evidence);
}

void SourceHealth::Disable(std::string reason) {
  disabled_ = true;
  reason_ = std::move(reason);
}

void SourceHealth::Return() {
  ejected_until_ = absl::InfinitePast();
  consecutive_remote_ = consecutive_local_ = 0;
}

SourceHealth::State SourceHealth::Get(absl::Time now) const {
  if (disabled_) return State::kDisabled;
  if (quarantined_) return State::kQuarantined;
  if (now < rests_until_) return State::kResting;
  if (now < ejected_until_) return State::kEjected;
  return State::kOk;
}

absl::Time SourceHealth::ReturnsAt(absl::Time now) const {
  if (disabled_ || quarantined_) return absl::InfiniteFuture();
  const absl::Time until = std::max(rests_until_, ejected_until_);
  return until > now ? until : absl::InfinitePast();
}

}  // namespace hfget::core
