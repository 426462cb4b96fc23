#include "daemon/net/trust.h"

#include <curl/curl.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace hfget::net {
namespace {

Trust TrustAt(const char* path) {
  std::error_code error;
  if (path == nullptr || *path == '\0') return {};
  if (std::filesystem::is_directory(path, error)) return {.file = "", .folder = path};
  if (std::filesystem::exists(path, error)) return {.file = path, .folder = ""};
  return {};
}

}  // namespace

Trust TrustOfEnvironment() {
  for (const char* name :
       {"SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"}) {
    Trust trust = TrustAt(std::getenv(name));
    if (!trust.file.empty() || !trust.folder.empty()) return trust;
  }
  // The bundle alone, without the folder that distributions add: libcurl keeps a parsed bundle for
  // later connections only when no folder is set, and parsing costs more than the rest of a
  // handshake.
  return TrustAt(curl_version_info(CURLVERSION_NOW)->cainfo);
}

}  // namespace hfget::net
