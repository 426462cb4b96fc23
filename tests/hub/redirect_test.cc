#include "daemon/hub/redirect.h"

#include "gmock/gmock.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::hub {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::HasCode;

Url Asked(absl::string_view url) { return *ParseUrl(url); }
const Url kPublicHub = Asked("https://hub.example/org/m/resolve/c/f?token=secret");

TEST(NextHopTest, FollowsWhatIsFurtherOutOrAsNear) {
  EXPECT_EQ(NextHop(kPublicHub, "https://cdn.example/x?Signature=s", Zone::kPublic)->ToString(), "https://cdn.example/x?Signature=s");
  EXPECT_EQ(NextHop(kPublicHub, "/api/resolve-cache/x", Zone::kPublic)->ToString(), "https://hub.example/api/resolve-cache/x");
  const Url office = Asked("http://10.1.2.3:8080/x");
  for (const char* to : {"http://10.4.5.6/y", "http://192.168.0.9/y", "http://100.70.1.1/y", "https://cdn.example/y", "/y"}) {
    EXPECT_OK(NextHop(office, to, Zone::kPrivate)) << to;
  }
  const Url demo = Asked("http://127.0.0.1:8080/x");
  for (const char* to : {"http://127.0.0.1:9/y", "http://localhost:9/y", "http://[::1]:9/y", "http://10.0.0.1/y"}) {
    EXPECT_OK(NextHop(demo, to, Zone::kLoopback)) << to;
  }
  EXPECT_OK(NextHop(Asked("http://169.254.7.7/x"), "http://169.254.8.8/y", Zone::kLinkLocal));
}

TEST(NextHopTest, RefusesWhatIsFurtherIn) {
  constexpr const char* kMetadata[] = {
      "http://169.254.169.254/latest", "http://[::ffff:169.254.169.254]/", "http://[::ffff:a9fe:a9fe]/", "http://2852039166/",
      "http://0xa9fea9fe/", "http://0251.0376.0251.0376/", "http://169.254.43518/", "http://169.254.169.254./", "http://[fe80::1]/",
      "http://[64:ff9b::a9fe:a9fe]/"};
  for (const char* to : kMetadata) {
    EXPECT_THAT(NextHop(Asked("http://hub.example/"), to, Zone::kPublic), HasCode(absl::StatusCode::kInvalidArgument)) << to;
    EXPECT_THAT(NextHop(Asked("http://10.0.0.1/"), to, Zone::kPrivate), HasCode(absl::StatusCode::kInvalidArgument)) << to;
    EXPECT_THAT(NextHop(Asked("http://127.0.0.1/"), to, Zone::kLoopback), HasCode(absl::StatusCode::kInvalidArgument)) << to;
  }
  for (const char* to : {"http://127.0.0.1/", "http://localhost/", "http://0.0.0.0/", "http://0/", "http://[::]/", "http://127.1/"}) {
    EXPECT_THAT(NextHop(Asked("http://hub.example/"), to, Zone::kPublic), HasCode(absl::StatusCode::kInvalidArgument)) << to;
    EXPECT_THAT(NextHop(Asked("http://10.0.0.1/"), to, Zone::kPrivate), HasCode(absl::StatusCode::kInvalidArgument)) << to;
  }
  for (const char* to : {"http://10.0.0.1/", "http://192.168.0.1/", "http://172.16.0.1/", "http://100.64.0.1/", "http://[fd00::1]/",
                         "http://[fc00::1]/", "http://198.18.0.1/", "http://167772161/", "http://012.0.0.1/"}) {
    EXPECT_THAT(NextHop(Asked("http://hub.example/"), to, Zone::kPublic), HasCode(absl::StatusCode::kInvalidArgument)) << to;
  }
  for (const char* to : {"http://255.255.255.255/", "http://224.0.0.1/", "http://[ff02::1]/"}) {
    EXPECT_THAT(NextHop(Asked("http://127.0.0.1/"), to, Zone::kLoopback), HasCode(absl::StatusCode::kInvalidArgument)) << to;
  }
}

TEST(NextHopTest, RefusesOtherSchemesAndDowngrades) {
  for (const char* to : {"file:///etc/passwd", "gopher://h/", "ftp://h/x", "dict://h/", "data:text/plain,x", "javascript:x", "",
                         "https://user:pw@h/", "http:", "https://", "//", "https://h:0/", "https://h:99999/", "http://[::1/",
                         "https://h\\@x/", "https://h\r\nX: y/", "https://%31%32%37.0.0.1/"}) {
    const auto next = NextHop(kPublicHub, to, Zone::kLoopback);
    EXPECT_THAT(next, HasCode(absl::StatusCode::kInvalidArgument)) << to;
    EXPECT_THAT(std::string(next.status().message()), HasSubstr("redirects nowhere")) << to;
  }
  const auto downgrade = NextHop(kPublicHub, "http://cdn.example/x?Signature=s", Zone::kPublic);
  EXPECT_THAT(std::string(downgrade.status().message()), HasSubstr("from https to http (cdn.example)"));
  EXPECT_THAT(std::string(downgrade.status().message()), Not(HasSubstr("Signature")));
}

}  // namespace
}  // namespace hfget::hub
