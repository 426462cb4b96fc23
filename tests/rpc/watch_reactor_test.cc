#include "daemon/rpc/watch_reactor.h"

#include <atomic>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/rpc/rpc_fixture.h"

namespace hfget::rpc {
namespace {

using ::testing::HasSubstr;

class WatchReactorTest : public RpcFixture {
 protected:
  // An open stream with its connection.
  struct Stream {
    grpc::ClientContext context;
    std::unique_ptr<v1::Hfget::Stub> stub;
    std::unique_ptr<grpc::ClientReader<v1::WatchPullResponse>> reader;
  };

  std::unique_ptr<Stream> Watch(const std::string& id) {
    auto stream = std::make_unique<Stream>();
    v1::WatchPullRequest request;
    request.set_id(id);
    stream->stub = v1::Hfget::NewStub(NewChannel());
    stream->reader = stream->stub->WatchPull(&stream->context, request);
    return stream;
  }

  // A pull whose snapshot is so large that a few fill every window on the way to a client that does
  // not read.
  static engine::PullSnapshot LargePull(core::PullState state, int64_t done) {
    engine::PullSnapshot pull = APull("p1", state);
    pull.notices.assign(64, std::string(1024, 'n'));
    pull.done = done;
    return pull;
  }
};

TEST_F(WatchReactorTest, TheCurrentSnapshotComesAtOnce) {
  engine_.Add(APull("p1"));
  const auto stream = Watch("p1");
  v1::WatchPullResponse response;
  ASSERT_TRUE(stream->reader->Read(&response));
  EXPECT_EQ(response.pull().id(), "p1");
  stream->context.TryCancel();
  EXPECT_EQ(stream->reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(WatchReactorTest, AnEndedPullGivesOneSnapshotAndEndsOk) {
  engine_.Add(APull("p1", core::PullState::kDone));
  const auto stream = Watch("p1");
  v1::WatchPullResponse response;
  ASSERT_TRUE(stream->reader->Read(&response));
  EXPECT_EQ(response.pull().state(), v1::PULL_STATE_DONE);
  EXPECT_FALSE(stream->reader->Read(&response));
  EXPECT_TRUE(stream->reader->Finish().ok());
}

TEST_F(WatchReactorTest, AnUnknownPullIsNotFound) {
  const auto stream = Watch("nope");
  v1::WatchPullResponse response;
  EXPECT_FALSE(stream->reader->Read(&response));
  EXPECT_EQ(stream->reader->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(WatchReactorTest, ASlowReaderGetsFewerNeverOlderAndTheTerminalOneLast) {
  engine_.Add(APull("p1"));
  const auto stream = Watch("p1");
  v1::WatchPullResponse response;
  ASSERT_TRUE(stream->reader->Read(&response));
  engine_.AwaitWatches(1);
  constexpr int kPublished = 2000;  // 128 MiB: far more than all buffers together
  for (int i = 1; i < kPublished; ++i) {
    engine_.Publish(LargePull(core::PullState::kFetching, i));
  }
  engine_.Publish(LargePull(core::PullState::kDone, kPublished));
  engine_.Publish(
      LargePull(core::PullState::kFetching, 1));  // the engine never does; it must not get through

  int64_t last = 0;
  int received = 0;
  while (stream->reader->Read(&response)) {
    EXPECT_GT(response.pull().done_bytes(), last);
    last = response.pull().done_bytes();
    ++received;
  }
  EXPECT_TRUE(stream->reader->Finish().ok());
  EXPECT_EQ(last, kPublished);
  EXPECT_EQ(response.pull().state(), v1::PULL_STATE_DONE);
  EXPECT_LT(received, kPublished / 2);
}

TEST_F(WatchReactorTest, ACancelledWatchIsForgotten) {
  engine_.Add(APull("p1"));
  auto stream = Watch("p1");
  v1::WatchPullResponse response;
  ASSERT_TRUE(stream->reader->Read(&response));
  engine_.AwaitWatches(1);
  stream->context.TryCancel();
  EXPECT_EQ(stream->reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  server_->Drain(absl::Seconds(60));  // waits for OnDone
  EXPECT_EQ(engine_.Publish(APull("p1")), 0);
}

TEST_F(WatchReactorTest, ADrainEndsAWatchUnavailable) {
  engine_.Add(APull("p1"));
  const auto stream = Watch("p1");
  v1::WatchPullResponse response;
  ASSERT_TRUE(stream->reader->Read(&response));
  server_->Drain(absl::Seconds(60));
  EXPECT_FALSE(stream->reader->Read(&response));
  const grpc::Status status = stream->reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("shutting down"));
}

TEST_F(WatchReactorTest, ADrainWaitsForNoReaderThatSleeps) {
  engine_.Add(APull("p1"));
  const auto stream = Watch("p1");
  v1::WatchPullResponse response;
  ASSERT_TRUE(stream->reader->Read(&response));
  engine_.AwaitWatches(1);
  for (int i = 1; i < 200; ++i) engine_.Publish(LargePull(core::PullState::kFetching, i));
  server_->Drain(absl::Milliseconds(50));  // returns: that is the test
  while (stream->reader->Read(&response)) {
  }
  EXPECT_FALSE(stream->reader->Finish().ok());
}

// The odds of a race between publish, cancel and drain are small in one run: many streams,
// cancelled at many moments.
TEST_F(WatchReactorTest, AHundredWatchersSurviveCancelsAndADrain) {
  engine_.Add(APull("p1"));
  std::atomic<bool> stop{false};
  std::thread publisher([&] {
    for (int64_t i = 1; !stop; ++i) {
      engine_.Publish(LargePull(core::PullState::kFetching, i));
      std::this_thread::yield();
    }
  });
  constexpr int kThreads = 10, kRounds = 10;
  std::vector<std::thread> readers;
  std::atomic<int> wrong{0};
  for (int t = 0; t < kThreads; ++t) {
    readers.emplace_back([&, t] {
      for (int round = 0; round < kRounds; ++round) {
        const auto stream = Watch("p1");
        v1::WatchPullResponse response;
        int64_t last = -1;
        for (int reads = 0; reads <= (t + round) % 7; ++reads) {
          if (!stream->reader->Read(&response)) break;
          if (response.pull().done_bytes() < last) ++wrong;
          last = response.pull().done_bytes();
        }
        stream->context.TryCancel();
        while (stream->reader->Read(&response)) {
        }
        if (stream->reader->Finish().ok()) ++wrong;
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  std::vector<std::unique_ptr<Stream>> open;
  for (int i = 0; i < 20; ++i) open.push_back(Watch("p1"));
  engine_.AwaitWatches(kThreads * kRounds + 20);
  server_->Drain(absl::Seconds(1));
  stop = true;
  publisher.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(engine_.watchers("p1"), 0);
}

}  // namespace
}  // namespace hfget::rpc
