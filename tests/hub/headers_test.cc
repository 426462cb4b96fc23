#include "daemon/hub/headers.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::hub {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT

TEST(FindHeaderTest, GivesTheFirstValueOrNothing) {
  const HeaderFields fields = {{"etag", "a"}, {"etag", "b"}};
  EXPECT_EQ(FindHeader(fields, "etag"), "a");
  EXPECT_EQ(FindHeader(fields, "link"), "");
}

TEST(ContentRangeTest, Reads) {
  const auto range = ParseContentRange("bytes 0-1023/4096");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, 0);
  EXPECT_EQ(range->last, 1023);
  EXPECT_EQ(range->total, 4096);
  EXPECT_EQ(ParseContentRange(" Bytes  5-5/*")->total, -1);
  EXPECT_TRUE(ParseContentRange("bytes 0-0/1"));
}

TEST(ContentRangeTest, RefusesEverythingElse) {
  for (const char* value : {"",
                            "bytes",
                            "bytes */4096",
                            "0-1/2",
                            "items 0-1/2",
                            "bytes 2-1/9",
                            "bytes 0-9/9",
                            "bytes 0-9/",
                            "bytes 0-/9",
                            "bytes -1/9",
                            "bytes -5--1/9",
                            "bytes +0-1/9",
                            "bytes 0-1",
                            "bytes 0/1-2",
                            "bytes 0 - 1/9",
                            "bytes 0-1/9 x",
                            "bytes 0-1/-1",
                            "bytes 0x0-1/9",
                            "bytes 0-9223372036854775807/*",
                            "bytes 0-1/99999999999999999999",
                            "bytes=0-1/9"}) {
    EXPECT_FALSE(ParseContentRange(value)) << value;
  }
}

TEST(ContentLengthTest, TakesDigitsOnly) {
  EXPECT_EQ(ParseContentLength("0"), 0);
  EXPECT_EQ(ParseContentLength(" 42 "), 42);
  for (const char* value : {"", "-1", "+1", "1 2", "5, 5", "0x10", "1e3", "99999999999999999999"}) {
    EXPECT_FALSE(ParseContentLength(value)) << value;
  }
}

TEST(NextLinkTest, FindsRelNext) {
  const std::pair<const char*, const char*> kCases[] = {
      {R"(<https://h/x?cursor=a>; rel="next")", "https://h/x?cursor=a"},
      {"</x?c=1>;rel=next", "/x?c=1"},
      {R"(<a>; rel="prev", <b>; rel="next")", "b"},
      {R"(<a>; rel="prev first"; title="x, <c>; rel=next", <b>; REL="last NEXT")", "b"},
      {R"(<a,b>; rel=next)", "a,b"},
      {R"(<a>; title="\"; rel=next", <b>; rel="next")", "b"},
      {R"(<a>; rel="xet-auth", <b>; rel="xet-reconstruction-info")", ""},
      {R"(<a>; rel="nextish")", ""},
      {"", ""},
      {"<unclosed; rel=next", ""},
      {"<a>", ""},
      {"garbage", ""},
      {R"(<a>; title="never closed)", ""},
  };
  for (const auto& [value, target] : kCases) EXPECT_EQ(NextLink(value), target) << value;
}

TEST(NextLinkTest, LooksThroughAllLinkHeaders) {
  EXPECT_EQ(NextLink(HeaderFields{{"link", "<a>; rel=prev"}, {"link", "<b>; rel=next"}}), "b");
  EXPECT_EQ(NextLink(HeaderFields{{"etag", "<b>; rel=next"}}), "");
}

TEST(RateLimitTest, ReadsTheHubsForm) {
  const auto limit = ParseRateLimit(R"("resolvers";r=2999;t=240)");
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->bucket, "resolvers");
  EXPECT_EQ(limit->remaining, 2999);
  EXPECT_EQ(limit->reset, absl::Seconds(240));
  EXPECT_EQ(ParseRateLimit(R"( "api" ; r = 0 ; t = 55 )")->remaining, 0);
  EXPECT_EQ(ParseRateLimit(R"("x", "api";t=1;r=2)")->bucket, "api");
}

TEST(RateLimitTest, RefusesOrBoundsTheRest) {
  for (const char* value :
       {"", "api;r=1;t=2", R"("api";r=1)", R"("api";r=-1;t=2)", R"("api";r=1;t=x)", R"("";r=1;t=2)",
        R"(";r=1;t=2)", R"("api";r=99999999999999999999;t=1)"}) {
    EXPECT_FALSE(ParseRateLimit(value)) << value;
  }
  EXPECT_EQ(ParseRateLimit(R"("api";r=0;t=99999999999999999999)")->reset, absl::Hours(24));
}

TEST(RetryAfterTest, ReadsSecondsAndAllThreeFormsOfDates) {
  EXPECT_EQ(ParseRetryAfter("120", kNow), absl::Seconds(120));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:50:07 GMT", kNow), absl::Seconds(30));
  EXPECT_EQ(ParseRetryAfter("Sunday, 06-Nov-94 08:50:07 GMT", kNow), absl::Seconds(30));
  EXPECT_EQ(ParseRetryAfter("Sun Nov  6 08:50:07 1994", kNow), absl::Seconds(30));
}

