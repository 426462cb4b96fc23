// Where a pull's files may go.
#ifndef HFGET_DAEMON_RPC_TARGET_CHECK_H_
#define HFGET_DAEMON_RPC_TARGET_CHECK_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/rpc/door_config.h"

namespace hfget::rpc {

// With allowed_targets, every target must lie in one of them; without, a guest's must lie in the daemon's own caches. What counts
// is where a path leads when all links are followed.
//
// Between this look and the writing, a link could be put in the place of a folder. For the daemon's own user that is no gain. For
// guests every folder from the allowed one down to the target must be such that only the daemon or root can change what is in it
// (OnlyOursToChange), so that no guest can; and the look is repeated when the pull begins, which may be after a restart under
// another configuration. Thread: any that may block: looks at folders, and only where something is restricted.
class TargetCheck {
 public:
  explicit TargetCheck(const DoorConfig& config)
      : own_uid_(config.allowed.own_uid), allowed_(config.allowed_targets), own_caches_(config.own_caches) {}

  // The folder without links, or as it is when nothing is restricted. `owner`: as core::Caller::name. REQUIRES: absolute.
  // Errors: PERMISSION_DENIED, one line that does not say where links lead.
  absl::StatusOr<std::string> Resolve(const std::string& owner, const std::string& folder) const;

  // The same look at a folder that Resolve has answered before.
  absl::Status Repeat(const std::string& owner, const std::string& resolved) const;

 private:
  // From the existing folder at or above `root` down to the last that exists.
  absl::Status CheckChain(const std::string& root, const std::string& folder, bool guest, const std::string& asked) const;

  const uint32_t own_uid_;
  const std::vector<std::string> allowed_, own_caches_;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_TARGET_CHECK_H_
