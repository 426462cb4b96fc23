// Name resolution that hangs must hold up nobody but its own request.
#include <dlfcn.h>
#include <netdb.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <vector>

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

}  // namespace

// Stands before libc's for the whole binary.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const Function real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  const size_t length = name == nullptr ? 0 : std::strlen(name);
  if (length > 6 && std::strcmp(name + length - 6, ".hangs") == 0) {
    Hang* mine = hang;
    mine->asked.DecrementCount();
    mine->release.WaitForNotification();
    return EAI_NONAME;
  }
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

}  // namespace
}  // namespace hfget::net
