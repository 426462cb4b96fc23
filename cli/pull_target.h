// What a pull, or a diagnosis of one, is about: the type that was named, and the folder that files go to.
#ifndef HFGET_CLI_PULL_TARGET_H_
#define HFGET_CLI_PULL_TARGET_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/context.h"
#include "cli/options.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

// "model", "dataset", "space"; anything else is unspecified.
v1::RepoType TypeOfName(const std::string& name);

// Whether a repo that is written so is ModelScope's: "modelscope://…", or a page of it.
bool IsModelScope(absl::string_view repo);

// Absolute; one of the two is empty.
struct TargetFolders {
  std::string local_dir;
  std::string cache_dir;  // found as the hub's own client finds it, when it is not given
};
// Errors: INVALID_ARGUMENT for an option that is given and empty.
absl::StatusOr<TargetFolders> TargetOf(const Context& context, const PullOptions& options);

}  // namespace hfget::cli

#endif  // HFGET_CLI_PULL_TARGET_H_
