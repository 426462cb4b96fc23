// Against a raw TCP server: everything that a server can do wrong.
#include <sys/resource.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/net/curl_client.h"
#include "tests/fakes/pattern.h"
#include "tests/fakes/raw_server.h"
#include "tests/net/recorder.h"

namespace hfget::net {
namespace {

using testing::IsPattern;
using testing::Pattern;
using testing::RawConnection;
using testing::RawServer;

class CurlClientFaultsTest : public ClientTest {
 protected:
  const Record& FetchFrom(RawServer& server) {
    return Fetch(Get(server.Url("/f?Signature=secret")));
  }
};

std::string Head(ByteCount length) {
  return absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", length, "\r\n\r\n");
}

TEST_F(CurlClientFaultsTest, ResetInTheBodyIsAReset) {
  RawServer server([](RawConnection& connection, int) {
    connection.ReadHead();
    connection.Send(Head(1000000) + Pattern(0, 100000));
    connection.Reset();
  });
  const Record& record = FetchFrom(server);
  EXPECT_EQ(record.error(), NetError::kReset);
  EXPECT_EQ(record.status(), 200);
  EXPECT_TRUE(IsPattern(0, record.body));
  EXPECT_FALSE(absl::StrContains(record.outcomes[0].detail, "secret")) << record.outcomes[0].detail;
}

TEST_F(CurlClientFaultsTest, AnEndBeforeContentLengthIsAReset) {
  RawServer server(RawServer::Once(Head(1000) + Pattern(0, 999)));
  const Record& record = FetchFrom(server);
  EXPECT_EQ(record.error(), NetError::kReset);
  EXPECT_EQ(record.outcomes[0].body_bytes, 999);
}

TEST_F(CurlClientFaultsTest, AnEndBeforeTheHeadIsAReset) {
  for (const char* head : {"", "HTTP/1.1 200 OK\r\nContent-Le"}) {
    RawServer server(RawServer::Once(head));
    EXPECT_EQ(FetchFrom(server).error(), NetError::kReset) << head;
  }
}

TEST_F(CurlClientFaultsTest, WithoutLengthTheEndIsTheEnd) {
  RawServer server(RawServer::Once("HTTP/1.0 200 OK\r\n\r\n" + Pattern(0, 50000)));
  const Record& record = FetchFrom(server);
  EXPECT_EQ(record.error(), NetError::kNone);
  EXPECT_EQ(record.body, Pattern(0, 50000));
}

TEST_F(CurlClientFaultsTest, GarbageIsNotHttp) {
  for (const char* garbage :
       {"<html>hello</html>\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 101 Upgrade\r\nUpgrade: x\r\n\r\nabc"}) {
    RawServer server(RawServer::Once(garbage));
    const Record& record = FetchFrom(server);
    EXPECT_EQ(record.error(), NetError::kProtocol) << garbage << record.outcomes[0].detail;
    EXPECT_EQ(record.body, "");
    EXPECT_TRUE(record.heads.empty());
  }
}

TEST_F(CurlClientFaultsTest, EndlessHeadersAreCut) {
  const std::string field = "X: " + std::string(8000, 'x') + "\r\n";
  RawServer fields([&](RawConnection& connection, int) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 200 OK\r\n");
    while (connection.Send(field)) {
    }
  });
  EXPECT_EQ(FetchFrom(fields).error(), NetError::kProtocol);
  RawServer interim([&](RawConnection& connection, int) {
    connection.ReadHead();
    while (connection.Send("HTTP/1.1 102 Processing\r\n\r\n")) {
    }
  });
  EXPECT_EQ(FetchFrom(interim).error(), NetError::kProtocol);
}

TEST_F(CurlClientFaultsTest, AnEndlessLineIsCut) {
  RawServer server([](RawConnection& connection, int) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 200 OK\r\nX: ");
    while (connection.Send(std::string(4096, 'x'))) {
    }
  });
  const Record& record = FetchFrom(server);
  EXPECT_EQ(record.error(), NetError::kProtocol) << "not this machine's fault, though libcurl calls it out of memory";
  EXPECT_EQ(record.outcomes[0].detail, "a header without end");
  EXPECT_TRUE(record.heads.empty());
}

