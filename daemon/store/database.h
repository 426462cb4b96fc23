// A RocksDB in a folder, opened after it was looked over.
#ifndef HFGET_DAEMON_STORE_DATABASE_H_
#define HFGET_DAEMON_STORE_DATABASE_H_

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/write_batch.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/store/inspection.h"
#include "daemon/store/promise_mark.h"
#include "daemon/store/seal_keeper.h"

namespace hfget::store {

// RocksDB's lock on a folder: held while it is looked at and moved, so that a live daemon's store
// is left alone.
class FolderLock {
 public:
  // Makes the folder when absent. Errors: ALREADY_EXISTS when somebody holds it;
  // FAILED_PRECONDITION when `path` is not a folder, or its file system has no locks; DATA_LOSS
  // when there is a folder in the lock's place; PERMISSION_DENIED, ….
  static absl::StatusOr<std::unique_ptr<FolderLock>> Take(rocksdb::Env* env,
                                                          const std::string& path);
  ~FolderLock();

 private:
  FolderLock(rocksdb::Env* env, rocksdb::FileLock* lock) : env_(env), lock_(lock) {}

  rocksdb::Env* const env_;
  rocksdb::FileLock* const lock_;
};

// Thread: any (RocksDB's own rule), but NotePromise: one at a time.
class Database {
 public:
  // REQUIRES: inspected just before. Errors: ALREADY_EXISTS when somebody was faster, ….
  static absl::StatusOr<std::unique_ptr<Database>> Open(const DatabasePlace& place,
                                                        LogRecovery recovery);
  // A new one that begins with `content`, m/schema among it when it is not empty.
  // REQUIRES: nothing is at the place.
  static absl::StatusOr<std::unique_ptr<Database>> Make(const DatabasePlace& place,
                                                        rocksdb::WriteBatch& content);
  // Flushes, notes that all is there, closes.
  ~Database();

  rocksdb::DB& db() { return *db_; }
  const std::string& digest_key() const { return digest_key_; }
  // All that was written is synced.
  void NotePromise();
  // What is in memory must not reach the files: they are behind an error.
  void Distrust() { trusted_ = false; }

 private:
  explicit Database(const DatabasePlace& place)
      : place_(place), seal_(std::make_shared<SealKeeper>(place.env, place.path)) {}

  absl::Status OpenRocks(rocksdb::Options options);
  absl::Status Prepare();
  absl::Status MakeDigestKey();
  rocksdb::Status Close();

  const DatabasePlace place_;
  const std::shared_ptr<SealKeeper> seal_;
  std::unique_ptr<rocksdb::DB> db_;
  std::unique_ptr<PromiseMark> promised_;
  std::string digest_key_;
  bool trusted_ = true;
};

}  // namespace hfget::store

#endif  // HFGET_DAEMON_STORE_DATABASE_H_
