// Which file of a repo a bench measures with.
#ifndef HFGET_DAEMON_ENGINE_BENCH_FILE_H_
#define HFGET_DAEMON_ENGINE_BENCH_FILE_H_

#include <vector>

#include "daemon/base/types.h"
#include "daemon/hub/manifest.h"

namespace hfget::engine {

// The smallest large file (LFS: those are what data hosts serve) that has `bytes`, or else the largest one; for want of any, the largest
// file. nullptr: none has a byte. Pure.
inline const hub::ManifestFile* BenchFile(const std::vector<const hub::ManifestFile*>& files, ByteCount bytes) {
  const auto is_large = [](const hub::ManifestFile& file) { return file.hash.kind == ContentHash::Kind::kSha256; };
  const hub::ManifestFile* chosen = nullptr;
  for (const hub::ManifestFile* file : files) {
    if (file->size == 0) continue;
    if (chosen == nullptr || (is_large(*file) && !is_large(*chosen))) {
      chosen = file;
      continue;
    }
    if (is_large(*file) != is_large(*chosen)) continue;
    const bool enough = chosen->size >= bytes;
    const bool better = enough ? file->size >= bytes && file->size < chosen->size : file->size > chosen->size;
    if (better) chosen = file;
  }
  return chosen;
}

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_BENCH_FILE_H_
