#include "daemon/core/connection_limit.h"

#include <algorithm>

namespace hfget::core {

ConnectionLimit::ConnectionLimit(int max, int remembered)
    : max_(std::max(max, 1)),
      limit_(std::clamp(remembered > 0 ? remembered : kStart, 1, max_)),
      best_limit_(limit_) {}

void ConnectionLimit::OnBytes(ByteCount bytes, int in_use, absl::Time now) {
  if (!window_open_) Begin(now);
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

void ConnectionLimit::Step(int to, absl::Time now) {
  before_step_ = limit_;
  limit_ = std::clamp(to, 1, max_);
  flat_windows_ = 0;
}

void ConnectionLimit::EndWindow(absl::Time now) {
  const double rate = static_cast<double>(window_bytes_) / absl::ToDoubleSeconds(now - window_began_);
  const bool full = full_arrivals_ * 10 >= arrivals_ * 7;
  Begin(now);
  if (!full) return;  // too little work to learn from
  if (before_step_ > 0 && rate < best_rate_ * 0.5) {
    limit_ = before_step_;
    before_step_ = 0;
    settled_ = true;
    settled_at_ = now;
    return;
  }
  const bool grew = rate > best_rate_ * 1.05;
  if (grew) {
    best_rate_ = rate;
    best_limit_ = limit_;
    flat_windows_ = 0;
  }
  if (settled_ && now - settled_at_ >= kRetryAfter) {
    settled_ = false;
    best_rate_ = rate;
    Step(limit_ * 2, now);
  } else if (!settled_ && grew && limit_ < max_) {
    Step(limit_ * 2, now);
  } else if (!settled_ && ++flat_windows_ >= 2) {
    settled_ = true;
    settled_at_ = now;
    before_step_ = 0;
  }
}

void ConnectionLimit::OnLoss(absl::Time now) {
  if (now - last_loss_ < kWindow) return;
  last_loss_ = now;
  limit_ = std::max(1, limit_ / 2);
  before_step_ = 0;
  best_rate_ = 0;
  settled_ = true;
  settled_at_ = now - kRetryAfter + absl::Seconds(5);  // losses are often short: climb again after 5 s
  Begin(now);
}

}  // namespace hfget::core
