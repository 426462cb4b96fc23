#include "daemon/store/log_chain.h"

#include <algorithm>

namespace hfget::store {
namespace {

// A batch as it is in the log begins with the number of its first change, little endian, 8 bytes.
uint64_t SequenceOf(const rocksdb::WriteBatch& batch) {
  const std::string& bytes = batch.Data();
  uint64_t sequence = 0;
  for (size_t i = std::min<size_t>(8, bytes.size()); i > 0; --i) {
    sequence = sequence << 8 | static_cast<uint8_t>(bytes[i - 1]);
  }
  return sequence;
}

}  // namespace

rocksdb::WalFilter::WalProcessingOption LogChain::LogRecordFound(unsigned long long,
                                                                 const std::string&,
                                                                 const rocksdb::WriteBatch& batch,
                                                                 rocksdb::WriteBatch*, bool*) {
  const uint64_t first = SequenceOf(batch);
  broken_ = broken_ || first > next_;
  if (broken_) return WalProcessingOption::kStopReplay;
  next_ = std::max(next_, first + static_cast<uint64_t>(batch.Count()));
  return WalProcessingOption::kContinueProcessing;
}

}  // namespace hfget::store
