// hfget doctor: what became of a question to a host, from the look-up of its name to its certificate.
#ifndef HFGET_DAEMON_HUB_DIAGNOSIS_ROUTE_H_
#define HFGET_DAEMON_HUB_DIAGNOSIS_ROUTE_H_

#include <optional>
#include <string>

#include "daemon/hub/finding.h"
#include "daemon/hub/headers.h"

namespace hfget::hub {

// One question to one host and how it ended.
struct RouteEvidence {
  enum class End { kAnswered, kResolve, kConnect, kConnectTimeout, kTls, kSilent, kReset, kNotHttp, kLocal };

  std::string source;
  std::string url;           // that was asked for; its query is never shown
  End end = End::kAnswered;
  std::string detail;        // the net's own words
  std::string address;       // connected to, or the last one tried; with a proxy, the proxy's
  std::string issuer;        // of the certificate that was refused
  std::string ca_bundle;     // of the source's configuration; empty: the environment's or the system's
  std::string proxy;         // gone through, without its password; empty: none
  std::string proxy_origin;  // who said so: "$HTTPS_PROXY", "the configuration"
  int proxy_status = 0;      // the proxy's own answer to "connect us"

  int status = 0;  // kAnswered
  HeaderFields headers;
  std::string body;  // its beginning
};

// Why no answer of the host came; nullopt: one did. Severity: a problem, as for the only source there is. Checks: "dns",
// "route", "tls", "proxy".
std::optional<Finding> RouteTrouble(const RouteEvidence& seen);

// Of the public internet by its name: not an address, not a name without a dot, not a suffix that networks keep for
// themselves (.local, .internal, .lan, .test, …).
bool IsPublicName(absl::string_view host);

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_DIAGNOSIS_ROUTE_H_
