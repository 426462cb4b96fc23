#include "daemon/rpc/snapshot_bytes.h"

#include <string>

#include "daemon/rpc/convert.h"
#include "daemon/rpc/place_token.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::rpc {
namespace {

// Fields of a message may stand in any order and be encoded apart: their bytes one after the other are the message.
using One = v1::WatchPullResponse;
using Any = v1::WatchPullsResponse;
static_assert(static_cast<int>(One::kPullFieldNumber) == static_cast<int>(Any::kPullFieldNumber));
static_assert(static_cast<int>(One::kResumeTokenFieldNumber) == static_cast<int>(Any::kResumeTokenFieldNumber));

}  // namespace

grpc::ByteBuffer SnapshotBytes::MessageOf(const Snapshot& snapshot, const core::Caller& caller, int64_t change) {
  One token;
  token.set_resume_token(ToPlaceToken(change));
  const grpc::Slice slices[] = {FieldOf(snapshot, caller), grpc::Slice(token.SerializeAsString())};
  return grpc::ByteBuffer(slices, 2);
}

grpc::Slice SnapshotBytes::FieldOf(const Snapshot& snapshot, const core::Caller& caller) {
  std::optional<grpc::Slice>& field = EntryOf(snapshot).field[caller.trusted()];
  if (!field) {
    One pull;
    *pull.mutable_pull() = ToProto(*snapshot, caller);
    field.emplace(pull.SerializeAsString());
    ++encoded_;
  }
  return *field;
}

SnapshotBytes::Entry& SnapshotBytes::EntryOf(const Snapshot& snapshot) {
  for (Entry& entry : entries_) {
    if (entry.snapshot == snapshot) return entry;
  }
  Entry& entry = entries_[oldest_];
  oldest_ = (oldest_ + 1) % kRemembered;
  entry = {snapshot, {}};
  return entry;
}

}  // namespace hfget::rpc
