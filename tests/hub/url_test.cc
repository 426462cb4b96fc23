#include "daemon/hub/url.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::hub {
namespace {

using testing::HasCode;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::StatusIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Url Parsed(absl::string_view text) {
  auto url = ParseUrl(text);
  EXPECT_OK(url) << text;
  return url.ok() ? *url : Url();
}

TEST(ParseUrlTest, TakesItApart) {
  const Url url = Parsed("HTTPS://Hub.Example:8443/a%20b/c?x=1&y=%2F#part");
  EXPECT_EQ(url.scheme, "https");
  EXPECT_EQ(url.host, "hub.example");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.path, "/a%20b/c");
  EXPECT_EQ(url.query, "x=1&y=%2F");
  EXPECT_EQ(url.ToString(), "https://hub.example:8443/a%20b/c?x=1&y=%2F");
}

TEST(ParseUrlTest, FillsInPathAndPort) {
  EXPECT_EQ(Parsed("http://h").ToString(), "http://h/");
  EXPECT_EQ(Parsed("http://h:80/").Origin(), "http://h");
  EXPECT_EQ(Parsed("https://h:").port, 443);
  EXPECT_EQ(Parsed("https://h?q").ToString(), "https://h/?q");
  EXPECT_EQ(Parsed("http://[::1]:8080/x").ToString(), "http://[::1]:8080/x");
}

TEST(ParseUrlTest, EncodesWhatIsNotAscii) {
  EXPECT_EQ(Parsed("http://h/é?ü").ToString(), "http://h/%C3%A9?%C3%BC");
}

TEST(ParseUrlTest, Refuses) {
  const std::pair<std::string, const char*> kCases[] = {
      {"", "absolute"},
      {"/path", "absolute"},
      {"ftp://h/", "neither"},
      {"file:///etc/passwd", "neither"},
      {"javascript:alert(1)", "neither"},
      {"https:h", "no host"},
      {"https://", "host"},
      {"https://.", "host"},
      {"https://user@h/", "user name"},
      {"https://u:p@h/", "user name"},
      {"https://good.example@evil.example/", "user name"},
      {"https://good.example\\@evil.example/", "user name"},
      {"https://good.example\\.evil.example/", "host"},
      {"https://h/a b", "space"},
      {"https://h/a\r\nHost: x", "control"},
      {std::string("https://h/\0", 11), "control"},
      {"https://h:0/", "port"},
      {"https://h:65536/", "port"},
      {"https://h:-1/", "port"},
      {"https://h:+1/", "port"},
      {"https://h:8080x/", "port"},
      {"https://h:99999999999/", "port"},
      {"https://[::1/", "host"},
      {"https://[::1]x/", "host"},
      {"https://[fe80::1%25eth0]/", "host"},
      {"https://[v1.x]/", "host"},
      {"https://h\xC3\xA9/", "host"},
      {"https://h%2Fx/", "host"},
      {"https://h/" + std::string(9000, 'a'), "8 KiB"},
  };
  for (const auto& [text, why] : kCases) {
    EXPECT_THAT(ParseUrl(text), StatusIs(kInvalid, HasSubstr(why))) << text;
  }
}

TEST(ParseUrlTest, TheErrorDoesNotShowASignedLink) {
  EXPECT_THAT(ParseUrl("https://h/x y?Signature=secret").status().message(),
              Not(HasSubstr("secret")));
}

TEST(UrlTest, AnOriginIsSchemeHostAndPort) {
  EXPECT_TRUE(Parsed("https://h/a").SameOrigin(Parsed("https://H:443/b?c")));
  EXPECT_FALSE(Parsed("https://h/").SameOrigin(Parsed("http://h/")));
  EXPECT_FALSE(Parsed("https://h/").SameOrigin(Parsed("https://h:8443/")));
  EXPECT_FALSE(Parsed("https://h/").SameOrigin(Parsed("https://h.evil/")));
}

TEST(UrlTest, KnowsLoopback) {
  for (const char* host :
       {"localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.8.9.1", "[::1]"}) {
    EXPECT_TRUE(Parsed(absl::StrCat("http://", host, ":1/")).IsLoopback()) << host;
  }
  for (const char* host :
       {"localhost.evil.example", "128.0.0.1", "10.0.0.1", "[::2]", "x.localhost"}) {
    EXPECT_FALSE(Parsed(absl::StrCat("http://", host, "/")).IsLoopback()) << host;
  }
}

