// hfget doctor: the folders that a pull writes to, and whether a pull would work.
#ifndef HFGET_DAEMON_HUB_DIAGNOSIS_PULL_H_
#define HFGET_DAEMON_HUB_DIAGNOSIS_PULL_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "daemon/base/types.h"
#include "daemon/hub/finding.h"

namespace hfget::hub {

// What the daemon found when it tried out a folder.
struct FolderEvidence {
  enum class Use { kCache, kLocalDir, kState };

  Use use = Use::kCache;
  std::string path;
  absl::Status writable;           // of making it and writing a file in it
  bool one_file_system = true;     // unfinished files and finished ones: a rename between them is possible
  absl::Status lock;               // of taking a lock in it; kCache only
  std::optional<ByteCount> free;   // nullopt: the file system does not say
};

// The worst that is to say of it. Check: "disk".
Finding JudgeFolder(const FolderEvidence& folder);

// `works`: sources that a pull would get the listing and bytes from. `blockers`: what would stop it whatever the sources do.
// `repo`: empty when nobody asked for one. Check: "pull".
Finding JudgePull(const std::string& repo, const std::vector<std::string>& works, const std::vector<Finding>& blockers);

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_DIAGNOSIS_PULL_H_