TEST_F(CurlClientFaultsTest, TenMebibytesOfHeadersAreCut) {
  std::string head = "HTTP/1.1 200 OK\r\n";
  while (head.size() < 10 * kMiB) absl::StrAppend(&head, "X-", head.size(), ": ", std::string(1000, 'x'), "\r\n");
  RawServer server(RawServer::Once(absl::StrCat(head, "Content-Length: 2\r\n\r\nok")));
  const Record& record = FetchFrom(server);
  EXPECT_EQ(record.error(), NetError::kProtocol);
  EXPECT_TRUE(record.heads.empty());
}

TEST_F(CurlClientFaultsTest, ManyTinyHeadersAreCut) {
  std::string head = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 1001; ++i) head += "a:\r\n";
  RawServer server(RawServer::Once(absl::StrCat(head, "Content-Length: 2\r\n\r\nok")));
  EXPECT_EQ(FetchFrom(server).error(), NetError::kProtocol);
}

// Never unpacked, whatever the server calls them: neither here nor in libcurl.
TEST_F(CurlClientFaultsTest, CompressedBodiesComeAsTheyAre) {
  const std::string packed("\x1f\x8b\x08\x00packed", 10);
  for (const char* coding : {"Content-Encoding: gzip", "Transfer-Encoding: gzip", "Transfer-Encoding: gzip, chunked", "Content-Encoding: br"}) {
    const bool chunked = absl::StrContains(coding, "chunked");
    const std::string body = chunked ? absl::StrCat("a\r\n", packed, "\r\n0\r\n\r\n") : packed;
    RawServer server(RawServer::Once(absl::StrCat("HTTP/1.1 200 OK\r\nConnection: close\r\n", coding, "\r\n\r\n", body)));
    const Record& record = FetchFrom(server);
    if (record.error() == NetError::kNone) {
      EXPECT_EQ(record.body, packed) << coding;
    }
  }
}

TEST_F(CurlClientFaultsTest, EndlessTrailersAreCut) {
  RawServer server([](RawConnection& connection, int) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n");
    while (connection.Send("X: " + std::string(1000, 'x') + "\r\n")) {
    }
  });
  EXPECT_EQ(FetchFrom(server).error(), NetError::kProtocol);
}

TEST_F(CurlClientFaultsTest, HeadTimeoutCountsTheHeadOnly) {
  RawServer silent([](RawConnection& connection, int) { connection.Stall(); });
  Request request = Get(silent.Url());
  request.head_timeout = absl::Milliseconds(50);
  EXPECT_EQ(Fetch(std::move(request)).error(), NetError::kHeadTimeout);

  RawServer dripping([](RawConnection& connection, int) {
    connection.Send("HTTP/1.1 200 OK\r\nX: y\r\n");
    connection.Stall();
  });
  Request half = Get(dripping.Url());
  half.head_timeout = absl::Milliseconds(50);
  const Record& record = Fetch(std::move(half));
  EXPECT_EQ(record.error(), NetError::kHeadTimeout);
  EXPECT_TRUE(record.heads.empty());

  RawServer slow_body([](RawConnection& connection, int) {
    connection.ReadHead();
    connection.Send(Head(10) + "12345");
    connection.Stall();
  });
  Request body = Get(slow_body.Url());
  body.head_timeout = absl::Milliseconds(50);
  const RequestId id = client_->Start(std::move(body), &recorder_);
  const absl::Time end = absl::Now() + absl::Milliseconds(150);
  RunUntil([&] { return absl::Now() > end; });
  EXPECT_EQ(recorder_.records[id].body, "12345");
  EXPECT_FALSE(recorder_.records[id].done());
}

TEST_F(CurlClientFaultsTest, SkipsInterimAnswers) {
  RawServer server(
      RawServer::Once("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: "
                      "x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
                      "3\r\n\r\nabc"));
  const Record& record = FetchFrom(server);
  ASSERT_EQ(record.heads.size(), 1u);
  EXPECT_EQ(record.status(), 200);
  EXPECT_EQ(record.heads[0].headers.Find("link"), nullptr);
  EXPECT_EQ(record.body, "abc");
}

