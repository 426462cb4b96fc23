#include "daemon/net/curl_error.h"

#include "gtest/gtest.h"

namespace hfget::net {
namespace {

TEST(NetErrorOfTest, TellsTheStepsApart) {
  EXPECT_EQ(NetErrorOf(CURLE_OK), NetError::kNone);
  EXPECT_EQ(NetErrorOf(CURLE_COULDNT_RESOLVE_PROXY), NetError::kResolve);
  EXPECT_EQ(NetErrorOf(CURLE_COULDNT_CONNECT), NetError::kConnect);
  EXPECT_EQ(NetErrorOf(CURLE_OPERATION_TIMEDOUT), NetError::kConnectTimeout);
  EXPECT_EQ(NetErrorOf(CURLE_PEER_FAILED_VERIFICATION), NetError::kTls);
  EXPECT_EQ(NetErrorOf(CURLE_SSL_CACERT_BADFILE), NetError::kTls);
  EXPECT_EQ(NetErrorOf(CURLE_PARTIAL_FILE), NetError::kReset);
  EXPECT_EQ(NetErrorOf(CURLE_WEIRD_SERVER_REPLY), NetError::kProtocol);
  EXPECT_EQ(NetErrorOf(CURLE_LOGIN_DENIED), NetError::kUnsupportedUrl);
  EXPECT_EQ(NetErrorOf(CURLE_OUT_OF_MEMORY), NetError::kLocal);
}

TEST(LoggableDetailTest, HidesQueriesAndPasswords) {
  EXPECT_EQ(LoggableDetail("bad URL https://h/p?Signature=abc here"), "bad URL https://h/p here");
  EXPECT_EQ(LoggableDetail("Unsupported proxy scheme for 'ftp://u:pw@proxy:1'"),
            "Unsupported proxy scheme for 'ftp://proxy:1'");
}

TEST(LoggableDetailTest, ReplacesControlCharacters) {
  EXPECT_EQ(LoggableDetail("a\r\nb\x1b[31m"), "a  b [31m");
}

}  // namespace
}  // namespace hfget::net
