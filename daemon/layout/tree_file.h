// trees/<commit>.json: the full listing of a commit, as huggingface_hub >= 1.22 keeps it to know,
// offline, whether a snapshot is complete. Source: reference §4.1.
#ifndef HFGET_DAEMON_LAYOUT_TREE_FILE_H_
#define HFGET_DAEMON_LAYOUT_TREE_FILE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "daemon/base/file_system.h"
#include "daemon/hub/manifest.h"
#include "daemon/layout/target_folder.h"

namespace hfget::layout {

// Who reads a tree file: both they and we, or we alone.
enum class TreeReader { kClient, kHfget };

// Empty when the listing lacks what the reader needs: a hash of every file and, for the client, the
// git id of its pointer where it is an LFS file. Xet hashes are left out: a client that finds one
// fetches by it, without asking the hub and without checking the SHA-256, so one that came from a
// mirror could lead it to other bytes. Without, it asks the hub.
std::string TreeToJson(const hub::Manifest& manifest,
                       TreeReader reader = TreeReader::kClient);

// `repo` and `commit` of the answer are left empty. nullopt when `json` is not a tree of format 1
// or holds a path that hub::CheckPath refuses.
std::optional<hub::Manifest> TreeFromJson(absl::string_view json);

// In `folder`/trees. A good file that is there is kept: the client's own may hold more than ours.
absl::Status WriteTreeFile(FileSystem& fs, const TargetFolder& target, absl::string_view folder,
                           const hub::Manifest& manifest,
                           TreeReader reader = TreeReader::kClient);
std::optional<hub::Manifest> ReadTreeFile(FileSystem& fs, const TargetFolder& target,
                                          absl::string_view folder, const hub::RepoId& repo,
                                          const std::string& commit);

}  // namespace hfget::layout

#endif  // HFGET_DAEMON_LAYOUT_TREE_FILE_H_
