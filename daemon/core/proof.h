// What is known of whether a source passes Authorization on, and until when that holds.
#ifndef HFGET_DAEMON_CORE_PROOF_H_
#define HFGET_DAEMON_CORE_PROOF_H_

#include <string>
#include <utility>

#include "absl/time/time.h"
#include "daemon/core/token_policy.h"

namespace hfget::core {

// One source's. Pure; all times are wall times, since a proof outlives the process. A proof lasts an hour, ends at once when
// what it says is seen to be untrue, and is complete when a real authenticated request has gone well: until then one such
// request at a time is at stake, no more. Source: design.md "Tokens".
class Proof {
 public:
  static constexpr absl::Duration kLife = absl::Hours(1);
  // A round that brought nothing is not repeated sooner.
  static constexpr absl::Duration kBetweenRounds = absl::Minutes(1);

  void Set(ProofVerdict verdict, std::string why, absl::Time wall) {
    verdict_ = verdict;
    why_ = std::move(why);
    at_ = wall;
    completed_ = false;
  }
  void Complete() { completed_ = completed_ || verdict_ == ProofVerdict::kForwards; }
  void Revoke(std::string why, absl::Time wall) { Set(ProofVerdict::kUnknown, std::move(why), wall); }
  // From a record. A time that lies ahead is not believed: the clock was set back.
  void Load(ProofVerdict verdict, std::string why, absl::Time at, bool completed, absl::Time wall) {
    if (at > wall) return;
    Set(verdict, std::move(why), at);
    completed_ = completed;
  }

  ProofVerdict Get(absl::Time wall) const { return Fresh(wall) ? verdict_ : ProofVerdict::kUnknown; }
  bool completed(absl::Time wall) const { return completed_ && Fresh(wall); }
  // Whether a round is due. An answer that said nothing is asked for again after a minute, one that did after an hour.
  bool Due(absl::Time wall) const {
    if (at_ == absl::InfinitePast() || wall < at_) return true;
    return wall - at_ >= (verdict_ == ProofVerdict::kUnknown ? kBetweenRounds : kLife);
  }

  absl::Time at() const { return at_; }  // InfinitePast: never
  const std::string& why() const { return why_; }
  ProofVerdict verdict() const { return verdict_; }  // when it was found

 private:
  bool Fresh(absl::Time wall) const { return wall >= at_ && wall - at_ < kLife; }

  ProofVerdict verdict_ = ProofVerdict::kUnknown;
  std::string why_;
  absl::Time at_ = absl::InfinitePast();
  bool completed_ = false;
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_PROOF_H_
