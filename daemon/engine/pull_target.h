// Where the files of a request go.
#ifndef HFGET_DAEMON_ENGINE_PULL_TARGET_H_
#define HFGET_DAEMON_ENGINE_PULL_TARGET_H_

#include <memory>
#include <string>

#include "daemon/engine/api.h"
#include "daemon/engine/config.h"
#include "daemon/layout/layout.h"

namespace hfget::engine {

// The cache of a request that names no folder.
const std::string& DefaultCache(const hub::RepoId& repo, const EngineConfig& config);

// REQUIRES: one of its folders is set.
std::shared_ptr<layout::Layout> LayoutOf(const PullSpec& spec, const std::string& commit);

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_PULL_TARGET_H_
