// Certificates for a test: an authority, and what it has signed. Made by OpenSSL, real in all but their age.
#ifndef HFGET_TESTS_RPC_CERTIFICATES_H_
#define HFGET_TESTS_RPC_CERTIFICATES_H_

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <string>

namespace hfget::rpc {

struct Pem {
  std::string certificate, key;
};

// Owns: its key.
class Authority {
 public:
  explicit Authority(const std::string& name) : key_(EVP_EC_gen("P-256")), certificate_(Make(name, key_, 3600, true)) {
    X509_set_issuer_name(certificate_, X509_get_subject_name(certificate_));
    X509_sign(certificate_, key_, EVP_sha256());
  }
  ~Authority() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }
  Authority(const Authority&) = delete;

  std::string certificate() const { return Text(certificate_); }

  // For 127.0.0.1. `seconds`: how long it is good yet; negative: it has ended.
  Pem Issue(const std::string& name, long seconds = 3600) const {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* leaf = Make(name, key, seconds, false);
    X509_set_issuer_name(leaf, X509_get_subject_name(certificate_));
    X509_sign(leaf, key_, EVP_sha256());
    Pem pem{Text(leaf), ""};
    BIO* out = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    pem.key = Drain(out);
    X509_free(leaf);
    EVP_PKEY_free(key);
    return pem;
  }

 private:
  static X509* Make(const std::string& name, EVP_PKEY* key, long seconds, bool authority) {
    static long serial = 1;
    X509* out = X509_new();
    X509_set_version(out, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(out), serial++);
    X509_gmtime_adj(X509_getm_notBefore(out), -7200);
    X509_gmtime_adj(X509_getm_notAfter(out), seconds);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(out), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_pubkey(out, key);
    Add(out, NID_basic_constraints, authority ? "critical,CA:TRUE" : "CA:FALSE");
    if (!authority) Add(out, NID_subject_alt_name, "IP:127.0.0.1");
    return out;
  }
  static void Add(X509* certificate, int what, const char* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, what, value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  static std::string Text(X509* certificate) {
    BIO* out = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(out, certificate);
    return Drain(out);
  }
  static std::string Drain(BIO* out) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out, &bytes);
    const std::string text(bytes, static_cast<size_t>(size));
    BIO_free(out);
    return text;
  }

  EVP_PKEY* const key_;
  X509* const certificate_;
};

}  // namespace hfget::rpc

#endif  // HFGET_TESTS_RPC_CERTIFICATES_H_
