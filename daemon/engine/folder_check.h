// Tries out the folders that a pull writes to, and leaves them as they were.
#ifndef HFGET_DAEMON_ENGINE_FOLDER_CHECK_H_
#define HFGET_DAEMON_ENGINE_FOLDER_CHECK_H_

#include <optional>
#include <string>
#include <vector>

#include "daemon/base/file_system.h"
#include "daemon/hub/diagnosis_pull.h"
#include "daemon/hub/repo_id.h"

namespace hfget::engine {

struct FolderWish {
  std::string cache_dir;  // when local_dir is empty
  std::string local_dir;
  std::string state_dir;  // empty: not looked at
  std::optional<hub::RepoId> repo;
};

// Blocks: disk pool only.
std::vector<hub::FolderEvidence> TryFolders(FileSystem& fs, const FolderWish& wish);

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_FOLDER_CHECK_H_