TEST_F(CurlClientFaultsTest, ReadsChunksAndIgnoresTrailers) {
  RawServer server(
      RawServer::Always("HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                        "chunked\r\n\r\n3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\nETag: late\r\n\r\n"));
  for (int i = 0; i < 3; ++i) {
    const Record& record = FetchFrom(server);
    EXPECT_EQ(record.error(), NetError::kNone);
    EXPECT_EQ(record.body, "abcdefg");
    EXPECT_EQ(record.heads[0].headers.Find("etag"), nullptr);
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CurlClientFaultsTest, BrokenChunksAreAnError) {
  for (const char* chunks : {"3\r\nab", "zz\r\nabc\r\n", "ffffffffffffffffff\r\nabc\r\n"}) {
    RawServer server(RawServer::Once(
        absl::StrCat("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunks)));
    EXPECT_EQ(FetchFrom(server).error(), NetError::kReset) << chunks;
  }
}

TEST_F(CurlClientFaultsTest, BadContentLengthIsAnError) {
  for (const char* length : {"-5", "abc"}) {
    RawServer server(RawServer::Once(
        absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", length, "\r\n\r\nxyz")));
    EXPECT_EQ(FetchFrom(server).error(), NetError::kProtocol) << length;
  }
}

TEST_F(CurlClientFaultsTest, BytesReadBehindTheBodyAreDropped) {
  RawServer together([](RawConnection& connection, int index) {
    while (!connection.ReadHead().empty()) {
      connection.Send(index == 0 ? Head(4) + "goodHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
                                 : Head(4) + "good");
    }
  });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(FetchFrom(together).body, "good");
}

TEST_F(CurlClientFaultsTest, AStaleConnectionIsReplacedUnseen) {
  RawServer server(RawServer::Once(Head(2) + "ok"));  // says keep-alive, closes
  for (int i = 0; i < 5; ++i) {
    const Record& record = FetchFrom(server);
    EXPECT_EQ(record.error(), NetError::kNone) << record.outcomes[0].detail;
    EXPECT_EQ(record.body, "ok");
  }
  EXPECT_EQ(server.connections(), 5);
}

TEST_F(CurlClientFaultsTest, RefusedPortIsAConnectError) {
  std::string url;
  {
    RawServer gone(RawServer::Once(""));
    url = gone.Url();
  }
  const Record& record = Fetch(Get(url));
  EXPECT_EQ(record.error(), NetError::kConnect);
  EXPECT_NE(record.outcomes[0].detail, "");
}

TEST_F(CurlClientFaultsTest, ANameThatIsNoneIsAResolveError) {
  EXPECT_EQ(Fetch(Get("http://name.invalid/x?secret")).error(), NetError::kResolve);
}

TEST_F(CurlClientFaultsTest, RefusesOtherUrls) {
  for (const char* url : {"", "ftp://127.0.0.1/x", "file:///etc/passwd", "127.0.0.1/x", "http://",
                          "http://u:p@127.0.0.1/", "http://127.0.0.1:99999/",
                          "http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y"}) {
    const Record& record = Fetch(Get(url));
    EXPECT_EQ(record.error(), NetError::kUnsupportedUrl) << url << record.outcomes[0].detail;
  }
}

TEST_F(CurlClientFaultsTest, RefusesHeadersThatAreTwo) {
  RawServer server(RawServer::Always(Head(0)));
  Request injected = Get(server.Url());
  injected.bearer = Secret("hf_secret\r\nX-Evil: 1");
  const Record& record = Fetch(std::move(injected));
  EXPECT_EQ(record.error(), NetError::kLocal);
  EXPECT_FALSE(absl::StrContains(record.outcomes[0].detail, "hf_secret"));
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(CurlClientFaultsTest, OutOfDescriptorsIsThisMachinesFault) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UBSan needs descriptors itself, to look at what a pointer points to";
#endif
  RawServer server(RawServer::Always(Head(0)));
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const RequestId id = client_->Start(Get(server.Url()), &recorder_);
  rlimit none = before;
  none.rlim_cur = 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  for (int i = 0; i < 50 && Done() == 0; ++i) client_->Poll(absl::Milliseconds(10));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_EQ(Done(), 1);
  EXPECT_EQ(recorder_.records[id].error(), NetError::kLocal)
      << recorder_.records[id].outcomes[0].detail;
}

}  // namespace
}  // namespace hfget::net
