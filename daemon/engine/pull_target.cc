#include "daemon/engine/pull_target.h"

#include "daemon/base/sha256.h"
#include "daemon/disk/digest.h"

namespace hfget::engine {

const std::string& DefaultCache(const hub::RepoId& repo, const EngineConfig& config) {
  return repo.hub == hub::Hub::kModelScope ? config.modelscope_cache_dir : config.cache_dir;
}

std::shared_ptr<layout::Layout> LayoutOf(const PullSpec& spec, const std::string& commit) {
  const auto hash_file = [](FileSystem& fs, const std::string& path, const ContentHash& like) {
    return disk::HashFile(fs, path, like);
  };
  if (!spec.local_dir.empty()) return layout::NewLocalDirLayout(spec.local_dir, spec.repo, commit, hash_file);
  if (spec.repo.hub != hub::Hub::kModelScope) return layout::NewHfCacheLayout(spec.cache_dir, spec.repo, commit);
  return layout::NewModelScopeCacheLayout(spec.cache_dir, spec.repo, spec.revision, commit, hash_file, &Sha256Hex);
}

}  // namespace hfget::engine
