// URLs, as far as a downloader needs them. Source: RFC 3986.
#ifndef HFGET_DAEMON_HUB_URL_H_
#define HFGET_DAEMON_HUB_URL_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hfget::hub {

struct Url {
  std::string scheme;  // lower case: "http" or "https"
  std::string host;    // lower case; IPv6 without brackets
  int port = 0;        // always set (80 or 443 when not written)
  std::string path;    // begins with "/", as written (still percent-encoded)
  std::string query;   // without "?"; may be empty
  std::string user_info;  // refused by ParseUrl: always empty

  std::string ToString() const;
  // "scheme://host[:port]" with the port only when it is not the scheme's own.
  std::string Origin() const;
  std::string HostAndPort() const;  // the same without the scheme
  bool SameOrigin(const Url& other) const;
  bool IsLoopback() const;  // localhost, 127.0.0.0/8, ::1
  // A literal address that no public hub may send us to: private, link-local (169.254/16, fe80::), unique-local,
  // unspecified, multicast, CGNAT, and IPv4 mapped into IPv6 of these. Loopback too. Names are not looked up here.
  bool IsLocalAddress() const;
};

// Absolute http(s) URLs only. Errors: INVALID_ARGUMENT for other schemes, user info, control characters, spaces, bad
// ports, longer than 8 KiB.
absl::StatusOr<Url> ParseUrl(absl::string_view text);

// A Location header against the URL that was asked for (relative, scheme-relative, absolute path, absolute).
absl::StatusOr<Url> ResolveReference(const Url& base, absl::string_view reference);

// Percent-encodes all but unreserved characters; EncodePath also keeps "/".
std::string EncodeComponent(absl::string_view text);
std::string EncodePath(absl::string_view path);
// Percent-decodes; "%zz" stays as it is.
std::string Decode(absl::string_view text);
// The decoded value of a query parameter; empty when absent.
std::string QueryParameter(const Url& url, absl::string_view name);

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_URL_H_
