// TLS against a real nginx whose certificate comes from an authority made here.
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/net/curl_client.h"
#include "tests/fakes/nginx.h"
#include "tests/fakes/pattern.h"
#include "tests/net/recorder.h"

namespace hfget::net {
namespace {

using testing::IsPattern;
using testing::Nginx;
using testing::Pattern;

class CurlClientTlsTest : public ClientTest {
 protected:
  static void SetUpTestSuite() {
    const std::string folder = Nginx::MakeFolder();
    const std::string command =
        absl::StrCat("cd ", folder,
                     " && exec 2>/dev/null"
                     " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                     "-days 2 -subj /CN=test-ca"
                     " -keyout ca.key -out ca.pem"
                     " && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "
                     "/CN=hub -keyout server.key -out server.csr"
                     " && printf 'subjectAltName=IP:127.0.0.1' > san"
                     " && openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key "
                     "-CAcreateserial -days 2 -extfile san -out server.pem");
    ASSERT_EQ(std::system(command.c_str()), 0);
    nginx_ = new Nginx(folder, R"(
      ssl_certificate @DIR@/server.pem; ssl_certificate_key @DIR@/server.key; ssl_session_cache builtin:100;
      location = /once { keepalive_timeout 0; return 200 $ssl_session_reused; }
    )",
                       "ssl");
    nginx_->AddFile("f.bin", Pattern(0, kMiB));
  }
  static void TearDownTestSuite() {
    delete nginx_;
    nginx_ = nullptr;
  }

  static std::string CaFile() { return nginx_->folder() + "/ca.pem"; }
  static Request Secure(absl::string_view host = "127.0.0.1") {
    return Get(absl::StrCat("https://", host, ":", nginx_->port(), "/f.bin?Signature=secret"));
  }
  static Request Once() {
    Request request = Get(nginx_->Url("/once", "https"));
    request.ca_bundle = CaFile();
    return request;
  }

  static Nginx* nginx_;
};
Nginx* CurlClientTlsTest::nginx_ = nullptr;

TEST_F(CurlClientTlsTest, RefusesAnUnknownAuthority) {
  const Record& record = Fetch(Secure());
  EXPECT_EQ(record.error(), NetError::kTls);
  EXPECT_TRUE(record.heads.empty());
  EXPECT_FALSE(absl::StrContains(record.outcomes[0].detail, "secret"));
}

TEST_F(CurlClientTlsTest, AcceptsTheAuthorityThatItIsGiven) {
  Request request = Secure();
  request.ca_bundle = CaFile();
  const Record& record = Fetch(std::move(request));
  EXPECT_EQ(record.error(), NetError::kNone) << record.outcomes[0].detail;
  EXPECT_TRUE(IsPattern(0, record.body));
  EXPECT_GT(record.outcomes[0].timing.tls, record.outcomes[0].timing.connect);
}

TEST_F(CurlClientTlsTest, RefusesACertificateForAnotherName) {
  Request request = Secure("localhost");
  request.ca_bundle = CaFile();
  EXPECT_EQ(Fetch(std::move(request)).error(), NetError::kTls);
}

TEST_F(CurlClientTlsTest, AConnectionIsNotLentToALessTrustingRequest) {
  Request request = Secure();
  request.ca_bundle = CaFile();
  EXPECT_EQ(Fetch(request).error(), NetError::kNone);
  EXPECT_EQ(Fetch(Secure()).error(), NetError::kTls);
  EXPECT_TRUE(Fetch(request).outcomes[0].timing.reused_connection);
}

TEST_F(CurlClientTlsTest, ASessionIsNotLentToALessTrustingRequest) {
  EXPECT_EQ(Fetch(Once()).error(), NetError::kNone);
  Request wary = Once();
  wary.ca_bundle.clear();
  EXPECT_EQ(Fetch(std::move(wary)).error(), NetError::kTls);
}

TEST_F(CurlClientTlsTest, ASecondConnectionResumesTheSession) {
  CurlClientOptions options;
  options.idle_handles = 0;  // a handle of its own for each: what they share is the client's
  client_ = NewCurlClient(options);
  EXPECT_EQ(Fetch(Once()).body, ".");
  const Record& second = Fetch(Once());
  EXPECT_EQ(second.body, "r");
  EXPECT_FALSE(second.outcomes[0].timing.reused_connection);
}

TEST_F(CurlClientTlsTest, ABundleThatIsMissingIsATlsError) {
  Request request = Secure();
  request.ca_bundle = "/nowhere/ca.pem";
  EXPECT_EQ(Fetch(std::move(request)).error(), NetError::kTls);
}

TEST_F(CurlClientTlsTest, HonoursEachVariableOfTheEnvironment) {
  const std::string folder = nginx_->folder() + "/hashed";
  const std::string rehash =
      absl::StrCat("mkdir -p ", folder, " && cp ", CaFile(), " ", folder, " && openssl rehash ", folder);
  ASSERT_EQ(std::system(rehash.c_str()), 0);
  const std::pair<const char*, std::string> kVariables[] = {
      {"SSL_CERT_FILE", CaFile()}, {"SSL_CERT_DIR", folder}, {"CURL_CA_BUNDLE", CaFile()}, {"REQUESTS_CA_BUNDLE", CaFile()}};
  for (const auto& [name, value] : kVariables) {
    ::setenv(name, value.c_str(), 1);
    RenewClient();
    ::unsetenv(name);
    EXPECT_EQ(Fetch(Secure()).error(), NetError::kNone) << name;
  }
  RenewClient();
  EXPECT_EQ(Fetch(Secure()).error(), NetError::kTls) << "with none of them";
}

TEST_F(CurlClientTlsTest, NamesTheIssuerThatIsNotTrusted) {
  Request request = Secure();
  request.examine = true;
  const Record& refused = Fetch(request);
  EXPECT_EQ(refused.error(), NetError::kTls);
  EXPECT_EQ(refused.outcomes[0].issuer, "CN=test-ca");
  EXPECT_EQ(refused.outcomes[0].address, absl::StrCat("127.0.0.1:", nginx_->port()));
  request.ca_bundle = CaFile();
  const Record& accepted = Fetch(request);
  EXPECT_EQ(accepted.error(), NetError::kNone) << "watching changes nothing of what is accepted";
  EXPECT_EQ(accepted.outcomes[0].issuer, "");
}

TEST_F(CurlClientTlsTest, AnExaminationTakesEveryStep) {
  Request request = Secure();
  request.ca_bundle = CaFile();
  EXPECT_EQ(Fetch(request).error(), NetError::kNone);
  request.examine = true;
  const Record& examined = Fetch(request);
  EXPECT_FALSE(examined.outcomes[0].timing.reused_connection);
  EXPECT_GT(examined.outcomes[0].timing.tls, absl::ZeroDuration());
}

TEST_F(CurlClientTlsTest, PlainHttpAnswersAreRefused) {
  Request request = Get(nginx_->Url("/f.bin"));
  EXPECT_EQ(Fetch(request).status(),
            400);  // nginx's own words on a TLS port: the test's server is a TLS server
}

}  // namespace
}  // namespace hfget::net
