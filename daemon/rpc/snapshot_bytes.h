// What is sent of snapshots, encoded once for all who read it.
#ifndef HFGET_DAEMON_RPC_SNAPSHOT_BYTES_H_
#define HFGET_DAEMON_RPC_SNAPSHOT_BYTES_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "daemon/core/access.h"
#include "daemon/engine/api.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/slice.h"

namespace hfget::rpc {

// A snapshot of which twenty are told has one encoding for those who are trusted and one for guests; a message is that and its resume token,
// and what it has in common with the others is counted, not copied. Remembers the last few. Thread: one, the postman's.
class SnapshotBytes {
 public:
  using Snapshot = std::shared_ptr<const engine::PullSnapshot>;

  // A WatchPullResponse, and as well a WatchPullsResponse: both have the same fields. `change`: for the resume token.
  grpc::ByteBuffer MessageOf(const Snapshot& snapshot, const core::Caller& caller, int64_t change);

  // For tests: how many snapshots were encoded.
  int encoded() const { return encoded_; }

 private:
  // By what ToProto makes of the caller: it knows guests, and no more.
  struct Entry {
    Snapshot snapshot;
    std::array<std::optional<grpc::Slice>, 2> field;  // `pull`; for a guest, for one who is trusted
  };

  // Readers are called in the order in which they were told, so that those of one snapshot mostly stand together.
  static constexpr size_t kRemembered = 16;

  grpc::Slice FieldOf(const Snapshot& snapshot, const core::Caller& caller);
  Entry& EntryOf(const Snapshot& snapshot);

  std::array<Entry, kRemembered> entries_;
  size_t oldest_ = 0;
  int encoded_ = 0;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_SNAPSHOT_BYTES_H_
