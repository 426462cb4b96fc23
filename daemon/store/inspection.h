// Looks a folder over before RocksDB may open it for writing: RocksDB alone would take a lost
// CURRENT for a new database, a cut MANIFEST for an older one and a lost log for an empty one, and
// then delete the files that it no longer knows.
#ifndef HFGET_DAEMON_STORE_INSPECTION_H_
#define HFGET_DAEMON_STORE_INSPECTION_H_

#include <rocksdb/env.h>
#include <rocksdb/options.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/store/schema.h"

namespace hfget::store {

// How much of a damaged log to believe.
enum class LogRecovery {
  kStrict,        // all of it, but for a record that was being written when the process died
  kBeforeDamage,  // what stands before the first damage
};

struct DatabasePlace {
  rocksdb::Env* env;
  std::string path;
  const Schema* schema;
};

rocksdb::Options RocksOptions(rocksdb::Env* env, LogRecovery recovery);
// The same for one who only looks: RocksDB's own LOG is not written.
rocksdb::Options LookingOptions(rocksdb::Env* env, LogRecovery recovery);

// Without the lock and RocksDB's own LOG, which say nothing about what is stored.
absl::StatusOr<std::vector<std::string>> FilesIn(rocksdb::Env* env, const std::string& path);

// What the tables reached, the logs apart. Errors: as InspectDatabase.
absl::StatusOr<uint64_t> TablesSequence(rocksdb::Env* env, const std::string& path,
                                        LogRecovery recovery);

// The process died while it made the store: nothing was ever written into it.
bool DiedWhileMade(const std::vector<std::string>& files);

// Reads everything and changes nothing. REQUIRES: the folder is locked. Errors: DATA_LOSS when a
// file or the newest changes are damaged or missing; FAILED_PRECONDITION for a newer schema.
absl::Status InspectDatabase(const DatabasePlace& place, LogRecovery recovery);

}  // namespace hfget::store

#endif  // HFGET_DAEMON_STORE_INSPECTION_H_
