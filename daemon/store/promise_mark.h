// How far the log is known to be on the disk. RocksDB takes a log that ends early, or whose next
// length is wrong, for one that was being written when the process died; with this mark beside it,
// a log that has lost a promise is seen.
#ifndef HFGET_DAEMON_STORE_PROMISE_MARK_H_
#define HFGET_DAEMON_STORE_PROMISE_MARK_H_

#include <rocksdb/env.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace hfget::store {

// Thread: one at a time.
class PromiseMark {
 public:
  // The sequence number that must be reached; 0 when the mark is absent or damaged.
  static uint64_t Read(rocksdb::Env* env, const std::string& folder);

  // In place of the one that is there.
  static absl::StatusOr<std::unique_ptr<PromiseMark>> Make(rocksdb::Env* env,
                                                           const std::string& folder,
                                                           uint64_t sequence);

  // REQUIRES: synced up to `sequence`. Not synced itself, because it may lag and must not lead.
  absl::Status Move(uint64_t sequence);

 private:
  explicit PromiseMark(std::unique_ptr<rocksdb::RandomRWFile> file) : file_(std::move(file)) {}

  const std::unique_ptr<rocksdb::RandomRWFile> file_;
};

}  // namespace hfget::store

#endif  // HFGET_DAEMON_STORE_PROMISE_MARK_H_
