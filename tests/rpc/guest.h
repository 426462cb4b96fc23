// Another user at the door: a connection that the kernel says is theirs, and a server that takes them in.
#ifndef HFGET_TESTS_RPC_GUEST_H_
#define HFGET_TESTS_RPC_GUEST_H_

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "daemon/rpc/door_config.h"
#include "grpcpp/create_channel_posix.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "tests/rpc/rpc_fixture.h"

namespace hfget::rpc {

// Root becomes somebody else; who is not root stays, and the daemon is told that it is another one.
inline bool IsRoot() { return geteuid() == 0; }
inline uint32_t GuestUid() { return IsRoot() ? 1000001 : geteuid(); }
inline uint32_t DaemonUid() { return IsRoot() ? 0 : geteuid() + 1; }
inline std::string GuestName() { return absl::StrCat("user ", GuestUid()); }

// A connected socket of `uid` (only root may name another one than its own), or -1. Credentials are a thread's own on Linux.
inline int ConnectAs(const std::string& path, uint32_t uid) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  int result = -1;
  std::thread([&] {
    if (uid != geteuid() && syscall(SYS_setresuid, uid, uid, uid) != 0) return;
    result = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  }).join();
  if (result == 0) return fd;
  close(fd);
  return -1;
}

// With no stub: Debian ships none for health.
inline grpc::Status AskForHealth(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const grpc::Slice nothing("");
  const auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::ByteBuffer(&nothing, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer answer;
  grpc::Status status;
  call->Finish(&answer, &status, nullptr);
  void* tag;
  bool ok = false;
  EXPECT_TRUE(queue.Next(&tag, &ok));
  return status;
}

// What the other side does: true when it hangs up, and has said nothing before. What it has not read makes it a reset.
inline bool HangsUp(int fd) {
  char byte;
  const ssize_t n = recv(fd, &byte, 1, 0);
  return n == 0 || (n < 0 && errno == ECONNRESET);
}

inline int OpenDescriptors() {
  int count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

class GuestFixture : public ::testing::Test {
 protected:
  GuestFixture() {
    chmod(folder_.path().c_str(), 0711);  // for others to reach the socket
    mkdir((folder_ / "run").c_str(), 0711);
    mkdir((folder_ / "cache").c_str(), 0755);
    config_.allowed.own_uid = DaemonUid();
    config_.allowed.users = {GuestUid()};
    config_.own_caches = {folder_ / "cache", folder_ / "scope"};
  }
  // After `config_` is as the test wants it.
  void Start() {
    door_ = std::make_unique<Door>(config_);
    service_ = std::make_unique<HfgetService>(
        engine_, *door_, ServiceInfo{"1.2.3", 42, "/s", "/state", "/cache", absl::FromUnixSeconds(7), {{"HF_ENDPOINT", "https://e"}}, "/state/log", true});
    absl::StatusOr<SocketClaim> claim = SocketClaim::Take(socket(), /*own_folder=*/false);
    ASSERT_OK(claim);
    absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(*std::move(claim), *service_, *door_);
    ASSERT_OK(server);
    server_ = *std::move(server);
    if (IsRoot()) {
      own_ = v1::Hfget::NewStub(grpc::CreateChannel(absl::StrCat("unix:", socket()), grpc::InsecureChannelCredentials()));
    }
  }
  std::string socket() const { return folder_ / "run/hfgetd.sock"; }

  std::shared_ptr<grpc::Channel> NewGuestChannel() {
    const int fd = ConnectAs(socket(), GuestUid());
    EXPECT_GE(fd, 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return grpc::CreateInsecureChannelFromFd("guest", fd);
  }
  std::unique_ptr<v1::Hfget::Stub> NewGuest() { return v1::Hfget::NewStub(NewGuestChannel()); }

  TempFolder folder_;
  DoorConfig config_;
  testing::FakeEngineApi engine_;
  std::unique_ptr<Door> door_;
  std::unique_ptr<HfgetService> service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::Hfget::Stub> own_;  // of the daemon's user; null: this is not root
};

}  // namespace hfget::rpc

// What a call answers, with its words where it is another.
#define EXPECT_CODE(call, code)                                                         \
  do {                                                                                  \
    const grpc::Status status_ = (call);                                                \
    EXPECT_EQ(status_.error_code(), grpc::StatusCode::code) << status_.error_message(); \
  } while (0)

#endif  // HFGET_TESTS_RPC_GUEST_H_
