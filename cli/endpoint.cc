#include "cli/endpoint.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/found_token.h"

namespace hfget::cli {
namespace {

// "host:port", "[::1]:port"; the host, or "" when it is neither.
std::string HostOf(const std::string& address) {
  const size_t colon = address.rfind(':');
  int port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 1 || port > 65535) return "";
  const std::string host = address.substr(0, colon);
  if (absl::StartsWith(host, "[") && absl::EndsWith(host, "]")) return host.substr(1, host.size() - 2);
  return absl::StrContains(host, ':') ? "" : host;
}

bool IsThisMachine(const std::string& host) {
  if (host == "localhost" || host == "::1") return true;
  return absl::StartsWith(host, "127.") && host.find_first_not_of("0123456789.") == std::string::npos;
}

absl::StatusOr<std::string> Read(const std::string& path, const char* flag) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (file && !text.empty()) return text;
  return absl::InvalidArgumentError(absl::StrCat(flag, " ", path, file ? " is empty" : " cannot be read"));
}

}  // namespace

absl::StatusOr<Endpoint> FindEndpoint(const Options& options, const Environment& env, absl::string_view cwd) {
  Endpoint endpoint;
  const auto path = [&](const std::string& flag, const char* variable) {
    const std::string value = flag.empty() ? env.Get(variable) : flag;
    return value.empty() ? value : AbsolutePath(cwd, env.ExpandUser(value));
  };
  if (!options.address.empty() && !options.socket.empty()) {
    return absl::InvalidArgumentError("both --socket and --address are given: the daemon can be at one of them only");
  }
  endpoint.address = options.address.empty() && options.socket.empty() ? env.Get("HFGET_ADDRESS") : options.address;
  if (endpoint.address.empty()) return endpoint;
  endpoint.token_file = path(options.api_token_file, "HFGET_API_TOKEN_FILE");
  endpoint.ca_file = path(options.ca, "HFGET_CA");
  endpoint.cert_file = path(options.cert, "HFGET_CERT");
  endpoint.key_file = path(options.key, "HFGET_KEY");
  if (HostOf(endpoint.address).empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", endpoint.address, "\" is not an address: write HOST:PORT, such as node7:7443"));
  }
  if (endpoint.cert_file.empty() != endpoint.key_file.empty()) {
    return absl::InvalidArgumentError("--cert and --key belong together: give both, or none");
  }
  return endpoint;
}

absl::StatusOr<Access> OpenEndpoint(const Endpoint& endpoint) {
  Access access;
  if (!endpoint.token_file.empty()) {
    absl::StatusOr<std::string> text = Read(endpoint.token_file, "--api-token-file");
    if (!text.ok()) return text.status();
    if (!CleanToken(*text, "").ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--api-token-file ", endpoint.token_file, " holds no token"));
    }
    access.token = *CleanToken(*text, "");
  }
  const bool plain = endpoint.ca_file.empty() && endpoint.cert_file.empty() && IsThisMachine(HostOf(endpoint.address));
  if (plain) {
    access.credentials = grpc::InsecureChannelCredentials();
    return access;
  }
  grpc::SslCredentialsOptions tls;
  for (auto& [text, file, flag] : {std::tuple(&tls.pem_root_certs, &endpoint.ca_file, "--ca"),
                                   std::tuple(&tls.pem_cert_chain, &endpoint.cert_file, "--cert"),
                                   std::tuple(&tls.pem_private_key, &endpoint.key_file, "--key")}) {
    absl::StatusOr<std::string> read = Read(*file, flag);
    if (!read.ok()) return read.status();
    *text = *std::move(read);
  }
  access.credentials = grpc::SslCredentials(tls);
  return access;
}

}  // namespace hfget::cli
