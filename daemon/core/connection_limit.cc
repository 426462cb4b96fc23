#include "daemon/core/connection_limit.h"

#include <algorithm>
#include <utility>

namespace hfget::core {
namespace {

constexpr double kGrew = 1.05;
// Nobody needs to see more of it.
constexpr double kClearlyGrew = 1.5;
// What a burst has shown is not seen again.
constexpr double kBorneOut = 0.95;
constexpr double kNewest = 0.3;  // its weight in the average
// A step that left so little of the sum before it hurt, or so little twice: the source punishes a crowd.
constexpr double kHurts = 0.5;
constexpr double kHurtsTwice = 0.85;

}  // namespace

ConnectionLimit::ConnectionLimit(int max, int remembered)
    : max_(std::max(max, 1)),
      limit_(std::clamp(remembered > 0 ? remembered : kStart, 1, max_)),
      best_limit_(limit_) {}

void ConnectionLimit::OnBytes(ByteCount bytes, int in_use, bool first, absl::Time now) {
  begun_ = std::min(begun_ + first, max_);
  const bool at_work = in_use >= limit_ && begun_ * 4 >= limit_ * 3;
  const bool opens = !window_open_ || now - last_arrival_ > kIdle || (at_work && full_arrivals_ == 0);
  last_arrival_ = now;
  if (opens) {  // these bytes came before the window
    Begin(now);
    full_arrivals_ = arrivals_ = at_work;
    return;
  }
  window_bytes_ += bytes;
  ++arrivals_;
  full_arrivals_ += at_work;
  if (now - window_began_ >= kWindow || GrewEarly(now)) EndWindow(now);
}

bool ConnectionLimit::GrewEarly(absl::Time now) const {
  const absl::Duration open = now - window_began_;
  if (settled_ || bursts_ || open < kWindow / 4) return false;
  return Rate(now) > best_rate_ * (open < kWindow / 2 ? kClearlyGrew : kGrew);
}

double ConnectionLimit::Rate(absl::Time now) const {
  return static_cast<double>(window_bytes_) / absl::ToDoubleSeconds(now - window_began_);
}

void ConnectionLimit::Begin(absl::Time now) {
  window_open_ = true;
  window_began_ = now;
  window_bytes_ = 0;
  arrivals_ = full_arrivals_ = 0;
}

void ConnectionLimit::Step(int to) {
  before_step_ = limit_;
  begun_ = std::min(begun_, limit_);
  crowded_ = less_ = false;
  limit_ = std::clamp(to, 1, max_);
  flat_windows_ = 0;
}

void ConnectionLimit::Settle(int at, absl::Time now) {
  limit_ = at;
  before_step_ = 0;
  trial_ = crowded_ = false;
  settled_ = true;
  settled_at_ = now;
  usual_rate_ = 0;
}

void ConnectionLimit::EndWindow(absl::Time now) {
  const double rate = Rate(now);
  const bool whole = now - window_began_ >= kWindow;
  const bool full = full_arrivals_ * 10 >= arrivals_ * 7;
  Begin(now);
  if (full) Judge(rate, whole, now);  // otherwise there was too little work to learn from
}

void ConnectionLimit::Judge(double rate, bool whole, absl::Time now) {
  if (best_early_ && before_step_ > 0 && rate < best_rate_ * kBorneOut) return StepAgain();
  const bool less = before_step_ > 0 && rate < best_rate_ * kHurtsTwice;
  if (less && (std::exchange(less_, true) || rate < best_rate_ * kHurts)) return GoBack(now);
  less_ = less;
  const bool grew = rate > best_rate_ * kGrew;
  if (grew) {
    best_rate_ = rate;
    best_early_ = !whole;
    best_limit_ = limit_;
    before_step_ = flat_windows_ = 0;
    trial_ = false;
  }
  if (settled_) usual_rate_ = usual_rate_ > 0 ? usual_rate_ + kNewest * (rate - usual_rate_) : rate;
  if (settled_ && now - settled_at_ >= retry_after_) {
    settled_ = false;
    trial_ = true;
    best_rate_ = usual_rate_;
    best_early_ = false;
    Step(limit_ * 2);
  } else if (!settled_ && grew && limit_ < max_) {
    Step(limit_ * 2);
  } else if (!settled_ && ++flat_windows_ >= (trial_ ? kTrialWindows : kFlatWindows)) {
    Settle(trial_ ? before_step_ : limit_, now);
  }
}

void ConnectionLimit::GoBack(absl::Time now) {
  retry_after_ = std::min(retry_after_ * 2, kLongestRetryAfter);
  Settle(before_step_, now);
  crowded_ = true;
}

void ConnectionLimit::StepAgain() {
  limit_ = std::exchange(before_step_, 0);
  best_rate_ = 0;
  best_early_ = false;
  bursts_ = crowded_ = true;
}

void ConnectionLimit::OnLoss(absl::Time now) {
  if (now - last_loss_ < kOneLoss) return;
  last_loss_ = now;
  best_rate_ = 0;
  best_early_ = false;
  Settle(std::max(1, limit_ / 2), now);
  settled_at_ = now - retry_after_ + absl::Seconds(5);  // losses are often short: climb again after 5 s
  Begin(now);
}

}  // namespace hfget::core
