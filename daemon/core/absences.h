// Which commits a source does not have (yet): not blamed, and not asked for them again for a while.
#ifndef HFGET_DAEMON_CORE_ABSENCES_H_
#define HFGET_DAEMON_CORE_ABSENCES_H_

#include <algorithm>
#include <map>
#include <string>

#include "absl/time/time.h"

namespace hfget::core {

// One source's. Pure. A mirror that lags is asked again after a minute, then after twice as long, up to a quarter of an hour.
// Source: design.md "Manifest".
class Absences {
 public:
  static constexpr absl::Duration kFirst = absl::Minutes(1);
  static constexpr absl::Duration kLongest = absl::Minutes(15);
  // So many are remembered; the one whose term ends first makes room.
  static constexpr size_t kMost = 256;

  void Add(const std::string& commit, absl::Time now) {
    Absence& absence = absences_[commit];
    if (now < absence.until) return;  // several connections find out at once: that is one finding
    absence.length = absence.length == absl::ZeroDuration() ? kFirst : std::min(absence.length * 2, kLongest);
    absence.until = now + absence.length;
    if (absences_.size() <= kMost) return;
    absences_.erase(std::min_element(absences_.begin(), absences_.end(), [](const auto& a, const auto& b) {
      return a.second.until < b.second.until;
    }));
  }
  // It has the commit after all.
  void Remove(const std::string& commit) { absences_.erase(commit); }

  bool Has(const std::string& commit, absl::Time now) const {
    if (absences_.empty()) return false;
    const auto found = absences_.find(commit);
    return found != absences_.end() && now < found->second.until;
  }

 private:
  struct Absence {
    absl::Time until = absl::InfinitePast();
    absl::Duration length;
  };
  std::map<std::string, Absence> absences_;
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_ABSENCES_H_
