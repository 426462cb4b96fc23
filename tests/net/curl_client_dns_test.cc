// Name resolution that hangs must hold up nobody but its own request.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>

#include <atomic>
#include <cstring>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "daemon/net/curl_client.h"
#include "tests/fakes/raw_server.h"
#include "tests/net/recorder.h"

namespace {

// What names that end in ".hangs" wait for.
struct Hang {
  absl::Notification release;
  absl::BlockingCounter asked{1};
};
std::atomic<Hang*> hang = nullptr;

using GetAddrInfo = int (*)(const char*, const char*, const addrinfo*, addrinfo**);

int Lead(const std::string& name, const char* service, const addrinfo* hints, addrinfo** result, GetAddrInfo real) {
  *result = nullptr;
  for (absl::string_view part : absl::StrSplit(name, '.')) {
    const std::string address = absl::StrReplaceAll(part, {{"-", "."}});
    addrinfo** end = result;
    while (*end != nullptr) end = &(*end)->ai_next;
    if (const int error = real(address.c_str(), service, hints, end)) return error;
  }
  return 0;
}

}  // namespace

// Stands before libc's for the whole binary.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  static const auto real = reinterpret_cast<GetAddrInfo>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  const size_t length = name == nullptr ? 0 : std::strlen(name);
  if (length > 6 && std::strcmp(name + length - 6, ".hangs") == 0) {
    Hang* mine = hang;
    mine->asked.DecrementCount();
    mine->release.WaitForNotification();
    return EAI_NONAME;
  }
  // "203-0-113-7.leads" leads to that address; "10-0-0-1.127-0-0-1.leads" to both.
  if (length > 6 && std::strcmp(name + length - 6, ".leads") == 0) return Lead(std::string(name, length - 6), service, hints, result, real);
  return real(name, service, hints, result);
}

namespace hfget::net {
namespace {

class CurlClientDnsTest : public ClientTest {
 protected:
  CurlClientDnsTest() {
    static auto& hangs =
        *new std::vector<std::unique_ptr<Hang>>;  // a resolver thread may outlive the test
    hangs.push_back(std::make_unique<Hang>());
    hang = hangs.back().get();
  }
  ~CurlClientDnsTest() override {
    if (!hang.load()->release.HasBeenNotified()) hang.load()->release.Notify();
    client_.reset();
  }

