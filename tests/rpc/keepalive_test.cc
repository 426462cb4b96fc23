// Connections whose other end is gone, or pings: a client of our own, because gRPC's answers pings
// by itself.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <fstream>

#include "gtest/gtest.h"
#include "tests/rpc/guest.h"

namespace hfget::rpc {
namespace {

constexpr char kSettings = 4, kPing = 6, kGoAway = 7;
constexpr char kAck = 1;

class KeepaliveTest : public GuestFixture {
 protected:
  ~KeepaliveTest() override {
    if (fd_ >= 0) close(fd_);
  }

  void Connect() { Greet(ConnectAs(socket(), GuestUid())); }
  // By TCP. REQUIRES: UseTcp before Start.
  void ConnectByTcp() {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_->tcp_port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    Greet(fd);
  }
  void UseTcp() {
    config_.tcp.address = "127.0.0.1:0";
    config_.tcp.token_file = folder_ / "token";
    std::ofstream(config_.tcp.token_file) << std::string(64, 'x');
    chmod(config_.tcp.token_file.c_str(), 0600);
  }
  void Greet(int fd) {
    fd_ = fd;
    ASSERT_GE(fd_, 0);
    const timeval patience{30, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    SendFrame(kSettings, 0, "");
    SendFrame(kSettings, kAck, "");
  }
  void Send(const std::string& bytes) { send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  void SendFrame(char type, char flags, const std::string& payload) {
    Send(std::string({0, 0, static_cast<char>(payload.size()), type, flags, 0, 0, 0, 0}) + payload);
  }
  // The next frame's type, -1 when there is none: the connection was closed. `flags`: its flags;
  // payload_: what it carries.
  int NextFrame(int* flags) {
    unsigned char head[9];
    if (recv(fd_, head, sizeof(head), MSG_WAITALL) != sizeof(head)) return -1;
    const size_t size = head[0] << 16 | head[1] << 8 | head[2];
    payload_.resize(size);
    if (size > 0 && recv(fd_, payload_.data(), size, MSG_WAITALL) != static_cast<ssize_t>(size))
      return -1;
    *flags = head[4];
    return head[3];
  }
  // Sends a ping; whether it was answered, and not by a farewell.
  bool Pings() {
    SendFrame(kPing, 0, "12345678");
    int type = 0, flags = 0;
    do {
      type = NextFrame(&flags);
    } while (type >= 0 && type != kGoAway && !(type == kPing && flags == kAck));
    return type == kPing;
  }

  int fd_ = -1;
  std::string payload_;
};

TEST_F(KeepaliveTest, APeerThatGivesNoSignOfLifeLosesItsConnection) {
  config_.keepalive.time = config_.keepalive.timeout = absl::Milliseconds(100);
  UseTcp();
  Start();
  for (const bool tcp : {false, true}) {
    tcp ? ConnectByTcp() : Connect();
    int flags = 0, pings = 0;
    for (int type = 0; (type = NextFrame(&flags)) >= 0;) {
      if (type == kPing && flags == 0) ++pings;
    }
    EXPECT_EQ(pings, 1);
    char byte;
    EXPECT_EQ(recv(fd_, &byte, 1, 0), 0);  // closed, and not our own patience
    close(std::exchange(fd_, -1));
  }
}

TEST_F(KeepaliveTest, APeerThatAnswersIsAskedAgainAndAgain) {
  config_.keepalive.time = absl::Milliseconds(20);
  Start();
  Connect();
  int flags = 0;
  for (int pings = 0; pings < 8;) {  // with no data between them, and no call
    const int type = NextFrame(&flags);
    ASSERT_GE(type, 0);
    if (type != kPing || flags != 0) continue;
    ++pings;
    SendFrame(kPing, kAck, payload_);
  }
}

TEST_F(KeepaliveTest, AClientMayPingWithoutACall) {
  config_.keepalive.least_interval = absl::ZeroDuration();
  Start();
  Connect();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Pings()) << i;
}

TEST_F(KeepaliveTest, AClientThatPingsAllTheTimeIsToldToCalmDown) {
  Start();
  Connect();
  int answered = 0;
  while (answered < 100 && Pings()) ++answered;
  EXPECT_LT(answered, 10);  // what the server writes meanwhile forgives some
}

}  // namespace
}  // namespace hfget::rpc
