// What a pull, or a diagnosis of one, is about: the type that was named, and the folder that files go to.
#ifndef HFGET_CLI_PULL_TARGET_H_
#define HFGET_CLI_PULL_TARGET_H_

#include <string>

#include "absl/status/statusor.h"
#include "cli/context.h"
#include "cli/options.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

// "model", "dataset", "space"; anything else is unspecified.
v1::RepoType TypeOfName(const std::string& name);

// Absolute; one of the two is empty.
struct TargetFolders {
  std::string local_dir;
  std::string cache_dir;  // found as huggingface_hub finds it, when it is not given
};
// Errors: INVALID_ARGUMENT for an option that is given and empty.
absl::StatusOr<TargetFolders> TargetOf(const Context& context, const PullOptions& options);

}  // namespace hfget::cli

#endif  // HFGET_CLI_PULL_TARGET_H_
