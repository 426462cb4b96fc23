#include "daemon/engine/bars.h"

#include <algorithm>
#include <utility>

namespace hfget::engine {
namespace {

constexpr int kExpiredLinks = 3;
constexpr absl::Duration kAfterExpiredLinks = absl::Minutes(1);
constexpr absl::Duration kAbsence = absl::Seconds(30);
constexpr absl::Duration kLongestAbsence = absl::Minutes(5);
constexpr absl::Duration kWrongAnswer = absl::Seconds(5);
constexpr int kWrongAnswers = 5;

// `first`, doubled each further time.
absl::Duration Doubled(absl::Duration first, int times) { return first * (1 << std::min(times - 1, 10)); }

}  // namespace

absl::Duration Bars::LengthOf(core::Failure failure, Counts& counts) const {
  if (core::ConsequenceOf(failure).remedy == core::Remedy::kNeverHere) return absl::InfiniteDuration();
  switch (failure) {
    case core::Failure::kLinkExpired:
      if (++counts.expired_links < kExpiredLinks) return absl::ZeroDuration();
      counts.expired_links = 0;
      return kAfterExpiredLinks;
    case core::Failure::kNotHere:
      return std::min(Doubled(kAbsence, ++counts.absences), kLongestAbsence);
    case core::Failure::kWrongAnswer:
      if (++counts.wrong_answers >= kWrongAnswers) return absl::InfiniteDuration();
      return Doubled(kWrongAnswer, counts.wrong_answers);
    default:
      return absl::ZeroDuration();
  }
}

bool Bars::OnFailure(core::SourceIndex source, core::Failure failure, PullError error, absl::Time now) {
  const Bar* bar = Find(source, now);
  // Several connections find out at once: that is one finding.
  if (bar != nullptr && core::ConsequenceOf(failure).remedy != core::Remedy::kNeverHere) return true;
  const absl::Duration length = LengthOf(failure, counts_[source]);
  if (length == absl::ZeroDuration()) return false;
  bars_[source] = {now + length, failure, std::move(error)};
  return true;
}

const Bar* Bars::Find(core::SourceIndex source, absl::Time now) const {
  const auto bar = bars_.find(source);
  return bar != bars_.end() && now < bar->second.until ? &bar->second : nullptr;
}

}  // namespace hfget::engine
