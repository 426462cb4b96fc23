// Whose signature a certificate bore that was not trusted: libcurl tells it only of certificates that
// passed.
#ifndef HFGET_DAEMON_NET_ISSUER_WITNESS_H_
#define HFGET_DAEMON_NET_ISSUER_WITNESS_H_

#include <curl/curl.h>

#include <memory>
#include <string>

namespace hfget::net {

// Watches one handle's handshakes; changes nothing of what they accept. What it saw is shared with
// the TLS context, which may outlive it in the connection pool.
class IssuerWitness {
 public:
  IssuerWitness();

  // CURLOPT_SSL_CTX_FUNCTION and its data, on a handle that this object outlives.
  CURLcode Attach(CURL* easy);

  // The issuer of the certificate at which the check stopped, "CN=Example Root, O=Example"; empty:
  // none was refused. The bytes are the server's: printable ASCII here, at most 200.
  const std::string& issuer() const { return *issuer_; }

 private:
  static CURLcode OnContext(CURL* easy, void* ssl_ctx, void* self);

  std::shared_ptr<std::string> issuer_;
};

}  // namespace hfget::net

#endif  // HFGET_DAEMON_NET_ISSUER_WITNESS_H_
