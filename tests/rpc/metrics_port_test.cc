#include "daemon/rpc/metrics_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/fake_engine_api.h"
#include "tests/fakes/status_matchers.h"
#include "tests/rpc/stats_samples.h"

namespace hfget::rpc {
namespace {

using ::hfget::testing::StatusIs;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A client that says exactly what a test wants.
class Client {
 public:
  explicit Client(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  Client(Client&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Client() {
    if (fd_ >= 0) close(fd_);
  }

  bool Say(const std::string& bytes) { return send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0; }
  bool HangsUpWithin(int milliseconds) {
    pollfd readable{fd_, POLLIN, 0};
    return poll(&readable, 1, milliseconds) > 0;
  }
  // All that comes until the other side hangs up.
  std::string Rest() {
    std::string all;
    char some[4096];
    for (ssize_t n; (n = recv(fd_, some, sizeof(some), 0)) > 0;) all.append(some, static_cast<size_t>(n));
    return all;
  }

 private:
  int fd_;
};

class MetricsPortTest : public ::testing::Test {
 protected:
  MetricsPortTest() {
    config_.host = "127.0.0.1";
    engine_.SetStats(SomeStats());
  }
  void Open() {
    absl::StatusOr<std::unique_ptr<MetricsPort>> port = MetricsPort::Open(config_, engine_, "1.2.3");
    ASSERT_OK(port);
    port_ = *std::move(port);
  }
  // The whole answer, with its head.
  std::string Ask(const std::string& method, const std::string& path, const std::string& headers = "") {
    Client client(port_->port());
    client.Say(absl::StrCat(method, " ", path, " HTTP/1.1\r\nHost: localhost\r\n", headers, "\r\n"));
    return client.Rest();
  }

  testing::FakeEngineApi engine_;
  MetricsConfig config_;
  std::unique_ptr<MetricsPort> port_;
};

TEST_F(MetricsPortTest, TellsTheFiguresInPrometheussText) {
  Open();
  const std::string answer = Ask("GET", "/metrics");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(answer, HasSubstr("\nhfget_build_info{version=\"1.2.3\"} 1\n"));
  EXPECT_THAT(answer, HasSubstr("\nhfget_received_bytes_total{source=\"tuna\"} 101\n"));
  EXPECT_THAT(answer, EndsWith("\n"));
}

TEST_F(MetricsPortTest, IsHealthyAsLongAsTheEngineAnswersAndNoDrainHasBegun) {
  Open();
  EXPECT_THAT(Ask("GET", "/healthz"), AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), EndsWith("\r\n\r\nok\n")));
  port_->BeginDrain();
  EXPECT_THAT(Ask("GET", "/healthz"), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("shutting down")));
  EXPECT_THAT(Ask("GET", "/metrics"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(MetricsPortTest, AnEngineThatHangsIsSaidToHang) {
  engine_.Hold();
  config_.patience = absl::Milliseconds(10);
  Open();
  for (const char* path : {"/metrics", "/healthz"}) {
    EXPECT_THAT(Ask("GET", path), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("the engine does not answer"))) << path;
  }
}

TEST_F(MetricsPortTest, NothingElseIsAnswered) {
  Open();
  EXPECT_THAT(Ask("GET", "/"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Ask("GET", "/metrics/../etc/passwd"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Ask("POST", "/metrics", "Content-Length: 0\r\n"), AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD\r\n")));
  EXPECT_THAT(Ask("DELETE", "/healthz"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(Ask("HEAD", "/metrics"), AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), EndsWith("\r\n\r\n")));
  Client client(port_->port());
  client.Say(std::string("\x16\x03\x01\0\0 no HTTP at all\r\n\r\n", 24));
  EXPECT_THAT(client.Rest(), Not(HasSubstr("200 OK")));
}

TEST_F(MetricsPortTest, AHeaderWithoutEndIsNotWaitedForNorKept) {
  Open();
  EXPECT_THAT(Ask("GET", "/metrics", absl::StrCat("X: ", std::string(MetricsPort::kMaxRequestBytes, 'x'), "\r\n")),
              Not(HasSubstr("200 OK")));
  EXPECT_THAT(Ask("GET", absl::StrCat("/metrics?", std::string(MetricsPort::kMaxRequestBytes, 'x'))), Not(HasSubstr("200 OK")));
  EXPECT_THAT(Ask("GET", "/metrics"), HasSubstr("200 OK"));
}

TEST_F(MetricsPortTest, ASlowClientIsLetGoHoweverItDripsAndNobodyWaitsForIt) {
  config_.connection_timeout = absl::Milliseconds(300);
  Open();
  Client slow(port_->port());
  slow.Say("GET /metrics HTTP/1.1\r\nX: ");
  std::thread dripping([&slow] {
    while (!slow.HangsUpWithin(1)) slow.Say("x");
  });
  EXPECT_THAT(Ask("GET", "/metrics"), HasSubstr("200 OK"));
  dripping.join();
  EXPECT_THAT(slow.Rest(), Not(HasSubstr("200 OK")));
}

TEST_F(MetricsPortTest, ACrowdOfSilentClientsIsOutlived) {
  config_.connection_timeout = absl::Milliseconds(300);
  Open();
  std::vector<Client> crowd;
  for (unsigned i = 0; i < 2 * MetricsPort::kMaxConnections; ++i) crowd.emplace_back(port_->port());
  EXPECT_THAT(Ask("GET", "/healthz"), HasSubstr("200 OK"));  // after those that came first have been let go
}

TEST_F(MetricsPortTest, ManyScrapesAreOneQuestionToTheEngine) {
  Open();
  const absl::Time begun = absl::Now();
  for (int i = 0; i < 100; ++i) EXPECT_THAT(Ask("GET", "/metrics"), HasSubstr("200 OK"));
  EXPECT_LE(engine_.asked_stats(), 1 + (absl::Now() - begun) / FreshStats::kFresh);
}

TEST_F(MetricsPortTest, ClosingDoesNotWaitForAnEngineThatHangs) {
  engine_.Hold();
  config_.patience = absl::InfiniteDuration();
  Open();
  Client client(port_->port());
  client.Say("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  engine_.AwaitStatsAsked();
  port_.reset();
  EXPECT_THAT(client.Rest(), Not(HasSubstr("200 OK")));
}

TEST_F(MetricsPortTest, APortThatIsTakenIsSaidInOneLine) {
  Open();
  config_.port = port_->port();
  EXPECT_THAT(MetricsPort::Open(config_, engine_, "").status(),
              StatusIs(absl::StatusCode::kInternal, AllOf(HasSubstr(absl::StrCat("cannot listen on 127.0.0.1:", config_.port, ": Address already in use")),
                                                          HasSubstr("choose another address ([metrics] listen"), Not(HasSubstr("\n")))));
}

TEST_F(MetricsPortTest, AnAddressThatIsNotOursIsSaidInOneLine) {
  config_.host = "192.0.2.1";  // RFC 5737: nobody's
  EXPECT_THAT(MetricsPort::Open(config_, engine_, "").status(),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("cannot listen on 192.0.2.1:0: Cannot assign requested address")));
  config_.host = "2001:db8::1";
  EXPECT_THAT(MetricsPort::Open(config_, engine_, "").status(), StatusIs(absl::StatusCode::kInternal, HasSubstr("cannot listen on [2001:db8::1]:0: ")));
}

}  // namespace
}  // namespace hfget::rpc
