// The TCP port, with real TLS.
#include <sys/stat.h>

#include <fstream>

#include "daemon/rpc/api_token.h"
#include "daemon/rpc/tcp_credentials.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/rpc/certificates.h"
#include "tests/rpc/guest.h"

namespace hfget::rpc {
namespace {

using ::hfget::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
constexpr auto kUnfit = absl::StatusCode::kFailedPrecondition;

// The name of no real token, so that a leak can be searched for.
const char kToken[] = "THE-api-token-of-this-test-0123456789abcdef";
const char kOther[] = "ANOTHER-api-token-0123456789abcdef-0123456";

class TcpTest : public GuestFixture {
 protected:
  TcpTest() {
    const Pem pem = authority_.Issue("hfgetd");
    config_.tcp.address = "127.0.0.1:0";
    cert_ = Write("cert.pem", pem.certificate);
    key_ = Write("key.pem", pem.key);
    ca_ = Write("ca.pem", authority_.certificate());
    token_ = Write("token", absl::StrCat(kToken, "\n"));
  }
  std::string Write(const std::string& leaf, const std::string& text, mode_t mode = 0600) {
    const std::string path = folder_ / leaf;
    std::ofstream(path, std::ios::trunc) << text;
    chmod(path.c_str(), mode);
    return path;
  }
  void UseTls() {
    config_.tcp.cert_file = cert_;
    config_.tcp.key_file = key_;
  }
  void UseMutualTls() {
    UseTls();
    config_.tcp.client_ca_file = ca_;
  }
  std::shared_ptr<grpc::Channel> Channel(const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", server_->tcp_port()), credentials, arguments);
  }
  std::shared_ptr<grpc::Channel> TlsChannel(const Pem& own = {}) {
    return Channel(grpc::SslCredentials({authority_.certificate(), own.key, own.certificate}));
  }
  std::shared_ptr<grpc::Channel> PlainChannel() { return Channel(grpc::InsecureChannelCredentials()); }

  // A pull, which shows who it is for.
  grpc::Status Pull(const std::shared_ptr<grpc::Channel>& channel, const std::string& authorization = "") {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    if (!authorization.empty()) context.AddMetadata("authorization", authorization);
    v1::PullRequest request;
    request.set_repo("org/model");
    v1::PullResponse response;
    return v1::Hfget::NewStub(channel)->Pull(&context, request, &response);
  }
  static std::string Bearer(const std::string& token) { return absl::StrCat("Bearer ", token); }

