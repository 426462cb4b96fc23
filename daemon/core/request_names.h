// Under which names a pull was asked for: the same name means the same pull, for a day.
#ifndef HFGET_DAEMON_CORE_REQUEST_NAMES_H_
#define HFGET_DAEMON_CORE_REQUEST_NAMES_H_

#include <map>
#include <string>

#include "absl/time/time.h"

namespace hfget::core {

class RequestNames {
 public:
  static constexpr absl::Duration kKept = absl::Hours(24);
  // Of one pull. The oldest goes when there is one more.
  static constexpr size_t kMost = 1000;

  // Units: wall clock. A name that is known keeps its time: asking again makes it no younger.
  void Add(const std::string& name, absl::Time now) {
    Expire(now);
    if (name.empty() || !given_.emplace(name, now).second || given_.size() <= kMost) return;
    auto oldest = given_.begin();
    for (auto it = given_.begin(); it != given_.end(); ++it) {
      if (it->second < oldest->second) oldest = it;
    }
    given_.erase(oldest);
  }
  bool Has(const std::string& name, absl::Time now) const {
    const auto found = given_.find(name);
    return found != given_.end() && now - found->second < kKept;
  }
  // Whether one of them still holds.
  bool Any(absl::Time now) const {
    for (const auto& [name, at] : given_) {
      if (now - at < kKept) return true;
    }
    return false;
  }
  const std::map<std::string, absl::Time>& all() const { return given_; }

 private:
  void Expire(absl::Time now) {
    std::erase_if(given_, [now](const auto& given) { return now - given.second >= kKept; });
  }

  std::map<std::string, absl::Time> given_;
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_REQUEST_NAMES_H_
