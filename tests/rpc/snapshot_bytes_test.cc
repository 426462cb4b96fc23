#include "daemon/rpc/snapshot_bytes.h"

#include <memory>
#include <string>

#include "daemon/rpc/convert.h"
#include "daemon/rpc/place_token.h"
#include "gtest/gtest.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::rpc {
namespace {

const core::Caller kOwn;
const core::Caller kGuest{"user 1000"};

SnapshotBytes::Snapshot ASnapshot(int64_t done) {
  auto snapshot = std::make_shared<engine::PullSnapshot>();
  snapshot->id = "p1";
  snapshot->repo.name = "org/model";
  snapshot->state = core::PullState::kFetching;
  snapshot->done = done;
  snapshot->shares.push_back({"tuna", 5, 6, 7, "does not have somebody's commit"});
  return snapshot;
}

template <typename Message>
Message Read(grpc::ByteBuffer bytes) {
  Message message;
  EXPECT_TRUE(grpc::SerializationTraits<Message>::Deserialize(&bytes, &message).ok());
  return message;
}

TEST(SnapshotBytesTest, AMessageIsWhatItWouldBeByItself) {
  SnapshotBytes bytes;
  const auto snapshot = ASnapshot(3);
  v1::WatchPullResponse one;
  *one.mutable_pull() = ToProto(*snapshot, kOwn);
  one.set_resume_token(ToPlaceToken(77));
  EXPECT_EQ(Read<v1::WatchPullResponse>(bytes.MessageOf(snapshot, kOwn, 77)).SerializeAsString(), one.SerializeAsString());
  const auto any = Read<v1::WatchPullsResponse>(bytes.MessageOf(snapshot, kOwn, 78));
  EXPECT_EQ(any.pull().SerializeAsString(), one.pull().SerializeAsString());
  EXPECT_EQ(any.resume_token(), ToPlaceToken(78));
  EXPECT_FALSE(any.incomplete());
}

TEST(SnapshotBytesTest, ASnapshotIsEncodedOnceForManyReaders) {
  SnapshotBytes bytes;
  const auto first = ASnapshot(1), second = ASnapshot(2);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(Read<v1::WatchPullResponse>(bytes.MessageOf(first, kOwn, i)).pull().done_bytes(), 1);
    EXPECT_EQ(Read<v1::WatchPullResponse>(bytes.MessageOf(second, kOwn, i)).pull().done_bytes(), 2);
  }
  EXPECT_EQ(bytes.encoded(), 2);
}

TEST(SnapshotBytesTest, AGuestNeverGetsTheBytesOfOneWhoIsTrusted) {
  SnapshotBytes bytes;
  const auto snapshot = ASnapshot(1);
  for (int i = 0; i < 2; ++i) {
    EXPECT_NE(Read<v1::WatchPullResponse>(bytes.MessageOf(snapshot, kOwn, 1)).pull().sources(0).note(), "");
    EXPECT_EQ(Read<v1::WatchPullResponse>(bytes.MessageOf(snapshot, kGuest, 1)).pull().sources(0).note(), "");
  }
  EXPECT_EQ(bytes.encoded(), 2);
}

// A snapshot that is remembered is held, so that no other one can come to lie at its address and be taken for it.
TEST(SnapshotBytesTest, ManySnapshotsAreNeverMixedUp) {
  SnapshotBytes bytes;
  for (int64_t done = 1; done < 200; ++done) {
    EXPECT_EQ(Read<v1::WatchPullResponse>(bytes.MessageOf(ASnapshot(done), kOwn, 1)).pull().done_bytes(), done);
  }
}

}  // namespace
}  // namespace hfget::rpc
