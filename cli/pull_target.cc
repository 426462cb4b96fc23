#include "cli/pull_target.h"

#include "absl/strings/match.h"
#include "cli/hub_settings.h"

namespace hfget::cli {

v1::RepoType TypeOfName(const std::string& name) {
  if (name == "model") return v1::REPO_TYPE_MODEL;
  if (name == "dataset") return v1::REPO_TYPE_DATASET;
  return name == "space" ? v1::REPO_TYPE_SPACE : v1::REPO_TYPE_UNSPECIFIED;
}

bool IsModelScope(absl::string_view repo) {
  for (const absl::string_view start : {"modelscope://", "https://modelscope.cn/", "https://www.modelscope.cn/",
                                        "https://modelscope.ai/", "https://www.modelscope.ai/"}) {
    if (absl::StartsWithIgnoreCase(repo, start)) return true;
  }
  return false;
}

absl::StatusOr<TargetFolders> TargetOf(const Context& context, const PullOptions& options) {
  if (options.has_local_dir && options.local_dir.empty()) {
    return absl::InvalidArgumentError("--local-dir needs a folder");
  }
  if (options.has_cache_dir && options.cache_dir.empty()) {
    return absl::InvalidArgumentError("--cache-dir needs a folder");
  }
  const auto absolute = [&](const std::string& path) {
    return AbsolutePath(context.cwd, context.env.ExpandUser(path));
  };
  TargetFolders target;
  if (options.has_local_dir) {
    target.local_dir = absolute(options.local_dir);
  } else {
    const std::string found =
        IsModelScope(options.repo) ? ModelScopeCacheDir(context.env) : HubCacheDir(context.env);
    target.cache_dir = options.has_cache_dir ? absolute(options.cache_dir) : AbsolutePath(context.cwd, found);
  }
  return target;
}

}  // namespace hfget::cli
