// The pinned listing of one repo at one commit: path, size and content hash of every file.
#ifndef HFGET_DAEMON_HUB_MANIFEST_H_
#define HFGET_DAEMON_HUB_MANIFEST_H_

#include <deque>
#include <string>

#include "daemon/base/content_hash.h"
#include "daemon/base/types.h"
#include "daemon/hub/repo_id.h"

namespace hfget::hub {

struct ManifestFile {
  std::string path;      // checked: relative, no "..", safe to join to a folder (see path_check.h)
  ByteCount size = 0;
  ContentHash hash;      // git blob SHA-1 of a regular file, SHA-256 of an LFS file
  std::string git_oid;   // an LFS file's pointer blob; empty for a regular file, whose blob is hash.hex
  std::string xet_hash;  // empty when the hub names none
};

// A deque: where a file lies does not change while more are added at the end.
using ManifestFiles = std::deque<ManifestFile>;

struct Manifest {
  RepoId repo;
  std::string commit;   // 40 hex
  ManifestFiles files;  // in the order of the listing; paths unique
};

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_MANIFEST_H_
