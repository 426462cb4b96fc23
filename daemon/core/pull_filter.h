// Which pulls somebody wants to hear of.
#ifndef HFGET_DAEMON_CORE_PULL_FILTER_H_
#define HFGET_DAEMON_CORE_PULL_FILTER_H_

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "daemon/core/pull_state.h"
#include "daemon/core/pull_terms.h"

namespace hfget::core {

// What is empty keeps all.
struct PullFilter {
  std::optional<std::string> owner;  // whose; none: anybody's
  Labels labels;                     // all of these; an empty value: any
  std::vector<PullState> states;     // one of these
  std::string repo;                  // as it is shown

  // Whether it is about this pull, whatever its state.
  bool Concerns(absl::string_view whose, const Labels& having, absl::string_view shown_repo) const {
    if (owner && *owner != whose) return false;
    if (!repo.empty() && repo != shown_repo) return false;
    return std::all_of(labels.begin(), labels.end(), [&having](const auto& wanted) {
      const auto found = having.find(wanted.first);
      return found != having.end() && (wanted.second.empty() || wanted.second == found->second);
    });
  }
  bool Keeps(PullState state) const {
    return states.empty() || std::find(states.begin(), states.end(), state) != states.end();
  }
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_PULL_FILTER_H_
