// Which certificate authorities a server's certificate is checked against. There is no way to
// switch the check off.
#ifndef HFGET_DAEMON_NET_TRUST_H_
#define HFGET_DAEMON_NET_TRUST_H_

#include <string>

namespace hfget::net {

// At most one of the two is set; none: libcurl's built-in default.
struct Trust {
  std::string file;    // PEM
  std::string folder;  // hashed, as c_rehash makes it
};

// The first of SSL_CERT_FILE, SSL_CERT_DIR, CURL_CA_BUNDLE and REQUESTS_CA_BUNDLE that names
// something that exists; else the bundle that libcurl was built for.
Trust TrustOfEnvironment();

}  // namespace hfget::net

#endif  // HFGET_DAEMON_NET_TRUST_H_
