// Follows the logs while RocksDB replays them: every change has the next sequence numbers, so a
// change that is missing in the middle, or between the tables and the first log, shows. RocksDB
// itself tolerates a log that ends early before another one, and one that is absent.
#ifndef HFGET_DAEMON_STORE_LOG_CHAIN_H_
#define HFGET_DAEMON_STORE_LOG_CHAIN_H_

#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

#include <cstdint>
#include <string>

namespace hfget::store {

// Thread: that which opens the database.
class LogChain final : public rocksdb::WalFilter {
 public:
  // `reached`: by the tables.
  explicit LogChain(uint64_t reached) : next_(reached + 1) {}

  // A gap was met; the replay has ended before it.
  bool broken() const { return broken_; }

  WalProcessingOption LogRecordFound(unsigned long long log, const std::string& name,
                                     const rocksdb::WriteBatch& batch, rocksdb::WriteBatch*,
                                     bool*) override;
  const char* Name() const override { return "LogChain"; }

 private:
  uint64_t next_;
  bool broken_ = false;
};

// Replays nothing: what the tables alone reached.
class NoReplay final : public rocksdb::WalFilter {
 public:
  WalProcessingOption LogRecordFound(unsigned long long, const std::string&,
                                     const rocksdb::WriteBatch&, rocksdb::WriteBatch*,
                                     bool*) override {
    return WalProcessingOption::kStopReplay;
  }
  const char* Name() const override { return "NoReplay"; }
};

}  // namespace hfget::store

#endif  // HFGET_DAEMON_STORE_LOG_CHAIN_H_
