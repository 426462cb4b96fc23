#include "daemon/core/connection_limit.h"

#include <algorithm>

namespace hfget::core {

ConnectionLimit::ConnectionLimit(int max, int remembered)
    : max_(std::max(max, 1)),
      limit_(std::clamp(remembered > 0 ? remembered : kStart, 1, max_)),
      best_limit_(limit_) {}

void ConnectionLimit::OnBytes(ByteCount bytes, int in_use, absl::Time now) {
  const bool opens = !window_open_ || now - last_arrival_ > kIdle;
  last_arrival_ = now;
  if (opens) return Begin(now);  // these bytes came before the window
  window_bytes_ += bytes;
  ++arrivals_;
  if (in_use >= limit_) ++full_arrivals_;
  if (now - window_began_ >= kWindow) EndWindow(now);
}

void ConnectionLimit::Begin(absl::Time now) {
  window_open_ = true;
  window_began_ = now;
  window_bytes_ = 0;
  arrivals_ = full_arrivals_ = 0;
}

void ConnectionLimit::Step(int to) {
  before_step_ = limit_;
  limit_ = std::clamp(to, 1, max_);
  flat_windows_ = 0;
}

void ConnectionLimit::Settle(int at, absl::Time now) {
  limit_ = at;
  before_step_ = 0;
  trial_ = false;
  settled_ = true;
  settled_at_ = now;
}

void ConnectionLimit::EndWindow(absl::Time now) {
  const double rate = static_cast<double>(window_bytes_) / absl::ToDoubleSeconds(now - window_began_);
  const bool full = full_arrivals_ * 10 >= arrivals_ * 7;
  Begin(now);
  if (full) Judge(rate, now);  // otherwise there was too little work to learn from
}

void ConnectionLimit::Judge(double rate, absl::Time now) {
  if (before_step_ > 0 && rate < best_rate_ * 0.5) return Settle(before_step_, now);
  const bool grew = rate > best_rate_ * 1.05;
  if (grew) {
    best_rate_ = rate;
    best_limit_ = limit_;
    flat_windows_ = 0;
    trial_ = false;
  }
  if (settled_ && now - settled_at_ >= kRetryAfter) {
    settled_ = false;
    trial_ = true;
    best_rate_ = rate;
    Step(limit_ * 2);
  } else if (!settled_ && grew && limit_ < max_) {
    Step(limit_ * 2);
  } else if (!settled_ && ++flat_windows_ >= (trial_ ? kTrialWindows : kFlatWindows)) {
    Settle(trial_ ? before_step_ : limit_, now);
  }
}

void ConnectionLimit::OnLoss(absl::Time now) {
  if (now - last_loss_ < kWindow) return;
  last_loss_ = now;
  best_rate_ = 0;
  Settle(std::max(1, limit_ / 2), now);
  settled_at_ = now - kRetryAfter + absl::Seconds(5);  // losses are often short: climb again after 5 s
  Begin(now);
}

}  // namespace hfget::core
