// Through proxies played by the raw server.
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "daemon/net/curl_client.h"
#include "tests/fakes/raw_server.h"
#include "tests/net/recorder.h"

namespace hfget::net {
namespace {

using testing::RawConnection;
using testing::RawServer;

constexpr char kAnswer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nproxy";

class CurlClientProxyTest : public ClientTest {
 protected:
  CurlClientProxyTest() { ClearEnvironment(); }
  ~CurlClientProxyTest() override { ClearEnvironment(); }

  static void ClearEnvironment() {
    for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                             "no_proxy", "NO_PROXY"}) {
      ::unsetenv(name);
    }
  }

  RawServer::Script Remember(std::string answer) {
    return [this, answer](RawConnection& connection, int) {
      std::string head = connection.ReadHead();
      {
        absl::MutexLock lock(&mu_);
        seen_ = std::move(head);
      }
      connection.Send(answer);
    };
  }
  std::string Seen() {
    absl::MutexLock lock(&mu_);
    return seen_;
  }

  absl::Mutex mu_;
  std::string seen_ ABSL_GUARDED_BY(mu_);
};

TEST_F(CurlClientProxyTest, AsksTheProxyForHttp) {
  RawServer proxy(Remember(kAnswer));
  Request request = Get("http://hub.invalid/f?x=1");
  request.proxy = proxy.Url("");
  EXPECT_EQ(Fetch(std::move(request)).body, "proxy");
  EXPECT_TRUE(absl::StartsWith(Seen(), "GET http://hub.invalid/f?x=1 HTTP/1.1\r\n")) << Seen();
}

TEST_F(CurlClientProxyTest, TellsTheProxyNoToken) {
  RawServer proxy(
      Remember("HTTP/1.1 200 Connection established\r\nX-Proxy: 1\r\n\r\nthis is not TLS"));
  Request request = Get("https://hub.invalid/f");
  request.proxy = proxy.Url("");
  request.bearer = Secret("hf_secret");
  const Record& record = Fetch(std::move(request));
  EXPECT_TRUE(absl::StartsWith(Seen(), "CONNECT hub.invalid:443 HTTP/1.1\r\n")) << Seen();
  EXPECT_FALSE(absl::StrContains(Seen(), "hf_secret"));
  EXPECT_TRUE(record.heads.empty()) << "the proxy's own answer is not the hub's";
  EXPECT_EQ(record.error(), NetError::kTls);
}

TEST_F(CurlClientProxyTest, ARefusingProxyIsAConnectError) {
  for (const char* answer :
       {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n"}) {
    RawServer proxy(Remember(answer));
    Request request = Get("https://hub.invalid/f");
    request.proxy = proxy.Url("");
    const Record& record = Fetch(std::move(request));
    EXPECT_EQ(record.error(), NetError::kConnect) << record.outcomes[0].detail;
    EXPECT_TRUE(record.heads.empty());
  }
}

TEST_F(CurlClientProxyTest, EnvironmentAndNone) {
  RawServer proxy(Remember(kAnswer));
  RawServer direct(RawServer::Always("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ndirect"));
  ::setenv("http_proxy", proxy.Url("").c_str(), 1);
  Request request = Get(direct.Url());
  request.proxy = "env";
  EXPECT_EQ(Fetch(request).body, "proxy");
  request.proxy = "none";
  EXPECT_EQ(Fetch(request).body, "direct");
  ::setenv("no_proxy", "127.0.0.1", 1);
  request.proxy = "env";
  EXPECT_EQ(Fetch(request).body, "direct");
  request.proxy = proxy.Url("");
  EXPECT_EQ(Fetch(request).body, "proxy") << "no_proxy is about the environment's proxy";
}

TEST_F(CurlClientProxyTest, ErrorsDoNotShowTheProxysPassword) {
  Request request = Get("http://hub.invalid/f");
  request.proxy = "ftp://user:hunter2@127.0.0.1:1";
  const Record& record = Fetch(std::move(request));
  EXPECT_NE(record.error(), NetError::kNone);
  EXPECT_FALSE(absl::StrContains(record.outcomes[0].detail, "hunter2"))
      << record.outcomes[0].detail;
}

TEST_F(CurlClientProxyTest, AProxyThatIsNotThereIsAConnectError) {
  Request request = Get("http://hub.invalid/f");
  {
    RawServer gone(RawServer::Once(""));
    request.proxy = gone.Url("");
  }
  EXPECT_EQ(Fetch(request).error(), NetError::kConnect);
  request.proxy = "http://proxy.invalid:3128";
  EXPECT_EQ(Fetch(request).error(), NetError::kResolve);
}

TEST_F(CurlClientProxyTest, TellsWhatAProxyAnsweredWhenItRefused) {
  RawServer proxy(Remember("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"));
  Request request = Get("https://hub.invalid/f");
  request.proxy = proxy.Url("");
  const Record& record = Fetch(std::move(request));
  EXPECT_EQ(record.error(), NetError::kConnect);
  EXPECT_EQ(record.outcomes[0].proxy_status, 403);
}

}  // namespace
}  // namespace hfget::net
