// A real server on a socket in a temporary folder, over an engine that is a fake.
#ifndef HFGET_TESTS_RPC_RPC_FIXTURE_H_
#define HFGET_TESTS_RPC_RPC_FIXTURE_H_

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "daemon/rpc/server.h"
#include "daemon/rpc/service.h"
#include "daemon/rpc/socket_claim.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"
#include "hfget/v1/hfget.grpc.pb.h"
#include "tests/fakes/fake_engine_api.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::rpc {

class TempFolder {
 public:
  TempFolder() {
    char name[] = "/tmp/hfget-rpc-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& leaf) const { return absl::StrCat(path_, "/", leaf); }

 private:
  std::string path_;
};

inline engine::PullSnapshot APull(std::string id,
                                  core::PullState state = core::PullState::kFetching) {
  engine::PullSnapshot pull;
  pull.id = std::move(id);
  pull.repo.name = "org/model";
  pull.revision = "main";
  pull.state = state;
  return pull;
}

inline DoorConfig OwnUserOnly() {
  DoorConfig config;
  config.allowed.own_uid = geteuid();
  return config;
}

class RpcFixture : public ::testing::Test {
 protected:
  RpcFixture() {
    absl::StatusOr<SocketClaim> claim = SocketClaim::Take(socket(), /*own_folder=*/true);
    EXPECT_OK(claim);
    absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(*std::move(claim), service_, door_);
    EXPECT_OK(server);
    server_ = *std::move(server);
  }

  std::string socket() const { return folder_ / "run/hfgetd.sock"; }
  std::shared_ptr<grpc::Channel> NewChannel(grpc::ChannelArguments args = {}) const {
    // A channel of its own: equal ones would share one connection.
    args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(absl::StrCat("unix:", socket()),
                                     grpc::InsecureChannelCredentials(), args);
  }
  v1::Hfget::Stub& stub() {
    if (stub_ == nullptr) stub_ = v1::Hfget::NewStub(NewChannel());
    return *stub_;
  }

  TempFolder folder_;
  testing::FakeEngineApi engine_;
  Door door_{OwnUserOnly()};
  HfgetService service_{engine_, door_, {"1.2.3", 42, "/s", "/state", "/cache", absl::FromUnixSeconds(7), {{"HF_ENDPOINT", "https://hub.example"}}, "/state/log", true}};
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::Hfget::Stub> stub_;
};

}  // namespace hfget::rpc

#endif  // HFGET_TESTS_RPC_RPC_FIXTURE_H_
