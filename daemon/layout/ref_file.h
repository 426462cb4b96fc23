// refs/<revision>: the commit that a branch or tag pointed to at the last pull. Source: reference
// §4.1.
#ifndef HFGET_DAEMON_LAYOUT_REF_FILE_H_
#define HFGET_DAEMON_LAYOUT_REF_FILE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "daemon/base/file_system.h"
#include "daemon/layout/target_folder.h"

namespace hfget::layout {

// In `folder`/refs. nullopt when there is none, or not a commit in it.
std::optional<std::string> ReadRefFile(FileSystem& fs, const TargetFolder& target,
                                       absl::string_view folder, const std::string& revision);
// Durable. One that says the same is left alone, and a commit needs none. Staged in `staging`,
// because whatever lies in refs/ is taken for a ref. Errors: INVALID_ARGUMENT for a revision that
// hub::CheckRevision refuses.
absl::Status WriteRefFile(FileSystem& fs, const TargetFolder& target, absl::string_view folder,
                          absl::string_view staging, const std::string& revision,
                          const std::string& commit);

}  // namespace hfget::layout

#endif  // HFGET_DAEMON_LAYOUT_REF_FILE_H_
