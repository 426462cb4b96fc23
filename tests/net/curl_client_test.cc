// Against a real nginx: what works.
#include "daemon/net/curl_client.h"

#include <curl/curl.h>

#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/nginx.h"
#include "tests/fakes/pattern.h"
#include "tests/net/recorder.h"

namespace hfget::net {
namespace {

using testing::IsPattern;
using testing::Nginx;
using testing::Pattern;
using Next = Handler::Next;

constexpr ByteCount kFileBytes = 5 * kMiB + 777;

class CurlClientTest : public ClientTest {
 protected:
  static void SetUpTestSuite() {
    nginx_ = new Nginx(R"(
      location /echo { return 200 "$request_method|$http_authorization|$http_accept_encoding|$http_user_agent|$http_referer|$server_protocol|$http_x_a|$http_expect|$request_uri"; }
      location /old { return 302 /new; }
      location /post { proxy_pass http://127.0.0.1:@PORT@/sink; }
      location /sink { return 200 "$content_length"; }
      client_max_body_size 16m; gzip on; gzip_types *; gzip_min_length 1;
    )");
    nginx_->AddFile("f.bin", Pattern(0, kFileBytes));
    nginx_->AddFile("small.txt", std::string(2000, 'a'));
    nginx_->AddFile("empty.bin", "");
  }
  static void TearDownTestSuite() {
    delete nginx_;
    nginx_ = nullptr;
  }

  static Request Range(ByteCount begin, ByteCount end) {
    Request request = Get(nginx_->Url("/f.bin"));
    request.headers.emplace_back("Range", absl::StrCat("bytes=", begin, "-", end - 1));
    return request;
  }

  static Nginx* nginx_;
};
Nginx* CurlClientTest::nginx_ = nullptr;

TEST_F(CurlClientTest, NamesAreResolvedInTheBackground) {
  EXPECT_NE(curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_ASYNCHDNS, 0);
}

TEST_F(CurlClientTest, FetchesARange) {
  const Record& record = Fetch(Range(1000, 3 * kMiB));
  EXPECT_EQ(record.status(), 206);
  EXPECT_EQ(record.error(), NetError::kNone);
  EXPECT_EQ(record.heads[0].headers.Get("content-range"),
            absl::StrCat("bytes 1000-", 3 * kMiB - 1, "/", kFileBytes));
  EXPECT_EQ(record.heads[0].remote_address, absl::StrCat("127.0.0.1:", nginx_->port()));
  EXPECT_EQ(static_cast<ByteCount>(record.body.size()), 3 * kMiB - 1000);
  EXPECT_TRUE(IsPattern(1000, record.body));
  EXPECT_EQ(record.outcomes[0].body_bytes, 3 * kMiB - 1000);
  EXPECT_LE(record.largest_piece, 16u * kKiB);
}

TEST_F(CurlClientTest, StartCallsNobody) {
  const RequestId bad = client_->Start(Get("ftp://127.0.0.1/x"), &recorder_);
  const RequestId good = client_->Start(Get(nginx_->Url("/empty.bin")), &recorder_);
  EXPECT_TRUE(recorder_.records.empty());
  RunUntil([&] { return Done() == 2; });
  EXPECT_EQ(recorder_.records[bad].error(), NetError::kUnsupportedUrl);
  EXPECT_EQ(recorder_.records[good].status(), 200);
  EXPECT_EQ(recorder_.records[good].body, "");
}

TEST_F(CurlClientTest, SaysWhoItIsAndNothingMore) {
  const std::string echo = Fetch(Get(nginx_->Url("/echo?a=b%2F&c"))).body;
  EXPECT_EQ(echo,
            absl::StrCat("GET||identity|hfget/", HFGET_VERSION, "||HTTP/1.1|||/echo?a=b%2F&c"));
}

TEST_F(CurlClientTest, SendsBearerAndHeaders) {
  Request request = Get(nginx_->Url("/echo"));
  request.bearer = Secret("hf_secret");
  request.headers.emplace_back("X-A", "v");
  EXPECT_EQ(Fetch(std::move(request)).body, absl::StrCat("GET|Bearer hf_secret|identity|hfget/",
                                                         HFGET_VERSION, "||HTTP/1.1|v||/echo"));
}

TEST_F(CurlClientTest, ForgetsTheBearerWhenTheHandleIsUsedAgain) {
  Request request = Get(nginx_->Url("/echo"));
  request.bearer = Secret("hf_secret");
  request.max_bytes_per_sec = 1000;
  Fetch(std::move(request));
  EXPECT_FALSE(absl::StrContains(Fetch(Get(nginx_->Url("/echo"))).body, "hf_secret"));
}

TEST_F(CurlClientTest, KeepsThePathAsWritten) {
  EXPECT_TRUE(
      absl::StrContains(Fetch(Get(nginx_->Url("/echo/./a/%2e%2e/b"))).body, "/echo/./a/%2e%2e/b"));
}

TEST_F(CurlClientTest, HeadHasAHeadOnly) {
  Request request = Get(nginx_->Url("/f.bin"));
  request.method = "HEAD";
  const Record& record = Fetch(std::move(request));
  EXPECT_EQ(record.status(), 200);
  EXPECT_EQ(record.heads[0].headers.Get("content-length"), absl::StrCat(kFileBytes));
  EXPECT_EQ(record.body_calls, 0);
  EXPECT_EQ(record.error(), NetError::kNone);
}

TEST_F(CurlClientTest, PostSendsItsBody) {
  Request request = Get(nginx_->Url("/post"));
  request.method = "POST";
  request.body = Pattern(0, 2 * kMiB);
  EXPECT_EQ(Fetch(std::move(request)).body, absl::StrCat(2 * kMiB));
  Request empty = Get(nginx_->Url("/echo"));
  empty.method = "POST";
  EXPECT_TRUE(absl::StartsWith(Fetch(std::move(empty)).body, "POST|"));
}

TEST_F(CurlClientTest, RefusesOtherMethods) {
  Request request = Get(nginx_->Url("/f.bin"));
  request.method = "DELETE";
  EXPECT_EQ(Fetch(std::move(request)).error(), NetError::kLocal);
}

TEST_F(CurlClientTest, FollowsNoRedirect) {
  const Record& record = Fetch(Get(nginx_->Url("/old")));
  EXPECT_EQ(record.status(), 302);
  EXPECT_TRUE(absl::EndsWith(record.heads[0].headers.Get("location"), "/new"));
  EXPECT_EQ(record.error(), NetError::kNone);
}

TEST_F(CurlClientTest, DecodesNothing) {
  const Record& record = Fetch(Get(nginx_->Url("/small.txt")));
  EXPECT_EQ(record.body, std::string(2000, 'a'));
  EXPECT_EQ(record.heads[0].headers.Find("content-encoding"), nullptr);
  Request request = Get(nginx_->Url("/small.txt"));
  request.headers.emplace_back("Accept-Encoding", "gzip");  // what a server sends unasked
  const Record& gzip = Fetch(std::move(request));
  EXPECT_EQ(gzip.heads[0].headers.Get("content-encoding"), "gzip");
  EXPECT_EQ(gzip.body.substr(0, 2), "\x1f\x8b");
}

TEST_F(CurlClientTest, TimesANewAndAReusedConnection) {
  const Outcome first = Fetch(Get(nginx_->Url("/f.bin"))).outcomes[0];
  EXPECT_FALSE(first.timing.reused_connection);
  EXPECT_GT(first.timing.connect, absl::ZeroDuration());
  EXPECT_EQ(first.timing.tls, absl::ZeroDuration());
  EXPECT_GE(first.timing.first_byte, first.timing.connect);
  EXPECT_GE(first.timing.total, first.timing.first_byte);
  const Outcome second = Fetch(Get(nginx_->Url("/f.bin"))).outcomes[0];
  EXPECT_TRUE(second.timing.reused_connection);
  EXPECT_EQ(second.timing.connect, absl::ZeroDuration());
  EXPECT_GT(second.timing.first_byte, absl::ZeroDuration());
}

TEST_F(CurlClientTest, SixtyFourRequestsAtOnce) {
  std::vector<std::pair<RequestId, ByteCount>> started;
  for (int i = 0; i < 64; ++i) {
    const ByteCount begin = i * 70001;
    started.emplace_back(client_->Start(Range(begin, begin + 300000), &recorder_), begin);
  }
  RunUntil([&] { return Done() == 64; });
  for (const auto& [id, begin] : started) {
    const Record& record = recorder_.records[id];
    EXPECT_EQ(record.error(), NetError::kNone);
    EXPECT_EQ(record.body.size(), 300000u);
    EXPECT_TRUE(IsPattern(begin, record.body)) << id;
  }
}

TEST_F(CurlClientTest, ManySmallFilesReuseTheirConnections) {
  int left = 1984, reused = 0;
  recorder_.on_done = [&](RequestId id) {
    reused += recorder_.records[id].outcomes[0].timing.reused_connection;
    if (left-- > 0) client_->Start(Get(nginx_->Url("/small.txt")), &recorder_);
  };
  for (int i = 0; i < 16; ++i) client_->Start(Get(nginx_->Url("/small.txt")), &recorder_);
  RunUntil([&] { return Done() == 2000; });
  for (const auto& [id, record] : recorder_.records) EXPECT_EQ(record.body.size(), 2000u);
  EXPECT_EQ(reused, 1984);
}

TEST_F(CurlClientTest, KeepsToTheRateLimit) {
  Request request = Range(0, 300000);
  request.max_bytes_per_sec = 1000000;
  const Record& record = Fetch(std::move(request));
  EXPECT_TRUE(IsPattern(0, record.body));
  EXPECT_EQ(record.body.size(), 300000u);
  EXPECT_GT(record.outcomes[0].timing.total, absl::Milliseconds(100));
}

TEST_F(CurlClientTest, PausedPieceComesAgainAndOrderStays) {
  // Every third piece is refused once.
  int calls = 0;
  std::string refused;
  recorder_.on_body = [&](RequestId id, absl::string_view data) {
    if (!refused.empty()) {
      EXPECT_EQ(data.substr(0, refused.size()), refused);
      refused.clear();
      return Next::kContinue;
    }
    if (++calls % 3 != 0) return Next::kContinue;
    refused = std::string(data);
    return Next::kPause;
  };
  const RequestId id = client_->Start(Range(0, kFileBytes), &recorder_);
  RunUntil([&] {
    if (!refused.empty()) client_->Resume(id);
    return Done() == 1;
  });
  EXPECT_EQ(static_cast<ByteCount>(recorder_.records[id].body.size()), kFileBytes);
  EXPECT_TRUE(IsPattern(0, recorder_.records[id].body));
  EXPECT_GT(recorder_.records[id].paused, 10);
}

TEST_F(CurlClientTest, PausedRequestIsSilentUntilResumed) {
  bool paused = false;
  recorder_.on_body = [&](RequestId, absl::string_view) {
    return paused ? Next::kPause : Next::kContinue;
  };
  paused = true;
  const RequestId id = client_->Start(Range(0, kFileBytes), &recorder_);
  RunUntil([&] { return recorder_.records[id].paused == 1; });
  for (int i = 0; i < 20; ++i) client_->Poll(absl::Milliseconds(1));
  EXPECT_EQ(recorder_.records[id].paused, 1);
  paused = false;
  client_->Resume(id);
  EXPECT_EQ(recorder_.records[id].body, "") << "Resume called the handler from inside";
  RunUntil([&] { return Done() == 1; });
  EXPECT_TRUE(IsPattern(0, recorder_.records[id].body));
}

TEST_F(CurlClientTest, PauseOfTheOnlyPieceLosesNothing) {
  bool paused = true;
  recorder_.on_body = [&](RequestId, absl::string_view) {
    return paused ? Next::kPause : Next::kContinue;
  };
  const RequestId id = client_->Start(Range(0, 100), &recorder_);
  RunUntil([&] { return recorder_.records[id].paused == 1; });
  for (int i = 0; i < 10; ++i) client_->Poll(absl::Milliseconds(1));
  EXPECT_FALSE(recorder_.records[id].done());
  paused = false;
  client_->Resume(id);
  RunUntil([&] { return Done() == 1; });
  EXPECT_EQ(recorder_.records[id].body, Pattern(0, 100));
}

TEST_F(CurlClientTest, PauseAtTheHeadHoldsTheBody) {
  recorder_.on_head = [](RequestId) { return Next::kPause; };
  const RequestId id = client_->Start(Range(0, 100000), &recorder_);
  RunUntil([&] { return recorder_.records[id].status() == 206; });
  for (int i = 0; i < 10; ++i) client_->Poll(absl::Milliseconds(1));
  EXPECT_EQ(recorder_.records[id].body_calls, 0);
  client_->Resume(id);
  RunUntil([&] { return Done() == 1; });
  EXPECT_TRUE(IsPattern(0, recorder_.records[id].body));
  EXPECT_EQ(recorder_.records[id].body.size(), 100000u);
}

TEST_F(CurlClientTest, AbortAfterAPauseEndsTheRequest) {
  int calls = 0;
  recorder_.on_body = [&](RequestId, absl::string_view) {
    return ++calls == 1 ? Next::kPause : Next::kAbort;
  };
  const RequestId id = client_->Start(Range(0, kFileBytes), &recorder_);
  RunUntil([&] { return calls == 1; });
  client_->Resume(id);
  RunUntil([&] { return Done() == 1; });
  EXPECT_EQ(recorder_.records[id].error(), NetError::kCancelled);
  EXPECT_EQ(calls, 2);
}

TEST_F(CurlClientTest, ResumeOfWhatIsNotPausedIsHarmless) {
  client_->Resume(12345);
  const RequestId id = client_->Start(Range(0, kFileBytes), &recorder_);
  client_->Resume(id);
  recorder_.on_body = [&](RequestId, absl::string_view) {
    client_->Resume(id);
    return Next::kContinue;
  };
  RunUntil([&] { return Done() == 1; });
  EXPECT_TRUE(IsPattern(0, recorder_.records[id].body));
  EXPECT_EQ(static_cast<ByteCount>(recorder_.records[id].body.size()), kFileBytes);
}

TEST_F(CurlClientTest, AbortAtTheHeadOrInTheBodyEndsTheRequest) {
  recorder_.on_head = [](RequestId) { return Next::kAbort; };
  EXPECT_EQ(Fetch(Range(0, kFileBytes)).error(), NetError::kCancelled);
  recorder_.on_head = nullptr;
  recorder_.on_body = [](RequestId, absl::string_view) { return Next::kAbort; };
  const Record& record = Fetch(Range(0, kFileBytes));
  EXPECT_EQ(record.error(), NetError::kCancelled);
  EXPECT_EQ(record.body_calls, 1);
}

TEST_F(CurlClientTest, CancelBeforeAnythingHappenedIsSilent) {
  client_->Cancel(client_->Start(Range(0, 100), &recorder_));
  client_->Cancel(client_->Start(Get("ftp://x/"), &recorder_));
  client_->Cancel(4711);
  for (int i = 0; i < 10; ++i) client_->Poll(absl::Milliseconds(1));
  EXPECT_TRUE(recorder_.records.empty());
}

// Of many requests, every handler call cancels the own request and some other.
class CancelInsideTest : public CurlClientTest,
                         public ::testing::WithParamInterface<std::string> {};

TEST_P(CancelInsideTest, NoCallFollows) {
  std::vector<RequestId> ids;
  std::map<RequestId, bool> cancelled;
  const auto cancel = [&](RequestId id) {
    EXPECT_FALSE(cancelled[id]) << "called after Cancel";
    for (RequestId victim : {id, id + 1}) {
      client_->Cancel(victim);
      cancelled[victim] = true;
    }
  };
  if (GetParam() == "OnHead") {
    recorder_.on_head = [&](RequestId id) { return cancel(id), Next::kContinue; };
  } else if (GetParam() == "OnBody") {
    recorder_.on_body = [&](RequestId id, absl::string_view) { return cancel(id), Next::kPause; };
  } else {
    recorder_.on_done = cancel;
  }
  for (int i = 0; i < 40; ++i) ids.push_back(client_->Start(Range(0, 200000), &recorder_));
  RunUntil([&] {
    return std::all_of(ids.begin(), ids.end(), [&](RequestId id) { return cancelled[id]; });
  });
  recorder_.on_head = nullptr;
  recorder_.on_body = nullptr;
  recorder_.on_done = nullptr;
  EXPECT_TRUE(IsPattern(0, Fetch(Range(0, kFileBytes)).body))
      << "the client is of no use afterwards";
}

INSTANTIATE_TEST_SUITE_P(Handler, CancelInsideTest, ::testing::Values("OnHead", "OnBody", "OnDone"),
                         [](const auto& info) { return info.param; });

TEST_F(CurlClientTest, HandlerMayStartRequests) {
  int more = 3;
  recorder_.on_body = [&](RequestId, absl::string_view) {
    if (more-- > 0) client_->Start(Range(0, 1000), &recorder_);
    return Next::kContinue;
  };
  client_->Start(Range(0, 1000), &recorder_);
  RunUntil([&] { return Done() == 4; });
}

TEST_F(CurlClientTest, WakeEndsAWaitNowOrTheNextOne) {
  client_->Wake();
  const absl::Time begin = absl::Now();
  client_->Poll(absl::Seconds(20));
  std::thread waker([&] { client_->Wake(); });
  client_->Poll(absl::InfiniteDuration());
  waker.join();
  EXPECT_LT(absl::Now() - begin, absl::Seconds(10));
}

TEST_F(CurlClientTest, DestructionMidRequestIsSilent) {
  recorder_.on_done = [](RequestId) { ADD_FAILURE() << "OnDone from the destructor"; };
  const RequestId id = client_->Start(Range(0, kFileBytes), &recorder_);
  recorder_.on_body = [&](RequestId, absl::string_view) { return Next::kPause; };
  RunUntil([&] { return recorder_.records[id].paused > 0; });
  client_->Start(Range(0, kFileBytes), &recorder_);
  client_.reset();
}

}  // namespace
}  // namespace hfget::net
