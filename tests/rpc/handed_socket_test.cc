#include "daemon/rpc/handed_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/rpc/rpc_fixture.h"

namespace hfget::rpc {
namespace {

using ::hfget::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

class HandedSocketTest : public ::testing::Test {
 protected:
  // Bound to `path` (a leading "@": abstract), and listening where the type can.
  int Bind(int type, const std::string& path, bool listens = true) {
    const int fd = ::socket(AF_UNIX, type, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (path[0] == '@') address.sun_path[0] = 0;
    const socklen_t size = offsetof(sockaddr_un, sun_path) + path.size() + (path[0] == '@' ? 0 : 1);
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
    if (listens) {
      EXPECT_EQ(::listen(fd, 1), 0);
    }
    return fd;
  }
  std::string socket() const { return folder_ / "s.sock"; }

  TempFolder folder_;
};

auto Refused() {
  return StatusIs(absl::StatusCode::kInvalidArgument,
                  AllOf(HasSubstr("hfgetd.socket is not a listening stream Unix socket"),
                        HasSubstr("Accept=no")));
}

TEST_F(HandedSocketTest, AStreamSocketThatListensIsTakenWithItsPath) {
  absl::StatusOr<HandedSocket> handed =
      HandedSocket::Of(Bind(SOCK_STREAM, socket()), "hfgetd.socket");
  ASSERT_OK(handed);
  EXPECT_EQ(handed->path(), socket());
  const int fd = handed->Release();
  EXPECT_TRUE(fcntl(fd, F_GETFL) &
              O_NONBLOCK);  // a client that is gone before accept must not hold the door
  close(fd);
}

TEST_F(HandedSocketTest, NoOtherSocketIsTaken) {
  EXPECT_THAT(HandedSocket::Of(Bind(SOCK_DGRAM, folder_ / "d", false), "hfgetd.socket"), Refused());
  EXPECT_THAT(HandedSocket::Of(Bind(SOCK_SEQPACKET, folder_ / "q"), "hfgetd.socket"), Refused());
  EXPECT_THAT(HandedSocket::Of(Bind(SOCK_STREAM, folder_ / "b", false), "hfgetd.socket"),
              Refused());
  EXPECT_THAT(HandedSocket::Of(Bind(SOCK_STREAM, "@" + socket()), "hfgetd.socket"), Refused());
  const int tcp = ::socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(::listen(tcp, 1), 0);
  EXPECT_THAT(HandedSocket::Of(tcp, "hfgetd.socket"), Refused());
  EXPECT_THAT(HandedSocket::Of(open("/dev/null", O_RDONLY), "hfgetd.socket"), Refused());
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);  // Accept=yes hands such a one over
  EXPECT_THAT(HandedSocket::Of(pair[0], "hfgetd.socket"), Refused());
  close(pair[1]);
}

TEST_F(HandedSocketTest, NothingIsTakenWhenNothingIsMeantForUs) {
  EXPECT_FALSE(HandedSocket::Take()->has_value());
  setenv("LISTEN_FDS", "1", 1);
  setenv("LISTEN_PID", "1", 1);
  EXPECT_FALSE(HandedSocket::Take()->has_value());
  EXPECT_EQ(getenv("LISTEN_FDS"), nullptr);  // no child takes it for its own
}

TEST_F(HandedSocketTest, AVariableThatIsNoNumberIsTold) {
  setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  setenv("LISTEN_FDS", "many", 1);
  EXPECT_THAT(HandedSocket::Take(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("LISTEN_FDS")));
}

TEST_F(HandedSocketTest, TheDaemonServesOnItAndLeavesTheFile) {
  absl::StatusOr<HandedSocket> handed =
      HandedSocket::Of(Bind(SOCK_STREAM, socket()), "hfgetd.socket");
  ASSERT_OK(handed);
  absl::StatusOr<SocketClaim> claim = SocketClaim::Adopt(*std::move(handed));
  ASSERT_OK(claim);
  testing::FakeEngineApi engine;
  Door door{OwnUserOnly()};
  HfgetService service{engine, door, {}};
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(*std::move(claim), service, door);
  ASSERT_OK(server);
  EXPECT_THAT(SocketClaim::Take(socket(), true),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("another hfgetd")));
  const auto stub = v1::Hfget::NewStub(
      grpc::CreateChannel(absl::StrCat("unix:", socket()), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  v1::GetVersionResponse response;
  EXPECT_TRUE(stub->GetVersion(&context, {}, &response).ok());
  (*server)->Drain(absl::ZeroDuration());
  EXPECT_TRUE(std::filesystem::exists(socket()));
}

TEST_F(HandedSocketTest, WhereNoLockCanBeMadeItIsDoneWithout) {
  std::filesystem::create_directory(folder_ / "s.sock.lock");  // as in a folder of root's
  absl::StatusOr<HandedSocket> handed =
      HandedSocket::Of(Bind(SOCK_STREAM, socket()), "hfgetd.socket");
  ASSERT_OK(handed);
  EXPECT_OK(SocketClaim::Adopt(*std::move(handed)));
}

TEST_F(HandedSocketTest, ASocketThatSomebodyListensOnIsNotTakenForStale) {
  const int theirs = Bind(SOCK_STREAM, socket());
  EXPECT_THAT(SocketClaim::Take(socket(), true),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("another program listens on")));
  EXPECT_TRUE(std::filesystem::exists(socket()));
  close(theirs);
  EXPECT_OK(SocketClaim::Take(socket(), true));
  EXPECT_FALSE(std::filesystem::exists(socket()));
}

}  // namespace
}  // namespace hfget::rpc
