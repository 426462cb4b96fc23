#include "daemon/rpc/tcp_credentials.h"

#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/rpc/api_token.h"

namespace hfget::rpc {
namespace {

absl::StatusOr<std::string> ReadCertificates(const std::string& path, absl::string_view key) {
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (absl::StrContains(text, "-----BEGIN CERTIFICATE-----")) return text;
  return absl::FailedPreconditionError(absl::StrCat(key, " ", path, file ? " holds no PEM certificate" : " cannot be read"));
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> Tls(const TcpConfig& config) {
  const bool mutual = !config.client_ca_file.empty();
  grpc::SslServerCredentialsOptions options(mutual ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                                   : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  grpc::SslServerCredentialsOptions::PemKeyCertPair pair;
  HFGET_ASSIGN_OR_RETURN(pair.cert_chain, ReadCertificates(config.cert_file, "tls_cert"));
  HFGET_ASSIGN_OR_RETURN(pair.private_key, ReadPrivateFile(config.key_file, "tls_key"));
  options.pem_key_cert_pairs.push_back(std::move(pair));
  if (mutual) {
    HFGET_ASSIGN_OR_RETURN(options.pem_root_certs, ReadCertificates(config.client_ca_file, "client_ca"));
  }
  return grpc::SslServerCredentials(options);
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> TcpCredentials(const TcpConfig& config) {
  if (config.client_ca_file.empty() && config.token_file.empty()) {
    return absl::FailedPreconditionError("the TCP port would be open to everybody: set client_ca or token_file in [api]");
  }
  const bool tls = !config.cert_file.empty();
  if (!tls && !config.client_ca_file.empty()) return absl::FailedPreconditionError("client_ca needs tls_cert and tls_key");
  // Of gRPC's local kind, because insecure credentials cannot ask for a token; they take connections of this machine alone, and
  // speak nothing but plain HTTP/2.
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::experimental::LocalServerCredentials(LOCAL_TCP);
  if (tls) {
    HFGET_ASSIGN_OR_RETURN(credentials, Tls(config));
  }
  if (!config.token_file.empty()) {
    HFGET_ASSIGN_OR_RETURN(std::shared_ptr<ApiToken> token, ApiToken::Open(config.token_file));
    credentials->SetAuthMetadataProcessor(std::make_shared<TokenProcessor>(std::move(token)));
  }
  return credentials;
}

}  // namespace hfget::rpc
