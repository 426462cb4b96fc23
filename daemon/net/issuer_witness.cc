#include "daemon/net/issuer_witness.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>

#include "absl/strings/ascii.h"

namespace hfget::net {
namespace {

constexpr size_t kMaxIssuerBytes = 200;

using Shared = std::shared_ptr<std::string>;

void FreeShared(void*, void* shared, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<Shared*>(shared);
}

// The place in a context where what was seen is kept, and dies with it.
int SharedIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, &FreeShared);
  return index;
}

std::string IssuerOf(X509* certificate) {
  BIO* const out = BIO_new(BIO_s_mem());
  if (out == nullptr) return "";
  X509_NAME_print_ex(out, X509_get_issuer_name(certificate), 0,
                     XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB & ~XN_FLAG_SPC_EQ);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  std::string text(data, std::min<size_t>(std::max(size, 0L), kMaxIssuerBytes));
  BIO_free(out);
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return !absl::ascii_isprint(c); },
                  '?');
  return text;
}

// Says what OpenSSL says.
int Look(int accepted, X509_STORE_CTX* store) {
  if (accepted == 1) return accepted;
  const auto* ssl = static_cast<SSL*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  X509* const certificate = X509_STORE_CTX_get_current_cert(store);
  if (ssl == nullptr || certificate == nullptr) return accepted;
  auto* shared = static_cast<Shared*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), SharedIndex()));
  if (shared != nullptr) **shared = IssuerOf(certificate);
  return accepted;
}

}  // namespace

IssuerWitness::IssuerWitness() : issuer_(std::make_shared<std::string>()) {}

CURLcode IssuerWitness::Attach(CURL* easy) {
  const CURLcode code = curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, &OnContext);
  return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, this) : code;
}

CURLcode IssuerWitness::OnContext(CURL*, void* ssl_ctx, void* self) {
  auto* context = static_cast<SSL_CTX*>(ssl_ctx);
  auto shared = std::make_unique<Shared>(static_cast<IssuerWitness*>(self)->issuer_);
  if (SSL_CTX_set_ex_data(context, SharedIndex(), shared.get()) != 1) return CURLE_OUT_OF_MEMORY;
  (void)shared.release();  // the context owns it now
  // The mode stays the one that libcurl has set: a check that cannot be switched off.
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, &Look);
  return CURLE_OK;
}

}  // namespace hfget::net
