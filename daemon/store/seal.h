// A note beside RocksDB's files of how far they went, so that a later opening sees when newest
// changes are missing.
#ifndef HFGET_DAEMON_STORE_SEAL_H_
#define HFGET_DAEMON_STORE_SEAL_H_

#include <rocksdb/env.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace hfget::store {

struct Seal {
  uint64_t sequence = 0;  // RocksDB's sequence number that the tables reached at least
  uint64_t log =
      0;  // the log in use, or a newer one, must be there; 0: closed, nothing was left in it
};

// A seal that is absent or damaged says nothing: all zero.
Seal ReadSeal(rocksdb::Env* env, const std::string& folder);
absl::Status WriteSeal(rocksdb::Env* env, const std::string& folder, const Seal& seal);

}  // namespace hfget::store

#endif  // HFGET_DAEMON_STORE_SEAL_H_