TEST(UrlTest, KnowsAddressesThatNoPublicHubMaySendUsTo) {
  for (const char* host :
       {"localhost", "a.localhost", "127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255",
        "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "192.0.0.8", "198.18.0.1", "[::]", "[::1]", "[fe80::1]", "[fd00::1]",
        "[fc00::1]", "[ff02::1]", "[fec0::1]", "[::ffff:10.0.0.1]", "[::ffff:7f00:1]",
        "[::10.0.0.1]", "[64:ff9b::a00:1]", "[2002:a00:1::]",
        // What resolvers also take for addresses.
        "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "10.1", "127.0.0.1."}) {
    EXPECT_TRUE(Parsed(absl::StrCat("http://", host, "/")).IsLocalAddress()) << host;
  }
}

TEST(UrlTest, PublicAddressesAndNamesAreNotLocal) {
  for (const char* host : {"huggingface.co", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1",
                           "100.128.0.1", "169.253.0.1", "192.167.0.1", "198.17.0.1", "203.0.113.7",
                           "[2606:4700::1]", "[::ffff:8.8.8.8]", "[64:ff9b::808:808]",
                           "10.example.com", "1e100.net", "localhost.example"}) {
    EXPECT_FALSE(Parsed(absl::StrCat("http://", host, "/")).IsLocalAddress()) << host;
  }
}

TEST(ResolveReferenceTest, FollowsRfc3986) {
  const Url base = Parsed("https://h.example/hugging-face/org/m/resolve/main/x.bin?q=1");
  const std::pair<const char*, const char*> kCases[] = {
      {"https://cdn.example/f?s=1#frag", "https://cdn.example/f?s=1"},
      {"//cdn.example/f", "https://cdn.example/f"},
      {"/api/resolve-cache/x?etag=%22a%22", "https://h.example/api/resolve-cache/x?etag=%22a%22"},
      {"y.bin", "https://h.example/hugging-face/org/m/resolve/main/y.bin"},
      {"../dev/y.bin", "https://h.example/hugging-face/org/m/resolve/dev/y.bin"},
      {"./", "https://h.example/hugging-face/org/m/resolve/main/"},
      {"..", "https://h.example/hugging-face/org/m/resolve/"},
      {"/../../x", "https://h.example/x"},
      {"?q=2", "https://h.example/hugging-face/org/m/resolve/main/x.bin?q=2"},
      {"  /x\t", "https://h.example/x"},
  };
  for (const auto& [reference, expected] : kCases) {
    const auto url = ResolveReference(base, reference);
    ASSERT_OK(url) << reference;
    EXPECT_EQ(url->ToString(), expected) << reference;
  }
}

TEST(ResolveReferenceTest, Refuses) {
  const Url base = Parsed("https://h/");
  for (const char* reference :
       {"", " ", "#x", "ftp://x/", "javascript:x", "//u@h/", "///x", "/a b"}) {
    EXPECT_THAT(ResolveReference(base, reference), HasCode(kInvalid)) << reference;
  }
}

TEST(EncodingTest, KeepsUnreservedCharactersOnly) {
  EXPECT_EQ(EncodeComponent("refs/pr/1"), "refs%2Fpr%2F1");
  EXPECT_EQ(EncodeComponent("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(EncodePath("d/a b#?%+é"), "d/a%20b%23%3F%25%2B%C3%A9");
}

TEST(EncodingTest, DecodesAndLeavesWhatIsNoEscape) {
  EXPECT_EQ(Decode("a%20b%2fc%2F"), "a b/c/");
  EXPECT_EQ(Decode("100%"), "100%");
  EXPECT_EQ(Decode("%zz%4%41"), "%zz%4A");
  EXPECT_EQ(Decode("a+b"), "a+b");
}

TEST(EncodingTest, DecodingUndoesEncoding) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(Decode(EncodeComponent(all)), all);
}

TEST(QueryParameterTest, FindsTheDecodedValue) {
  const Url url = Parsed("https://h/?a=1&b=x%2Fy&c&d=e=f");
  EXPECT_EQ(QueryParameter(url, "a"), "1");
  EXPECT_EQ(QueryParameter(url, "b"), "x/y");
  EXPECT_EQ(QueryParameter(url, "c"), "");
  EXPECT_EQ(QueryParameter(url, "d"), "e=f");
  EXPECT_EQ(QueryParameter(url, "none"), "");
}

// A Location may be taken that grows beyond the cap when it is encoded; then it could not be asked for.
TEST(ParseUrlTest, CountsWhatEncodingAdds) {
  std::string name;
  for (int i = 0; i < 2000; ++i) name += "\xC3\xA4";
  EXPECT_THAT(ParseUrl("https://h/" + name), StatusIs(kInvalid, HasSubstr("8 KiB")));
  EXPECT_THAT(ResolveReference(Parsed("https://h/"), "/" + name), HasCode(kInvalid));
  const std::string longest = "https://h/" + std::string(8 * 1024 - 10, 'a');
  EXPECT_EQ(Parsed(longest).ToString(), longest);
}

}  // namespace
}  // namespace hfget::hub
