#include "daemon/net/http.h"

#include "gtest/gtest.h"

namespace hfget::net {
namespace {

TEST(HeadersTest, GivesTheFirstOfSeveralValues) {
  const Headers headers{{{"link", "a"}, {"etag", "\"x\""}, {"link", "b"}}};
  EXPECT_EQ(headers.Get("link"), "a");
  EXPECT_EQ(headers.Get("etag"), "\"x\"");
}

TEST(HeadersTest, TellsAbsentFromEmpty) {
  const Headers headers{{{"x-empty", ""}}};
  EXPECT_EQ(headers.Get("x-empty"), "");
  ASSERT_NE(headers.Find("x-empty"), nullptr);
  EXPECT_EQ(headers.Get("x-absent"), "");
  EXPECT_EQ(headers.Find("x-absent"), nullptr);
}

TEST(NetErrorNameTest, EveryErrorHasAName) {
  for (int error = 0; error <= static_cast<int>(NetError::kLocal); ++error) {
    EXPECT_NE(NetErrorName(static_cast<NetError>(error)), "unknown error") << error;
  }
}

}  // namespace
}  // namespace hfget::net
