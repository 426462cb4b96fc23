// The API's door, from flags and configuration.
#ifndef HFGET_DAEMON_API_OPTIONS_H_
#define HFGET_DAEMON_API_OPTIONS_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/config_file.h"
#include "daemon/environment.h"
#include "daemon/rpc/door_config.h"

namespace hfget {

// `listen`: the flag; it goes before the file's. `own_caches` is left to the caller. Users and groups are looked up in the system's
// database. Errors: INVALID_ARGUMENT, one line: a name that nobody has, a target that is not absolute, a port that would be open.
absl::StatusOr<rpc::DoorConfig> ResolveDoor(const ApiSection& api, absl::string_view listen, const Environment& env);

// A TCP port is never silently open. Errors: INVALID_ARGUMENT when it asks for no proof of who comes, or would show a token to the
// network; with what to do.
absl::Status CheckTcp(const rpc::TcpConfig& tcp);

// "[::1]:7443" and "host:7443". nullopt: it is neither.
std::optional<std::pair<absl::string_view, int>> HostAndPort(absl::string_view address);

// "127.0.0.1", "::1", "localhost", and nothing else that only might be.
bool IsLoopback(absl::string_view host);

}  // namespace hfget

#endif  // HFGET_DAEMON_API_OPTIONS_H_
