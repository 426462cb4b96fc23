// A RocksDB in a folder, opened with suspicion: RocksDB alone would take a lost CURRENT for a new
// database, a cut MANIFEST for an older one and a lost log for an empty one, and then delete the
// files that it no longer knows.
#ifndef HFGET_DAEMON_STORE_DATABASE_H_
#define HFGET_DAEMON_STORE_DATABASE_H_

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace hfget::store {

// How much of a damaged log to believe.
enum class LogRecovery {
  kStrict,        // all of it, but for a record that was being written when the process died
  kBeforeDamage,  // what stands before the first damage
};

// RocksDB's lock on a folder: held while it is looked at and moved, so that a live daemon's store
// is left alone.
class FolderLock {
 public:
  // Makes the folder when absent. Errors: ALREADY_EXISTS when somebody holds it;
  // FAILED_PRECONDITION when `path` is not a folder; PERMISSION_DENIED, ….
  static absl::StatusOr<std::unique_ptr<FolderLock>> Take(rocksdb::Env* env,
                                                          const std::string& path);
  ~FolderLock();

 private:
  FolderLock(rocksdb::Env* env, rocksdb::FileLock* lock) : env_(env), lock_(lock) {}

  rocksdb::Env* const env_;
  rocksdb::FileLock* const lock_;
};

// Reads everything and changes nothing. REQUIRES: the folder is locked. Errors: DATA_LOSS when a
// file or the newest changes are damaged or missing; FAILED_PRECONDITION for a newer schema.
absl::Status InspectDatabase(rocksdb::Env* env, const std::string& path, LogRecovery recovery);

// Thread: any (RocksDB's own rule).
class Database {
 public:
  // REQUIRES: inspected just before. Errors: ALREADY_EXISTS when somebody was faster, ….
  static absl::StatusOr<std::unique_ptr<Database>> Open(rocksdb::Env* env, const std::string& path,
                                                        LogRecovery recovery);
  // Flushes, notes that all is there, closes.
  ~Database();

  rocksdb::DB& db() { return *db_; }
  const std::string& digest_key() const { return digest_key_; }
  // What is in memory must not reach the files: they are behind an error.
  void Distrust() { trusted_ = false; }

 private:
  Database(rocksdb::Env* env, std::string path, rocksdb::DB* db)
      : env_(env), path_(std::move(path)), db_(db) {}

  absl::Status Prepare();
  absl::Status MakeDigestKey();

  rocksdb::Env* const env_;
  const std::string path_;
  std::unique_ptr<rocksdb::DB> db_;
  std::string digest_key_;
  bool trusted_ = true;
};

}  // namespace hfget::store

#endif  // HFGET_DAEMON_STORE_DATABASE_H_
