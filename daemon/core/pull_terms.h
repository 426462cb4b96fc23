// On what terms a pull is wanted: they decide about its turn, not about what it is.
#ifndef HFGET_DAEMON_CORE_PULL_TERMS_H_
#define HFGET_DAEMON_CORE_PULL_TERMS_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "absl/time/time.h"

namespace hfget::core {

using Labels = std::map<std::string, std::string>;

struct PullTerms {
  static constexpr int kHighest = 100;  // of priorities; the lowest is its negative

  int priority = 0;  // higher first
  absl::Time deadline = absl::InfiniteFuture();
  Labels labels;

  // Somebody wants the same on other terms: nobody is served worse than they asked for.
  void TakeOn(const PullTerms& other) {
    priority = std::max(priority, other.priority);
    deadline = std::max(deadline, other.deadline);
    labels.insert(other.labels.begin(), other.labels.end());
  }
};

// The order in which pulls begin: the more urgent, then whose time is over first, then who came first.
struct PullTurn {
  int priority = 0;
  absl::Time deadline = absl::InfiniteFuture();
  int64_t sequence = 0;

  friend bool operator<(const PullTurn& a, const PullTurn& b) {
    return std::tie(b.priority, a.deadline, a.sequence) < std::tie(a.priority, b.deadline, b.sequence);
  }
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_PULL_TERMS_H_
