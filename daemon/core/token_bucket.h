// A limit on so much per second (bytes, calls), shared by whatever draws on it.
#ifndef HFGET_DAEMON_CORE_TOKEN_BUCKET_H_
#define HFGET_DAEMON_CORE_TOKEN_BUCKET_H_

#include <algorithm>

#include "absl/time/time.h"
#include "daemon/base/types.h"

namespace hfget::core {

// Fills at `rate`, holds at most what comes in a burst. Bytes that have come are taken whether they are there or not, since
// nobody can send them back; from then on the bucket is in debt, and nobody may draw on it until the debt is paid. Over
// any time t no more than rate * (t + burst) and one read of each drawer pass. Pure; all times from one steady clock.
// Source: the token bucket of RFC 2697, with debt.
class TokenBucket {
 public:
  // So much of a second may pass at once after a silence: short, so that a limit holds over seconds, too.
  static constexpr absl::Duration kBurst = absl::Milliseconds(50);

  // REQUIRES: rate > 0. Units: bytes per second
  TokenBucket(ByteCount rate, absl::Time now, absl::Duration burst = kBurst)
      : burst_(burst), rate_(rate), filled_(now) {}

  ByteCount rate() const { return rate_; }
  // What was saved or owed stays.
  void SetRate(ByteCount rate, absl::Time now) {
    Fill(now);
    rate_ = rate;
  }

  void Take(ByteCount bytes, absl::Time now) {
    Fill(now);
    level_ -= static_cast<double>(bytes);
  }

  // When it may be drawn on: not after `now` when it may be at once.
  absl::Time OpenAt(absl::Time now) const {
    const double level = LevelAt(now);
    return level >= 0 ? now : now + absl::Seconds(-level / static_cast<double>(rate_));
  }

 private:
  double LevelAt(absl::Time now) const {
    const double most = absl::ToDoubleSeconds(burst_) * static_cast<double>(rate_);
    const double since = std::max(0.0, absl::ToDoubleSeconds(now - filled_));
    return std::min(most, level_ + since * static_cast<double>(rate_));
  }
  void Fill(absl::Time now) {
    level_ = LevelAt(now);
    filled_ = std::max(filled_, now);
  }

  absl::Duration burst_;
  ByteCount rate_;
  double level_ = 0;
  absl::Time filled_;
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_TOKEN_BUCKET_H_
