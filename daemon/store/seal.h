// A note beside RocksDB's files of how far they went, so that a later opening sees when newest
// changes are missing.
#ifndef HFGET_DAEMON_STORE_SEAL_H_
#define HFGET_DAEMON_STORE_SEAL_H_

#include <rocksdb/env.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace hfget::store {

// The beginning of a MANIFEST, RocksDB's table of contents, which only grows. RocksDB takes one
// that is cut, or whose last entries have a wrong length, for an older one.
struct ManifestMark {
  uint64_t number = 0;  // MANIFEST-<number>; 0: not known
  uint64_t bytes = 0;
  uint64_t hash = 0;  // XXH3-64 of so many bytes
};

struct Seal {
  uint64_t sequence = 0;  // RocksDB's sequence number that the tables reached at least
  uint64_t log =
      0;  // the log in use, or a newer one, must be there; 0: closed, nothing was left in it
  ManifestMark manifest;  // what was synced of it, or a newer one, must be there
};

// A seal that is absent or damaged says nothing: all zero. So does one of the time before there was
// a ManifestMark of its manifest.
Seal ReadSeal(rocksdb::Env* env, const std::string& folder);
absl::Status WriteSeal(rocksdb::Env* env, const std::string& folder, const Seal& seal);

// Of the first `bytes` of MANIFEST-<number>. Errors: DATA_LOSS when it is shorter or absent, ….
absl::StatusOr<ManifestMark> MarkManifest(rocksdb::Env* env, const std::string& folder,
                                          uint64_t number, uint64_t bytes);

}  // namespace hfget::store

#endif  // HFGET_DAEMON_STORE_SEAL_H_