TEST(RetryAfterTest, ClampsToBetweenNowAndADay) {
  EXPECT_EQ(ParseRetryAfter("-5", kNow), absl::ZeroDuration());
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:00:00 GMT", kNow), absl::ZeroDuration());
  EXPECT_EQ(ParseRetryAfter("999999", kNow), absl::Hours(24));
  EXPECT_EQ(ParseRetryAfter("99999999999999999999999", kNow), absl::Hours(24));
  EXPECT_EQ(ParseRetryAfter("Mon, 06 Nov 2094 08:00:00 GMT", kNow), absl::Hours(24));
}

TEST(RetryAfterTest, RefusesWhatIsNeither) {
  for (const char* value :
       {"", "-", "soon", "1.5", "1 2", "infinite", "infinite-future", "1994-11-06T08:50:07Z"}) {
    EXPECT_FALSE(ParseRetryAfter(value, kNow)) << value;
  }
}

TEST(BareEtagTest, StripsWeaknessAndQuotes) {
  EXPECT_EQ(BareEtag(R"("abc")"), "abc");
  EXPECT_EQ(BareEtag(R"(W/"abc")"), "abc");
  EXPECT_EQ(BareEtag("abc"), "abc");
  EXPECT_EQ(BareEtag(""), "");
  EXPECT_EQ(BareEtag("\""), "");
}

std::string CloudFrontPolicy(const std::string& json) {
  return absl::StrReplaceAll(absl::Base64Escape(json), {{"+", "-"}, {"=", "_"}, {"/", "~"}});
}

std::string PolicyUntil(const std::string& time) {
  return CloudFrontPolicy(absl::StrCat(
      R"({"Statement":[{"Resource":"https://x/*","Condition":{"DateLessThan":{"AWS:EpochTime":)",
      time, "}}}]}"));
}

TEST(LinkExpiryTest, ReadsEveryForm) {
  const absl::Time at = absl::FromUnixSeconds(1790000000);
  const std::string kCases[] = {
      "https://h/f?Expires=1790000000&Signature=x",
      "https://h/f?md5=x&expires=1790000000",
      "https://h/f?Expires=1790000000&Policy=" + PolicyUntil("1"),
      "https://h/f?X-Amz-Date=20260921T131320Z&X-Amz-Expires=3600",
      "https://h/f?X-Goog-Date=20260921T131320Z&X-Goog-Expires=3600",
      "https://h/f?auth_key=1789999100-abc-0-0123456789abcdef",
      "https://h/f?Policy=" + PolicyUntil("1790000000") + "&Key-Pair-Id=K",
  };
  for (const std::string& url : kCases) {
    const auto expiry = LinkExpiry(url);
    ASSERT_TRUE(expiry) << url;
    EXPECT_EQ(*expiry, at) << url << " " << *expiry;
  }
}

TEST(IsCodedTest, SeesEveryCodingButIdentity) {
  for (const HeaderFields& plain : std::vector<HeaderFields>{
           {}, {{"content-encoding", "identity"}}, {{"transfer-encoding", "chunked"}}, {{"transfer-encoding", " Chunked , identity"}}, {{"content-encoding", ""}}}) {
    EXPECT_FALSE(IsCoded(plain));
  }
  for (const HeaderFields& coded : std::vector<HeaderFields>{{{"content-encoding", "gzip"}},
                                                             {{"content-encoding", "identity"}, {"content-encoding", "br"}},
                                                             {{"transfer-encoding", "gzip, chunked"}},
                                                             {{"transfer-encoding", "chunked"}, {"transfer-encoding", "deflate"}},
                                                             {{"content-encoding", "chunked"}},
                                                             {{"content-encoding", "\x01"}}}) {
    EXPECT_TRUE(IsCoded(coded)) << coded[0].second;
  }
}

TEST(LinkExpiryTest, SaysNothingOfLinksThatDoNot) {
  const std::string kCases[] = {
      "https://h/f",
      "https://h/f?Expires=",
      "https://h/f?Expires=-1",
      "https://h/f?Expires=tomorrow",
      "https://h/f?Expires=99999999999999999999",
      "https://h/f?Expires=999999999999999",
      "https://h/f?X-Amz-Expires=3600",
      "https://h/f?X-Amz-Date=20260921T124320Z",
      "https://h/f?X-Amz-Date=yesterday&X-Amz-Expires=3600",
      "https://h/f?auth_key=abc",
      "https://h/f?Policy=***",
      "https://h/f?Policy=" + CloudFrontPolicy("[]"),
      "https://h/f?Policy=" + CloudFrontPolicy(R"({"Statement":[]})"),
      "https://h/f?Policy=" + CloudFrontPolicy(R"({"Statement":[{"Condition":7}]})"),
      "https://h/f?Policy=" + PolicyUntil("-5"),
      "https://h/f?Policy=" + PolicyUntil("\"5\""),
      "https://h/f?Policy=" + CloudFrontPolicy(std::string(3000, '[')),
      "not a url?Expires=1",
  };
  for (const std::string& url : kCases) EXPECT_FALSE(LinkExpiry(url)) << url;
}

}  // namespace
}  // namespace hfget::hub
