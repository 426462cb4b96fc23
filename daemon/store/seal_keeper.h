// Keeps the seal of an open database up to date, and tells of errors that RocksDB meets on its own
// threads.
#ifndef HFGET_DAEMON_STORE_SEAL_KEEPER_H_
#define HFGET_DAEMON_STORE_SEAL_KEEPER_H_

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/listener.h>

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "daemon/store/seal.h"

namespace hfget::store {

// Thread: any; RocksDB's own for the events.
class SealKeeper final : public rocksdb::EventListener {
 public:
  SealKeeper(rocksdb::Env* env, std::string folder) : env_(env), folder_(std::move(folder)) {}

  // Writes a seal with these two and what the manifest has now; from here on it follows the events.
  absl::Status Begin(rocksdb::DB& db, uint64_t sequence, uint64_t log);
  // Events are no longer followed. `db` is flushed; returns the seal to write when it is closed.
  absl::StatusOr<Seal> End(rocksdb::DB& db);

  void OnFlushCompleted(rocksdb::DB* db, const rocksdb::FlushJobInfo&) override { Renew(*db); }
  void OnCompactionCompleted(rocksdb::DB* db, const rocksdb::CompactionJobInfo&) override {
    Renew(*db);
  }
  // RocksDB's own recovery goes on with a log whose last write has failed, and its assertions (Debian
  // builds with them) end the process then. RocksStore opens it anew instead.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override;

 private:
  void Renew(rocksdb::DB& db);

  rocksdb::Env* const env_;
  const std::string folder_;

  absl::Mutex mu_;
  bool following_ ABSL_GUARDED_BY(mu_) = false;
  Seal seal_ ABSL_GUARDED_BY(mu_);
};

}  // namespace hfget::store

#endif  // HFGET_DAEMON_STORE_SEAL_KEEPER_H_
