#include "daemon/net/proxy_choice.h"

#include <map>

#include "gtest/gtest.h"

namespace hfget::net {
namespace {

using Variables = std::map<std::string, std::string>;

struct Case {
  const char* what;
  const char* setting;
  bool https;
  const char* host;
  Variables environment;
  const char* url;
  const char* origin;
};

const Case kCases[] = {
    {"none is set", "env", true, "hub.example", {}, "", ""},
    {"https", "env", true, "hub.example", {{"HTTPS_PROXY", "http://p:1"}}, "http://p:1", "$HTTPS_PROXY"},
    {"lower case goes first", "env", true, "hub.example", {{"HTTPS_PROXY", "http://p:1"}, {"https_proxy", "http://q:2"}}, "http://q:2", "$https_proxy"},
    {"http wants lower case", "env", false, "hub.example", {{"HTTP_PROXY", "http://p:1"}}, "", ""},
    {"http", "env", false, "hub.example", {{"http_proxy", "p:1"}}, "p:1", "$http_proxy"},
    {"for all", "env", false, "hub.example", {{"ALL_PROXY", "socks5://p:1"}}, "socks5://p:1", "$ALL_PROXY"},
    {"an exception", "env", true, "hub.example", {{"HTTPS_PROXY", "http://p:1"}, {"NO_PROXY", "x, example"}}, "", "$NO_PROXY"},
    {"with a dot in front", "env", true, "hub.example", {{"HTTPS_PROXY", "http://p:1"}, {"NO_PROXY", ".hub.example"}}, "", "$NO_PROXY"},
    {"not half a name", "env", true, "myhub.example", {{"HTTPS_PROXY", "http://p:1"}, {"NO_PROXY", "hub.example"}}, "http://p:1", "$HTTPS_PROXY"},
    {"all hosts", "env", true, "hub.example", {{"HTTPS_PROXY", "http://p:1"}, {"no_proxy", "*"}}, "", "$no_proxy"},
    {"a network", "env", true, "10.1.2.3", {{"HTTPS_PROXY", "http://p:1"}, {"no_proxy", "10.0.0.0/8"}}, "", "$no_proxy"},
    {"another network", "env", true, "11.1.2.3", {{"HTTPS_PROXY", "http://p:1"}, {"no_proxy", "10.0.0.0/8"}}, "http://p:1", "$HTTPS_PROXY"},
    {"a network of IPv6", "env", true, "fd00:1::7", {{"HTTPS_PROXY", "http://p:1"}, {"no_proxy", "fd00::/12"}}, "", "$no_proxy"},
    {"another of IPv6", "env", true, "2001:db8::7", {{"HTTPS_PROXY", "http://p:1"}, {"no_proxy", "fd00::/12,10.0.0.0/8"}}, "http://p:1", "$HTTPS_PROXY"},
    {"not on a byte's bound", "env", true, "10.31.0.1", {{"HTTPS_PROXY", "http://p:1"}, {"no_proxy", "10.16.0.0/12"}}, "", "$no_proxy"},
    {"beyond it", "env", true, "10.32.0.1", {{"HTTPS_PROXY", "http://p:1"}, {"no_proxy", "10.16.0.0/12"}}, "http://p:1", "$HTTPS_PROXY"},
    {"a final dot is no other name", "env", true, "hub.example.", {{"HTTPS_PROXY", "http://p:1"}, {"no_proxy", "hub.example"}}, "", "$no_proxy"},
    {"no password is shown", "env", true, "hub.example", {{"HTTPS_PROXY", "http://u:secret@p:1/x"}}, "http://p:1", "$HTTPS_PROXY"},
    {"nor one that nobody has encoded", "env", true, "hub.example", {{"HTTPS_PROXY", "http://u:sec/ret@p:1/x"}}, "http://p:1", "$HTTPS_PROXY"},
    {"nor one without a scheme", "u:sec/r://et@p:1", true, "hub.example", {}, "p:1", "the configuration"},
    {"the configuration goes first", "http://c:1", true, "hub.example", {{"HTTPS_PROXY", "http://p:1"}}, "http://c:1", "the configuration"},
    {"and needs no exception", "http://c:1", true, "hub.example", {{"NO_PROXY", "*"}}, "http://c:1", "the configuration"},
    {"the configuration says none", "none", true, "hub.example", {{"HTTPS_PROXY", "http://p:1"}}, "", "the configuration"},
};

TEST(ProxyChoiceTest, ChoosesAsCurlDoes) {
  for (const Case& c : kCases) {
    const ProxyChoice chosen = ChooseProxy(c.setting, c.https, c.host, [&](const char* name) {
      const auto it = c.environment.find(name);
      return it == c.environment.end() ? std::string() : it->second;
    });
    EXPECT_EQ(chosen.url, c.url) << c.what;
    EXPECT_EQ(chosen.origin, c.origin) << c.what;
  }
}

}  // namespace
}  // namespace hfget::net
