#include "daemon/api_options.h"

#include <grp.h>
#include <pwd.h>

#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/base/status.h"

namespace hfget {
namespace {

constexpr size_t kDatabaseBytes = 1 << 20;  // a group with very many members
// Whom the kernel cannot name: users of another namespace, such as those of a container, come as this one.
constexpr uint32_t kNobody = 65534;

std::optional<uint32_t> UserId(const std::string& name) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(kDatabaseBytes);
  getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found != nullptr) return found->pw_uid;
  return std::nullopt;
}

std::optional<uint32_t> GroupId(const std::string& name) {
  group entry{};
  group* found = nullptr;
  std::vector<char> buffer(kDatabaseBytes);
  getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found != nullptr) return found->gr_gid;
  return std::nullopt;
}

using Lookup = std::optional<uint32_t> (*)(const std::string&);

absl::Status AddIds(const std::optional<ApiSection::Names>& names, absl::string_view what, Lookup look, std::set<uint32_t>* ids) {
  for (const auto& [name, where] : names.value_or(ApiSection::Names())) {
    uint32_t number = 0;
    std::optional<uint32_t> id = look(name);
    if (!id && absl::SimpleAtoi(name, &number)) id = number;
    if (!id) {
      return absl::InvalidArgumentError(absl::StrCat("no ", what, " is named \"", name, "\" at ", where,
                                                     ": write a name of this system, or a number"));
    }
    if (*id == kNobody) {
      return absl::InvalidArgumentError(absl::StrCat("the ", what, " \"", name, "\" at ", where, " cannot be let in: ", kNobody,
                                                     " is what the kernel calls everybody whom it cannot name"));
    }
    ids->insert(*id);
  }
  return absl::OkStatus();
}

absl::Status AddTargets(const ApiSection& api, const Environment& env, std::vector<std::string>* targets) {
  for (const auto& [folder, where] : api.allowed_targets.value_or(ApiSection::Names())) {
    std::string path = env.Expand(folder);
    if (!absl::StartsWith(path, "/")) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", folder, "\" at ", where, " is not an absolute folder: write one such as \"/data/models\""));
    }
    while (path.size() > 1 && absl::EndsWith(path, "/")) path.pop_back();
    targets->push_back(std::move(path));
  }
  if (api.allowed_targets && targets->empty()) {
    return absl::InvalidArgumentError("allowed_targets is empty, so that nothing could be pulled: name a folder, or leave it out");
  }
  return absl::OkStatus();
}

}  // namespace

std::optional<std::pair<absl::string_view, int>> HostAndPort(absl::string_view address) {
  const size_t colon = address.rfind(':');
  int port = 0;
  if (colon == address.npos || !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 0 || port > 65535) return std::nullopt;
  absl::string_view host = address.substr(0, colon);
  const bool brackets = absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
  if (host.empty() || (!brackets && host.find_first_of(":/[]") != host.npos)) return std::nullopt;
  return std::pair(host, port);
}

bool IsLoopback(absl::string_view host) {
  if (host == "::1" || host == "localhost") return true;
  return absl::StartsWith(host, "127.") && host.find_first_not_of("0123456789.") == host.npos;
}

absl::Status CheckTcp(const rpc::TcpConfig& tcp) {
  if (tcp.cert_file.empty() != tcp.key_file.empty()) {
    return absl::InvalidArgumentError("tls_cert and tls_key in [api] belong together: set both, or none");
  }
  const bool tls = !tcp.cert_file.empty();
  if (!tls && !tcp.client_ca_file.empty()) {
    return absl::InvalidArgumentError("client_ca in [api] needs TLS: set tls_cert and tls_key, too");
  }
  if (tcp.address.empty()) return absl::OkStatus();
  const auto parts = HostAndPort(tcp.address);
  if (!parts) {
    return absl::InvalidArgumentError(absl::StrCat("\"", tcp.address, "\" is not an address to listen on: write HOST:PORT, such as "
                                                   "127.0.0.1:7443 or [::1]:7443"));
  }
  if (tcp.client_ca_file.empty() && tcp.token_file.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("listening on ", tcp.address, " would let everybody in: set client_ca (certificates) "
                                                   "or token_file (a bearer token) in [api]"));
  }
  if (!tls && !IsLoopback(parts->first)) {
    return absl::InvalidArgumentError(absl::StrCat("listening on ", tcp.address, " without TLS would show the token to the network: "
                                                   "set tls_cert and tls_key in [api], or listen on 127.0.0.1"));
  }
  return absl::OkStatus();
}

absl::StatusOr<rpc::DoorConfig> ResolveDoor(const ApiSection& api, absl::string_view listen, const Environment& env) {
  rpc::DoorConfig door;
  door.allowed.own_uid = env.uid;
  HFGET_RETURN_IF_ERROR(AddIds(api.allow_users, "user", UserId, &door.allowed.users));
  HFGET_RETURN_IF_ERROR(AddIds(api.allow_groups, "group", GroupId, &door.allowed.groups));
  HFGET_RETURN_IF_ERROR(AddTargets(api, env, &door.allowed_targets));
  door.share_token = api.share_token.value_or(door.share_token);
  door.limits.watches = api.max_watches_per_client.value_or(door.limits.watches);
  door.limits.connections = api.max_connections_per_client.value_or(door.limits.connections);
  door.limits.calls_per_sec = api.max_calls_per_second.value_or(door.limits.calls_per_sec);
  door.tcp.address = listen.empty() ? api.listen.value_or("") : std::string(listen);
  door.tcp.cert_file = env.Absolute(api.tls_cert.value_or(""));
  door.tcp.key_file = env.Absolute(api.tls_key.value_or(""));
  door.tcp.client_ca_file = env.Absolute(api.client_ca.value_or(""));
  door.tcp.token_file = env.Absolute(api.token_file.value_or(""));
  HFGET_RETURN_IF_ERROR(CheckTcp(door.tcp));
  return door;
}

}  // namespace hfget
