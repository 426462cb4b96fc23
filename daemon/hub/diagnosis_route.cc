#include "daemon/hub/diagnosis_route.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/hub/path_check.h"
#include "daemon/hub/url.h"

namespace hfget::hub {
namespace {

// Whose certificates only a box in the middle replaces: everybody else may run an authority of their own.
constexpr absl::string_view kWellKnown[] = {"huggingface.co", "hf.co",          "hf-mirror.com",
                                            "modelscope.cn",  "modelscope.ai", "tsinghua.edu.cn", "aliyuncs.com"};
constexpr absl::string_view kPrivateSuffixes[] = {".local", ".localhost", ".internal", ".intranet", ".lan",
                                                  ".home",  ".corp",      ".private",  ".test",     ".arpa"};

bool IsWellKnown(absl::string_view host) {
  for (const absl::string_view name : kWellKnown) {
    if (host == name || absl::EndsWith(host, absl::StrCat(".", name))) return true;
  }
  return false;
}

bool IsLocal(absl::string_view address) {
  const auto url = ParseUrl(absl::StrCat("http://", address, "/"));
  return url.ok() && url->IsLocalAddress();
}

std::string HostOf(const RouteEvidence& seen) {
  const auto url = ParseUrl(seen.url);
  return url.ok() ? url->host : Printable(seen.url);
}

std::string Section(const RouteEvidence& seen) { return absl::StrCat("[source.", seen.source, "]"); }

Finding Trouble(const RouteEvidence& seen, absl::string_view check, absl::string_view cause, std::string message,
                std::string fix) {
  Finding finding;
  finding.severity = Severity::kProblem;
  finding.check = std::string(check);
  finding.cause = std::string(cause);
  finding.subject = seen.source;
  finding.message = std::move(message);
  finding.evidence = Printable(seen.detail, 300);
  if (!seen.address.empty() && !absl::StrContains(seen.detail, seen.address)) {
    absl::StrAppend(&finding.evidence, finding.evidence.empty() ? "" : "; ", "at ", seen.address);
  }
  finding.fix = std::move(fix);
  return finding;
}

std::string Elsewhere(const RouteEvidence& seen) {
  return absl::StrCat("set a proxy for it (", Section(seen),
                      " proxy = \"http://…\") or HTTPS_PROXY, or use a mirror that is reachable from here (hfget sources)");
}

// Behind a proxy the proxy alone is looked up and connected to: what fails there is the proxy's.
std::optional<Finding> ProxyTrouble(const RouteEvidence& seen) {
  if (seen.proxy.empty()) return std::nullopt;
  const std::string which = absl::StrCat("the proxy ", seen.proxy, " (", seen.proxy_origin, ")");
  const std::string other =
      seen.proxy_origin == "the configuration"
          ? absl::StrCat("mend proxy = \"…\" in ", Section(seen), ", or write proxy = \"none\" to go without one")
          : absl::StrCat("mend ", seen.proxy_origin.substr(1), " where hfgetd is started, take the host out by NO_PROXY=",
                         HostOf(seen), ", or write proxy = \"none\" in ", Section(seen),
                         "; then hfget daemon stop && hfget daemon start");
  const bool asks_login =
      seen.proxy_status == 407 || (seen.end == RouteEvidence::End::kAnswered && seen.status == 407);
  if (asks_login) {
    return Trouble(seen, "proxy", "proxy-login", absl::StrCat(which, " asks for a user name and password"),
                   absl::StrCat("write them into its URL, http://user:password@…, or ", other));
  }
  if (seen.end == RouteEvidence::End::kAnswered) return std::nullopt;
  if (seen.proxy_status != 0 && seen.proxy_status / 100 != 2) {
    Finding refused = Trouble(seen, "proxy", "proxy-refuses",
                              absl::StrCat(which, " does not let us through to ", HostOf(seen)), other);
    refused.evidence = absl::StrCat("it answers ", seen.proxy_status, " to CONNECT");
    return refused;
  }
  using End = RouteEvidence::End;
  const bool unreached = seen.end == End::kResolve || seen.end == End::kConnect || seen.end == End::kConnectTimeout;
  if (!unreached || seen.proxy_status != 0) return std::nullopt;
  return Trouble(seen, "proxy", "proxy-unreachable", absl::StrCat(which, " cannot be reached"), other);
}

std::string GiveAuthority(const RouteEvidence& seen) {
  return absl::StrCat("if that authority is your company's or your mirror's, give its certificate: ca_bundle = "
                      "\"/path/ca.pem\" in ",
                      Section(seen), ", or SSL_CERT_FILE where hfgetd is started; checking cannot be switched off");
}

Finding UntrustedIssuer(const RouteEvidence& seen) {
  const std::string host = HostOf(seen);
  const std::string issuer = seen.issuer.empty() ? "an authority that is not known here" : Printable(seen.issuer);
  Finding finding =
      IsWellKnown(host)
          ? Trouble(seen, "tls", "tls-interception",
                    absl::StrCat("something between here and ", host, " replaces its certificate by one of ", issuer),
                    GiveAuthority(seen))
          : Trouble(seen, "tls", "tls-unknown-ca",
                    absl::StrCat("the certificate of ", host, " is signed by ", issuer, ", which is not trusted here"),
                    GiveAuthority(seen));
  absl::StrAppend(&finding.evidence, "; issuer: ", issuer,
                  seen.ca_bundle.empty() ? "" : absl::StrCat("; checked against ", seen.ca_bundle));
  return finding;
}

Finding TlsTrouble(const RouteEvidence& seen) {
  const std::string host = HostOf(seen);
  const std::string detail = absl::AsciiStrToLower(seen.detail);
  const auto says = [&](absl::string_view words) { return absl::StrContains(detail, words); };
  if (says("certificate file") || says("trust anchors") || says("ca cert") || says("certificate verify locations")) {
    const std::string file = seen.ca_bundle.empty() ? "SSL_CERT_FILE or its like" : seen.ca_bundle;
    return Trouble(seen, "tls", "tls-ca-bundle", absl::StrCat("the CA bundle cannot be used: ", file),
                   absl::StrCat("name a PEM file that can be read: ca_bundle in ", Section(seen), ", or SSL_CERT_FILE"));
  }
  if (says("has expired") || says("not yet valid")) {
    const bool expired = says("has expired");
    return Trouble(seen, "tls", expired ? "tls-expired" : "tls-not-yet-valid",
                   absl::StrCat("the certificate of ", host, expired ? " has expired" : " is not valid yet",
                                ", as this machine's clock says"),
                   "look at the clock first (timedatectl); if it is right, whoever runs that host has to renew the certificate");
  }
  if (says("self-signed") || says("self signed") || says("issuer certificate") || says("unable to verify")) {
    return UntrustedIssuer(seen);
  }
  if (says("subject name") || says("does not match")) {
    return Trouble(seen, "tls", "tls-wrong-name", absl::StrCat("what answers as ", host, " shows a certificate for another name"),
                   absl::StrCat("check the endpoint and the name server (getent hosts ", host, "), and any proxy"));
  }
  if (says("wrong version number") || says("unknown protocol") || says("http request")) {
    return Trouble(seen, "tls", "tls-not-spoken", absl::StrCat(host, " does not speak TLS on this port"),
                   absl::StrCat("check the endpoint of ", Section(seen), ": http:// instead of https://, or another port"));
  }
  if (says("reset") || says("syscall") || says("unexpected eof")) {
    return Trouble(seen, "tls", "tls-reset", absl::StrCat("the connection to ", host, " is cut during the TLS handshake: the name is blocked on the way"),
                   Elsewhere(seen));
  }
  return Trouble(seen, "tls", "tls-failed", absl::StrCat("no TLS connection to ", host), GiveAuthority(seen));
}

// A public name that leads to an address of this network: told only where it led nowhere, since boxes that answer in the
// host's name (fake-ip) do work.
std::optional<Finding> Poisoned(const RouteEvidence& seen) {
  const std::string host = HostOf(seen);
  const bool suspicious = seen.proxy.empty() && IsPublicName(host) && IsLocal(seen.address);
  if (!suspicious || seen.end == RouteEvidence::End::kAnswered) return std::nullopt;
  Finding finding = Trouble(seen, "dns", "dns-poisoned",
                            absl::StrCat(host, " is a public name, but the name server gives the local address ", seen.address,
                                         ", where it cannot be"),
                            absl::StrCat("look at /etc/hosts and the name server (getent hosts ", host,
                                         "); use another one, or a proxy: ", Section(seen), " proxy = \"socks5h://…\""));
  finding.evidence = absl::StrCat(host, " -> ", seen.address, "; ", finding.evidence);
  return finding;
}

}  // namespace

bool IsPublicName(absl::string_view host) {
  if (!absl::StrContains(host, '.') || absl::StrContains(host, ':')) return false;
  if (absl::ascii_isdigit(static_cast<unsigned char>(host.back()))) return false;  // an IPv4 address
  for (const absl::string_view suffix : kPrivateSuffixes) {
    if (absl::EndsWith(host, suffix)) return false;
  }
  return true;
}

std::optional<Finding> RouteTrouble(const RouteEvidence& seen) {
  if (auto proxy = ProxyTrouble(seen)) return proxy;
  if (auto poisoned = Poisoned(seen)) return poisoned;
  const std::string host = HostOf(seen);
  switch (seen.end) {
    case RouteEvidence::End::kAnswered:
      return std::nullopt;
    case RouteEvidence::End::kResolve:
      return Trouble(seen, "dns", "name-not-resolved", absl::StrCat("the name ", host, " cannot be looked up"),
                     absl::StrCat("check the name, the network and the name server (getent hosts ", host, "); ", Elsewhere(seen)));
    case RouteEvidence::End::kConnect:
      return Trouble(seen, "route", "connect-refused", absl::StrCat("nobody accepts connections at ", host),
                     absl::StrCat("check the endpoint and its port in ", Section(seen), "; or ", Elsewhere(seen)));
    case RouteEvidence::End::kConnectTimeout:
      return Trouble(seen, "route", "connect-timeout", absl::StrCat("connecting to ", host, " leads nowhere: the route is blocked"),
                     Elsewhere(seen));
    case RouteEvidence::End::kTls:
      return TlsTrouble(seen);
    case RouteEvidence::End::kSilent:
      return Trouble(seen, "route", "no-answer", absl::StrCat(host, " takes the question and does not answer"), Elsewhere(seen));
    case RouteEvidence::End::kReset:
      return Trouble(seen, "route", "connection-reset", absl::StrCat("the connection to ", host, " is cut before an answer comes"),
                     Elsewhere(seen));
    case RouteEvidence::End::kNotHttp:
      return Trouble(seen, "route", "not-http", absl::StrCat("what answers at ", host, " does not speak HTTP"),
                     absl::StrCat("check the endpoint and its port in ", Section(seen)));
    case RouteEvidence::End::kLocal:
      return Trouble(seen, "route", "local-limits", "this machine is out of sockets or memory",
                     "raise the limit of open files where hfgetd is started (ulimit -n), or stop other programs");
  }
  return std::nullopt;
}

}  // namespace hfget::hub
