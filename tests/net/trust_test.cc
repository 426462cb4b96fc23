#include "daemon/net/trust.h"

#include <cstdlib>

#include "gtest/gtest.h"

namespace hfget::net {
namespace {

constexpr const char* kNames[] = {"SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE",
                                  "REQUESTS_CA_BUNDLE"};

class TrustTest : public ::testing::Test {
 protected:
  TrustTest() { Clear(); }
  ~TrustTest() override { Clear(); }
  static void Clear() {
    for (const char* name : kNames) ::unsetenv(name);
  }
};

TEST_F(TrustTest, TakesTheFirstThatExists) {
  ::setenv("SSL_CERT_FILE", "/nowhere/ca.pem", 1);
  ::setenv("CURL_CA_BUNDLE", "", 1);
  ::setenv("REQUESTS_CA_BUNDLE", "/etc/hostname", 1);
  EXPECT_EQ(TrustOfEnvironment().file, "/etc/hostname");
  ::setenv("CURL_CA_BUNDLE", "/etc/passwd", 1);
  EXPECT_EQ(TrustOfEnvironment().file, "/etc/passwd");
}

TEST_F(TrustTest, AFolderIsAFolderInWhicheverVariable) {
  ::setenv("REQUESTS_CA_BUNDLE", "/etc", 1);
  EXPECT_EQ(TrustOfEnvironment().folder, "/etc");
  EXPECT_EQ(TrustOfEnvironment().file, "");
}

TEST_F(TrustTest, DefaultIsABundleWithoutAFolder) { EXPECT_EQ(TrustOfEnvironment().folder, ""); }

}  // namespace
}  // namespace hfget::net
