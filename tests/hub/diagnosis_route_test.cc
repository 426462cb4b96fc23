#include "daemon/hub/diagnosis_route.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::hub {
namespace {

using ::testing::HasSubstr;
using End = RouteEvidence::End;

struct Case {
  const char* what;
  const char* url;
  End end;
  const char* detail;
  const char* address;
  const char* check;
  const char* cause;
  const char* fix;  // part of it
};

constexpr char kHub[] = "https://huggingface.co/api/x";
constexpr char kOffice[] = "https://hub.office.lan/x";

const Case kCases[] = {
    {"no such name", kHub, End::kResolve, "Could not resolve host: huggingface.co", "", "dns", "name-not-resolved", "getent hosts"},
    {"a public name at a private address", kHub, End::kConnect, "refused", "10.0.0.1:443", "dns", "dns-poisoned", "/etc/hosts"},
    {"… at loopback", kHub, End::kConnectTimeout, "", "127.0.0.1:443", "dns", "dns-poisoned", "socks5h://"},
    {"… with another's certificate", kHub, End::kTls, "SSL certificate problem: self-signed certificate", "0.0.0.0:443", "dns", "dns-poisoned", "name server"},
    {"a name of one's own at a private address", kOffice, End::kConnect, "refused", "10.0.0.1:443", "route", "connect-refused", "endpoint"},
    {"an address as host", "http://127.0.0.1:80/x", End::kConnect, "refused", "127.0.0.1:80", "route", "connect-refused", "port"},
    {"the route is blocked", kHub, End::kConnectTimeout, "timed out", "199.16.158.9:443", "route", "connect-timeout", "proxy"},
    {"silence", kHub, End::kSilent, "", "", "route", "no-answer", "proxy"},
    {"reset", kHub, End::kReset, "Recv failure", "", "route", "connection-reset", "proxy"},
    {"not HTTP", kHub, End::kNotHttp, "", "", "route", "not-http", "port"},
    {"out of sockets", kHub, End::kLocal, "", "", "route", "local-limits", "ulimit"},
    {"a box in the middle", kHub, End::kTls, "SSL certificate problem: self-signed certificate in certificate chain", "", "tls", "tls-interception", "ca_bundle"},
    {"… that hides the chain", kHub, End::kTls, "SSL certificate problem: unable to get local issuer certificate", "", "tls", "tls-interception", "SSL_CERT_FILE"},
    {"an authority of one's own", kOffice, End::kTls, "SSL certificate problem: unable to get local issuer certificate", "", "tls", "tls-unknown-ca", "ca_bundle"},
    {"expired", kHub, End::kTls, "SSL certificate problem: certificate has expired", "", "tls", "tls-expired", "timedatectl"},
    {"of tomorrow", kHub, End::kTls, "SSL certificate problem: certificate is not yet valid", "", "tls", "tls-not-yet-valid", "clock"},
    {"for another name", kHub, End::kTls, "SSL: no alternative certificate subject name matches target host name 'huggingface.co'", "", "tls", "tls-wrong-name", "getent"},
    {"plain http on the port", kHub, End::kTls, "error:0A00010B:SSL routines::wrong version number", "", "tls", "tls-not-spoken", "http://"},
    {"cut at the name", kHub, End::kTls, "OpenSSL SSL_connect: Connection reset by peer in connection to huggingface.co:443", "", "tls", "tls-reset", "proxy"},
    {"the bundle is missing", kHub, End::kTls, "error setting certificate file: /nowhere/ca.pem", "", "tls", "tls-ca-bundle", "PEM"},
    {"something else", kHub, End::kTls, "no cipher match", "", "tls", "tls-failed", "ca_bundle"},
};

RouteEvidence Seen(const char* url, End end, const char* detail, const char* address) {
  RouteEvidence seen;
  seen.source = "office";
  seen.url = url;
  seen.end = end;
  seen.detail = detail;
  seen.address = address;
  return seen;
}

TEST(DiagnosisRouteTest, NamesTheCauseAndWhatMendsIt) {
  for (const Case& c : kCases) {
    const auto trouble = RouteTrouble(Seen(c.url, c.end, c.detail, c.address));
    ASSERT_TRUE(trouble) << c.what;
    EXPECT_EQ(trouble->severity, Severity::kProblem) << c.what;
    EXPECT_EQ(trouble->check, c.check) << c.what;
    EXPECT_EQ(trouble->cause, c.cause) << c.what;
    EXPECT_EQ(trouble->subject, "office") << c.what;
    EXPECT_THAT(trouble->fix, HasSubstr(c.fix)) << c.what;
    EXPECT_THAT(trouble->evidence, HasSubstr(c.detail)) << c.what;
  }
}

TEST(DiagnosisRouteTest, AnAnswerIsNoTroubleWhereverItComesFrom) {
  EXPECT_FALSE(RouteTrouble(Seen(kHub, End::kAnswered, "", "18.1.2.3:443")));
  EXPECT_FALSE(RouteTrouble(Seen(kHub, End::kAnswered, "", "198.18.0.7:443"))) << "a fake-ip that works";
}

TEST(DiagnosisRouteTest, NamesTheIssuer) {
  RouteEvidence seen = Seen(kHub, End::kTls, "SSL certificate problem: self-signed certificate in certificate chain", "");
  seen.issuer = "CN=Example Corp Inspection, O=Example";
  EXPECT_THAT(RouteTrouble(seen)->message, HasSubstr("CN=Example Corp Inspection"));
  EXPECT_THAT(RouteTrouble(seen)->fix, HasSubstr("cannot be switched off"));
}

struct ProxyCase {
  const char* what;
  const char* origin;
  End end;
  int proxy_status, status;
  const char* cause;  // empty: no trouble of the proxy's
  const char* fix;
};

const ProxyCase kProxyCases[] = {
    {"it is not there", "$HTTPS_PROXY", End::kConnect, 0, 0, "proxy-unreachable", "HTTPS_PROXY where hfgetd is started"},
    {"it has no name", "the configuration", End::kResolve, 0, 0, "proxy-unreachable", "[source.office]"},
    {"it refuses", "$HTTPS_PROXY", End::kConnect, 403, 0, "proxy-refuses", "NO_PROXY=huggingface.co"},
    {"it asks who we are", "$HTTPS_PROXY", End::kConnect, 407, 0, "proxy-login", "user:password"},
    {"… for plain http", "$http_proxy", End::kAnswered, 0, 407, "proxy-login", "user:password"},
    {"behind it a reset", "$HTTPS_PROXY", End::kReset, 200, 0, "connection-reset", "proxy"},
    {"behind it a TLS box", "$HTTPS_PROXY", End::kTls, 200, 0, "tls-failed", "ca_bundle"},
    {"an answer", "$HTTPS_PROXY", End::kAnswered, 200, 200, "", ""},
};

TEST(DiagnosisRouteTest, TellsTheProxysTroubleFromTheHosts) {
  for (const ProxyCase& c : kProxyCases) {
    RouteEvidence seen = Seen(kHub, c.end, "", "10.0.0.8:3128");
    seen.proxy = "http://proxy:3128";
    seen.proxy_origin = c.origin;
    seen.proxy_status = c.proxy_status;
    seen.status = c.status;
    const auto trouble = RouteTrouble(seen);
    ASSERT_EQ(trouble.has_value(), *c.cause != '\0') << c.what;
    if (!trouble) continue;
    EXPECT_EQ(trouble->cause, c.cause) << c.what;
    EXPECT_THAT(trouble->fix, HasSubstr(c.fix)) << c.what;
  }
}

TEST(DiagnosisRouteTest, KnowsPublicNames) {
  for (const char* name : {"huggingface.co", "a.b.example", "1.example"}) EXPECT_TRUE(IsPublicName(name)) << name;
  for (const char* name : {"hub", "localhost", "10.0.0.1", "::1", "hub.lan", "hub.corp", "hub.internal"}) {
    EXPECT_FALSE(IsPublicName(name)) << name;
  }
}

}  // namespace
}  // namespace hfget::hub