  RequestId StartHanging() {
    const RequestId id = client_->Start(Get("http://name.hangs/"), &recorder_);
    client_->Poll(absl::ZeroDuration());
    hang.load()->asked.Wait();
    return id;
  }
};

TEST_F(CurlClientDnsTest, OthersGoOnMeanwhile) {
  testing::RawServer server(
      testing::RawServer::Always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  const RequestId hanging = StartHanging();
  EXPECT_EQ(Fetch(Get(server.Url())).body, "ok");
  EXPECT_FALSE(recorder_.records[hanging].done());
  hang.load()->release.Notify();
  RunUntil([&] { return recorder_.records[hanging].done(); });
  EXPECT_EQ(recorder_.records[hanging].error(), NetError::kResolve);
}

TEST_F(CurlClientDnsTest, CancelDoesNotWait) {
  client_->Cancel(StartHanging());  // hangs for ever where it waits: the name is released only by
                                    // the destructor
}

TEST_F(CurlClientDnsTest, DestructionDoesNotWait) {
  StartHanging();
  client_.reset();
}

TEST_F(CurlClientDnsTest, ConnectTimeoutCoversTheName) {
  Request request = Get("http://name.hangs/");
  request.connect_timeout = absl::Milliseconds(50);
  EXPECT_EQ(Fetch(std::move(request)).error(), NetError::kResolve);
}

TEST_F(CurlClientDnsTest, HeadTimeoutCoversTheName) {
  Request request = Get("http://name.hangs/");
  request.head_timeout = absl::Milliseconds(50);
  EXPECT_EQ(Fetch(std::move(request)).error(), NetError::kHeadTimeout);
}

constexpr char kOk[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// Where a request may go that a public hub has led to, as the engine says it.
bool NotHere(absl::string_view address) { return !absl::StartsWith(address, "127.") && address != "::1"; }

TEST_F(CurlClientDnsTest, ANameThatLeadsToAForbiddenAddressIsNotConnectedTo) {
  testing::RawServer server(testing::RawServer::Always(kOk));
  Request request = Get(absl::StrCat("http://127-0-0-1.leads:", server.port(), "/"));
  EXPECT_EQ(Fetch(request).body, "ok");
  RenewClient();
  request.may_connect = NotHere;
  const int connections = server.connections();
  const Record& record = Fetch(request);
  EXPECT_EQ(record.error(), NetError::kForbidden);
  EXPECT_TRUE(absl::StrContains(record.outcomes[0].detail, "127.0.0.1")) << record.outcomes[0].detail;
  EXPECT_EQ(server.connections(), connections) << "not even a SYN";
}

// Somebody who may go there, the user's own source say, has left a connection in the pool.
TEST_F(CurlClientDnsTest, AKeptConnectionIsNotAWayAround) {
  testing::RawServer server(testing::RawServer::Always(kOk));
  Request request = Get(absl::StrCat("http://127-0-0-1.leads:", server.port(), "/"));
  EXPECT_EQ(Fetch(request).body, "ok");
  EXPECT_EQ(Fetch(request).body, "ok");
  ASSERT_EQ(server.connections(), 1);
  request.may_connect = NotHere;
  const Record& record = Fetch(request);
  EXPECT_EQ(record.error(), NetError::kForbidden) << record.outcomes[0].detail;
  EXPECT_TRUE(record.heads.empty());
}

TEST_F(CurlClientDnsTest, AnotherAddressOfTheSameNameServes) {
  testing::RawServer server(testing::RawServer::Always(kOk));
  Request request = Get(absl::StrCat("http://127-0-0-9.127-0-0-1.leads:", server.port(), "/"));
  request.may_connect = [](absl::string_view address) { return address != "127.0.0.9"; };
  const Record& record = Fetch(request);
  EXPECT_EQ(record.error(), NetError::kNone);
  EXPECT_EQ(record.heads[0].remote_address, absl::StrCat("127.0.0.1:", server.port()));
}

TEST_F(CurlClientDnsTest, LiteralAddressesAreJudgedToo) {
  testing::RawServer server(testing::RawServer::Always(kOk));
  for (const char* host : {"127.0.0.1", "2130706433", "0x7f.1", "127.1"}) {
    Request request = Get(absl::StrCat("http://", host, ":", server.port(), "/"));
    request.may_connect = NotHere;
    EXPECT_EQ(Fetch(request).error(), NetError::kForbidden) << host;
  }
  EXPECT_EQ(server.connections(), 0);
}

// A proxy of this machine is where the request goes, and not where it was led to.
TEST_F(CurlClientDnsTest, AProxyIsNotJudged) {
  testing::RawServer proxy(testing::RawServer::Always(kOk));
  Request request = Get("http://hub.invalid/");
  request.may_connect = NotHere;
  request.proxy = proxy.Url("");
  const Record& record = Fetch(request);
  EXPECT_EQ(record.error(), NetError::kNone) << record.outcomes[0].detail;
  EXPECT_TRUE(record.heads[0].by_proxy);

  ::setenv("http_proxy", proxy.Url("").c_str(), 1);
  request.proxy = "env";
  EXPECT_EQ(Fetch(request).error(), NetError::kNone);
  // With a final dot it is the same name, and the same exception.
  testing::RawServer server(testing::RawServer::Always(kOk));
  ::setenv("no_proxy", "leads", 1);
  for (const char* host : {"127-0-0-1.leads", "127-0-0-1.leads."}) {
    request.url = absl::StrCat("http://", host, ":", server.port(), "/");
    EXPECT_EQ(Fetch(request).body, "") << host;
  }
  ::unsetenv("http_proxy");
  ::unsetenv("no_proxy");
  EXPECT_EQ(server.connections(), 0);
}

}  // namespace
}  // namespace hfget::net
