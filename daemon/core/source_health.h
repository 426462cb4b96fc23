// Whether a source is in or out: consecutive failures (those of one second are one: what broke was the way there), linear
// ejection with jitter, return, rest on 429.
// Source: Envoy's outlier detection cut down for 2 to 10 hosts (reference/codebases.md §3.3).
#ifndef HFGET_DAEMON_CORE_SOURCE_HEALTH_H_
#define HFGET_DAEMON_CORE_SOURCE_HEALTH_H_

#include <string>

#include "absl/random/bit_gen_ref.h"
#include "absl/time/time.h"

namespace hfget::core {

// One source's health. Pure: time and randomness are arguments. The rule "the last usable source is never ejected" needs
// all sources and stands with the caller (see NextReturn).
class SourceHealth {
 public:
  static constexpr int kFailuresToEject = 5;
  static constexpr absl::Duration kBout = absl::Seconds(1);
  static constexpr absl::Duration kBaseEjection = absl::Seconds(30);
  static constexpr absl::Duration kMaxEjection = absl::Seconds(300);

  void Success(absl::Time now);
  // Returns true when this failure ejects: the fifth in a row of its kind. One within kBout of the last that counted does
  // not count: all connections of a source break at once when its line does, and a short
  // interruption is no reason to do without it for half a minute.
  bool Fail(bool local_origin, absl::Time now, absl::BitGenRef rng);
  // Retry-After, a used-up RateLimit: a rest of known length, nobody's fault.
  void Rest(absl::Duration length, absl::Time now);
  // Wrong bytes: never returns by itself.
  void Quarantine(std::string evidence);
  // For this run: wrong region, TLS. Never returns by itself.
  void Disable(std::string reason);
  // By the user: everything is forgotten.
  void Reset() { *this = SourceHealth(); }
  // Ejection ends now (the last usable source); failures are forgotten, quarantine and disablement are not.
  void Return();

  enum class State { kOk, kEjected, kResting, kQuarantined, kDisabled };
  State Get(absl::Time now) const;
  bool Usable(absl::Time now) const { return Get(now) == State::kOk; }
  // When it comes back by itself; InfiniteFuture when it does not; InfinitePast when it is in.
  absl::Time ReturnsAt(absl::Time now) const;
  const std::string& reason() const { return reason_; }

 private:
  int consecutive_remote_ = 0;
  int consecutive_local_ = 0;
  absl::Time remote_failed_ = absl::InfinitePast();  // the last that counted
  absl::Time local_failed_ = absl::InfinitePast();
  int multiplier_ = 0;  // +1 an ejection, -1 a healthy ejection length
  absl::Time ejected_until_ = absl::InfinitePast();
  absl::Time rests_until_ = absl::InfinitePast();
  absl::Time healthy_since_ = absl::InfinitePast();
  bool quarantined_ = false;
  bool disabled_ = false;
  std::string reason_;
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_SOURCE_HEALTH_H_
