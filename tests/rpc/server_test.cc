#include "daemon/rpc/server.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "tests/rpc/rpc_fixture.h"

namespace hfget::rpc {
namespace {

using ::hfget::testing::StatusIs;
using ::testing::HasSubstr;

class ServerTest : public RpcFixture {
 protected:
  // One message there, one back, of a service whose classes Debian does not install. `ok`: whether
  // an answer came.
  std::string Ask(const std::string& method, const std::string& request, grpc::Status* status) {
    grpc::GenericStub stub(NewChannel());
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    const auto call = stub.PrepareCall(&context, method, &queue);
    void* tag;
    bool ok;
    call->StartCall(nullptr);
    queue.Next(&tag, &ok);
    const grpc::Slice slice(request);
    call->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
    queue.Next(&tag, &ok);
    grpc::ByteBuffer answer;
    call->Read(&answer, nullptr);
    queue.Next(&tag, &ok);
    std::string bytes;
    if (ok) {
      std::vector<grpc::Slice> slices;
      EXPECT_TRUE(answer.Dump(&slices).ok());
      for (const auto& s : slices) bytes.append(s.begin(), s.end());
    }
    call->Finish(status, nullptr);
    queue.Next(&tag, &ok);
    return bytes;
  }
};

constexpr char kHealthWatch[] = "/grpc.health.v1.Health/Watch";
constexpr char kNotServing[] = "\x08\x02";  // HealthCheckResponse{status: NOT_SERVING}
constexpr char kUnknown[] = "\x08\x03";      // … SERVICE_UNKNOWN
constexpr char kServing[] = "\x08\x01";  // HealthCheckResponse{status: SERVING}
constexpr char kHealth[] = "/grpc.health.v1.Health/Check";

// An open Health.Watch.
class HealthWatch {
 public:
  HealthWatch(const std::shared_ptr<grpc::Channel>& channel, const std::string& request) : stub_(channel) {
    call_ = stub_.PrepareCall(&context_, kHealthWatch, &queue_);
    call_->StartCall(nullptr);
    Await();
    const grpc::Slice slice(request);
    call_->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
    Await();
  }
  ~HealthWatch() {
    Cancel();
    grpc::Status status;
    call_->Finish(&status, nullptr);
    Await();
  }
  // The next message; empty: there is none.
  std::string Next() {
    grpc::ByteBuffer answer;
    call_->Read(&answer, nullptr);
    if (!Await()) return "";
    grpc::Slice slice;
    EXPECT_TRUE(answer.DumpToSingleSlice(&slice).ok());
    return std::string(slice.begin(), slice.end());
  }
  void Cancel() { context_.TryCancel(); }

 private:
  bool Await() {
    void* tag;
    bool ok;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

TEST_F(ServerTest, TheSocketIsForItsOwnerOnly) {
  struct stat info;
  ASSERT_EQ(lstat(socket().c_str(), &info), 0);
  EXPECT_TRUE(S_ISSOCK(info.st_mode));
  EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST_F(ServerTest, HealthSaysServingForTheServerAndTheService) {
  grpc::Status status;
  EXPECT_EQ(Ask(kHealth, "", &status), kServing);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(Ask(kHealth, "\x0a\x0ehfget.v1.Hfget", &status),
            kServing);  // HealthCheckRequest{service}
  EXPECT_EQ(Ask(kHealth, "\x0a\x04nope", &status), "");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServerTest, AHealthWatchSaysNotServingBeforeTheDrainEnds) {
  HealthWatch all(NewChannel(), ""), ours(NewChannel(), "\x0a\x0ehfget.v1.Hfget"), other(NewChannel(), "\x0a\x04nope");
  EXPECT_EQ(all.Next(), kServing);
  EXPECT_EQ(ours.Next(), kServing);
  EXPECT_EQ(other.Next(), kUnknown);
  std::thread drain([this] { server_->Drain(absl::Seconds(60)); });
  EXPECT_EQ(all.Next(), kNotServing);
  EXPECT_EQ(ours.Next(), kNotServing);
  for (HealthWatch* watch : {&all, &ours, &other}) watch->Cancel();
  drain.join();
}

TEST_F(ServerTest, AHealthWatchDoesNotHoldTheDrainUp) {
  HealthWatch watch(NewChannel(), "");
  EXPECT_EQ(watch.Next(), kServing);
  server_->Drain(absl::Milliseconds(50));  // returns: that is the test
}

TEST_F(ServerTest, ReflectionListsTheService) {
  grpc::Status status;
  const std::string answer =
      Ask("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
          std::string("\x3a\x00", 2), &status);  // ServerReflectionRequest{list_services: ""}
  EXPECT_THAT(answer, HasSubstr("hfget.v1.Hfget"));
}

TEST_F(ServerTest, ASecondServerIsRefusedWithThePidOfTheFirst) {
  EXPECT_THAT(
      SocketClaim::Take(socket(), true),
      StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(absl::StrCat("pid ", getpid()))));
  grpc::ClientContext context;
  v1::GetVersionResponse response;
  EXPECT_TRUE(stub().GetVersion(&context, {}, &response).ok());  // the first is not disturbed
}

TEST_F(ServerTest, ADrainRemovesTheSocketAndFreesTheClaim) {
  server_->Drain(absl::Seconds(1));
  EXPECT_FALSE(std::filesystem::exists(socket()));
  server_ = nullptr;
  EXPECT_OK(SocketClaim::Take(socket(), true));
}

TEST_F(ServerTest, ADrainCanBeAskedForTwice) {
  server_->Drain(absl::ZeroDuration());
  server_->Drain(absl::ZeroDuration());
}

TEST_F(ServerTest, ADrainLetsARunningCallEnd) {
  engine_.Hold();
  v1::GetPullRequest request;
  v1::GetPullResponse response;
  request.set_id("p1");
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto call = stub().AsyncGetPull(&context, request, &queue);
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  engine_.AwaitHeld(1);
  std::thread engine([&] { engine_.DropHeld(); });
  server_->Drain(absl::Seconds(60));
  engine.join();
  void* tag;
  bool ok;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ServerTest, AFolderThatCannotBeListenedInIsAnError) {
  server_ = nullptr;
  auto claim = SocketClaim::Take(folder_ / "gone/s.sock", true);
  ASSERT_OK(claim);
  std::filesystem::remove_all(folder_ / "gone");
  EXPECT_THAT(Server::Start(*std::move(claim), service_, door_),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("cannot listen on the socket")));
}

}  // namespace
}  // namespace hfget::rpc
