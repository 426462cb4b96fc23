// Where the daemon is, when it is not behind this user's own socket: a TCP address, and what it asks for there.
#ifndef HFGET_CLI_ENDPOINT_H_
#define HFGET_CLI_ENDPOINT_H_

#include <grpcpp/security/credentials.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/environment.h"
#include "cli/options.h"

namespace hfget::cli {

// Each by its flag, or else its variable: --address HFGET_ADDRESS, --api-token-file HFGET_API_TOKEN_FILE, --ca HFGET_CA, --cert
// HFGET_CERT, --key HFGET_KEY. Paths are absolute.
struct Endpoint {
  std::string address;  // "host:port"; empty: the socket
  std::string token_file, ca_file, cert_file, key_file;
};

// --socket goes before HFGET_ADDRESS. Errors: INVALID_ARGUMENT: both flags, --cert without --key, no HOST:PORT.
absl::StatusOr<Endpoint> FindEndpoint(const Options& options, const Environment& env, absl::string_view cwd);

// How to speak with it. TLS always, but for an address of this machine without --ca and --cert.
struct Access {
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  std::string token;  // empty: none; goes into each call's metadata
};
// Errors: INVALID_ARGUMENT for a file that cannot be read; never a word of what it holds.
absl::StatusOr<Access> OpenEndpoint(const Endpoint& endpoint);

}  // namespace hfget::cli

#endif  // HFGET_CLI_ENDPOINT_H_
