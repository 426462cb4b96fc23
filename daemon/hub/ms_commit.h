// A name for the state of a ModelScope repo, which has no commit of the whole repo. Source: mirrors.md §1.4.
#ifndef HFGET_DAEMON_HUB_MS_COMMIT_H_
#define HFGET_DAEMON_HUB_MS_COMMIT_H_

#include <string>

#include "daemon/hub/manifest.h"

namespace hfget::hub {

// 40 lower-case hex digits that stand for the set of (path, size, sha256), in whatever order it comes: the first 40 of the
// SHA-256 over the lines "path NUL size NUL sha256 LF", sorted. Equal sets give equal names, on every machine.
// REQUIRES: paths are unique and checked (no NUL, no LF).
std::string MsCommit(const ManifestFiles& files);

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_MS_COMMIT_H_