  Authority authority_{"our authority"};
  std::string cert_, key_, ca_, token_;
};

// --- certificates

TEST_F(TcpTest, ACertificateOfTheRightAuthorityComesInUnderItsName) {
  UseMutualTls();
  Start();
  EXPECT_CODE(Pull(TlsChannel(authority_.Issue("ci"))), OK);
  EXPECT_CODE(Pull(TlsChannel(authority_.Issue("trainer"))), OK);
  ASSERT_EQ(engine_.started().size(), 2u);
  EXPECT_EQ(engine_.started()[0].owner, "certificate CN=ci");
  EXPECT_EQ(engine_.started()[1].owner, "certificate CN=trainer");
}

TEST_F(TcpTest, NobodyElseComesInByMutualTls) {
  UseMutualTls();
  Start();
  const Authority wrong("another authority"), same_name("our authority");
  EXPECT_CODE(Pull(TlsChannel(wrong.Issue("ci"))), UNAVAILABLE);
  EXPECT_CODE(Pull(TlsChannel(same_name.Issue("ci"))), UNAVAILABLE);
  EXPECT_CODE(Pull(TlsChannel(authority_.Issue("ci", /*seconds=*/-60))), UNAVAILABLE);
  EXPECT_CODE(Pull(TlsChannel()), UNAVAILABLE);
  EXPECT_CODE(Pull(PlainChannel()), UNAVAILABLE);
  EXPECT_TRUE(engine_.started().empty());
}

TEST_F(TcpTest, WithBothTheCertificateAndTheTokenAreWanted) {
  UseMutualTls();
  config_.tcp.token_file = token_;
  Start();
  EXPECT_CODE(Pull(TlsChannel(authority_.Issue("ci"))), UNAUTHENTICATED);
  EXPECT_CODE(Pull(TlsChannel(), Bearer(kToken)), UNAVAILABLE);
  EXPECT_CODE(Pull(TlsChannel(authority_.Issue("ci")), Bearer(kToken)), OK);
  EXPECT_EQ(engine_.started()[0].owner, "certificate CN=ci");
}

// --- the token

TEST_F(TcpTest, TheRightTokenComesInAndNoOther) {
  config_.tcp.token_file = token_;
  for (const bool tls : {false, true}) {
    if (tls) UseTls();
    server_ = nullptr;
    Start();
    const auto channel = tls ? TlsChannel() : PlainChannel();
    EXPECT_CODE(Pull(channel, Bearer(kToken)), OK);
    EXPECT_EQ(engine_.started().back().owner, "token");
    const size_t before = engine_.started().size();
    const std::string most = std::string(kToken).substr(0, sizeof(kToken) - 2);
    for (const std::string wrong : {"", "Bearer", "Bearer ", kToken, "Basic THE-api-token-of-this-test-0123456789abcdef",
                                    "Bearer ANOTHER-api-token-0123456789abcdef-0123456"}) {
      EXPECT_CODE(Pull(channel, wrong), UNAUTHENTICATED);
    }
    const grpc::Status almost = Pull(channel, Bearer(most));
    EXPECT_EQ(almost.error_code(), grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_THAT(almost.error_message(), AllOf(HasSubstr("not the right one"), HasSubstr("--api-token-file"), Not(HasSubstr("THE-api"))));
    EXPECT_THAT(Pull(channel).error_message(), HasSubstr("wants its API token"));
    EXPECT_EQ(engine_.started().size(), before);
  }
}

TEST_F(TcpTest, HealthIsBehindTheSameDoor) {
  config_.tcp.token_file = token_;
  Start();
  EXPECT_CODE(AskForHealth(PlainChannel()), UNAUTHENTICATED);
}

TEST_F(TcpTest, ATokenThatWasChangedCountsAtOnce) {
  config_.tcp.token_file = token_;
  Start();
  const auto channel = PlainChannel();
  EXPECT_CODE(Pull(channel, Bearer(kToken)), OK);
  Write("new", kOther);
  ASSERT_EQ(rename((folder_ / "new").c_str(), token_.c_str()), 0);
  EXPECT_CODE(Pull(channel, Bearer(kToken)), UNAUTHENTICATED);
  EXPECT_CODE(Pull(channel, Bearer(kOther)), OK);
  ASSERT_EQ(chmod(token_.c_str(), 0644), 0);  // now everybody could have read it
  EXPECT_CODE(Pull(channel, Bearer(kOther)), UNAUTHENTICATED);
  ASSERT_EQ(chmod(token_.c_str(), 0600), 0);
  EXPECT_CODE(Pull(channel, Bearer(kOther)), OK);
  ASSERT_EQ(unlink(token_.c_str()), 0);
  EXPECT_CODE(Pull(channel, Bearer(kOther)), UNAUTHENTICATED);
  EXPECT_CODE(Pull(channel, Bearer("")), UNAUTHENTICATED);
}

TEST_F(TcpTest, ATokenFileThatIsNoSecretIsRefused) {
  EXPECT_THAT(ApiToken::Open(folder_ / "gone"), StatusIs(kUnfit, HasSubstr("cannot be read")));
  EXPECT_THAT(ApiToken::Open(folder_.path()), StatusIs(kUnfit, HasSubstr("no regular file")));
  EXPECT_THAT(ApiToken::Open(Write("open", kToken, 0644)), StatusIs(kUnfit, AllOf(HasSubstr("chmod 600"), Not(HasSubstr("THE-api")))));
  EXPECT_THAT(ApiToken::Open(Write("group", kToken, 0640)), StatusIs(kUnfit, HasSubstr("chmod 600")));
  EXPECT_THAT(ApiToken::Open(Write("short", "0123456789abcdef0123456789abcde")), StatusIs(kUnfit, HasSubstr("fewer than 32")));
  EXPECT_THAT(ApiToken::Open(Write("empty", "")), StatusIs(kUnfit, HasSubstr("fewer than 32")));
  EXPECT_THAT(ApiToken::Open(Write("words", "THE-api-token of-this test 0123456789abcdef")), StatusIs(kUnfit, Not(HasSubstr("THE-api"))));
  EXPECT_OK(ApiToken::Open(Write("least", "  0123456789abcdef0123456789abcdef\n")));
  if (IsRoot()) {
    const std::string theirs = Write("theirs", kToken);
    ASSERT_EQ(chown(theirs.c_str(), GuestUid(), static_cast<gid_t>(-1)), 0);
    EXPECT_THAT(ApiToken::Open(theirs), StatusIs(kUnfit, HasSubstr("another user")));
  }
}

// --- never silently open

TEST_F(TcpTest, APortThatWouldBeOpenIsNotOpened) {
  EXPECT_THAT(TcpCredentials(config_.tcp), StatusIs(kUnfit, HasSubstr("open to everybody")));
  UseTls();  // shows who we are, not who comes
  EXPECT_THAT(TcpCredentials(config_.tcp), StatusIs(kUnfit, HasSubstr("open to everybody")));
  config_.tcp.cert_file = config_.tcp.key_file = "";
  config_.tcp.client_ca_file = ca_;
  EXPECT_THAT(TcpCredentials(config_.tcp), StatusIs(kUnfit, HasSubstr("needs tls_cert")));
}

TEST_F(TcpTest, AFileOfTlsThatCannotBeUsedIsNamed) {
  UseMutualTls();
  config_.tcp.cert_file = folder_ / "gone.pem";
  EXPECT_THAT(TcpCredentials(config_.tcp), StatusIs(kUnfit, AllOf(HasSubstr("tls_cert"), HasSubstr("gone.pem"))));
  config_.tcp.cert_file = key_;
  EXPECT_THAT(TcpCredentials(config_.tcp), StatusIs(kUnfit, HasSubstr("no PEM certificate")));
  config_.tcp.cert_file = cert_;
  config_.tcp.client_ca_file = Write("none.pem", "nothing");
  EXPECT_THAT(TcpCredentials(config_.tcp), StatusIs(kUnfit, HasSubstr("client_ca")));
  config_.tcp.client_ca_file = ca_;
  chmod(key_.c_str(), 0644);
  EXPECT_THAT(TcpCredentials(config_.tcp), StatusIs(kUnfit, AllOf(HasSubstr("tls_key"), HasSubstr("chmod 600"))));
}

TEST_F(TcpTest, AKeyOfAnotherCertificateDoesNotServe) {
  UseMutualTls();
  config_.tcp.key_file = Write("other.pem", authority_.Issue("hfgetd").key);
  door_ = std::make_unique<Door>(config_);
  service_ = std::make_unique<HfgetService>(engine_, *door_, ServiceInfo());
  absl::StatusOr<SocketClaim> claim = SocketClaim::Take(socket(), false);
  ASSERT_OK(claim);
  EXPECT_THAT(Server::Start(*std::move(claim), *service_, *door_),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("tls_cert and tls_key belong together")));
}

TEST_F(TcpTest, AGuestByTcpIsHeldToTheSameTargets) {
  config_.tcp.token_file = token_;
  Start();
  grpc::ClientContext context;
  context.AddMetadata("authorization", Bearer(kToken));
  v1::PullRequest request;
  request.set_repo("org/model");
  request.set_local_dir("/etc");
  v1::PullResponse response;
  EXPECT_CODE(v1::Hfget::NewStub(PlainChannel())->Pull(&context, request, &response), PERMISSION_DENIED);
}

}  // namespace
}  // namespace hfget::rpc
