// Where the daemon listens, and whether somebody does.
#ifndef HFGET_CLI_SOCKET_H_
#define HFGET_CLI_SOCKET_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/environment.h"

namespace hfget::cli {

// The rule, the same in the daemon; the first that is set and not empty:
//   1. the flag --socket                        (relative to `cwd`)
//   2. $HFGET_SOCKET                            (relative to `cwd`)
//   3. $XDG_RUNTIME_DIR/hfget/hfgetd.sock       (only when $XDG_RUNTIME_DIR is absolute)
//   4. /tmp/hfget-<uid>/hfgetd.sock             (that folder must be a real folder of `uid`, mode
//   0700)
// Errors: INVALID_ARGUMENT when it is longer than a socket's name may be; PERMISSION_DENIED when
// the folder of rule 4 exists and is not as demanded: on a shared machine somebody else may have
// made it first.
absl::StatusOr<std::string> SocketPath(absl::string_view flag, const Environment& env, uid_t uid,
                                       absl::string_view cwd);

// A folder that may hold the socket under /tmp: absent (the daemon makes it), or a real folder of
// `uid` with mode 0700.
absl::Status CheckPrivateFolder(const std::string& path, uid_t uid);

enum class SocketState {
  kAbsent,  // no daemon runs; the last one, if any, ended in order
  kStale,   // the file is there and nobody listens: the daemon was killed or crashed
  kListening,
};

struct SocketProbe {
  SocketState state = SocketState::kAbsent;
  int64_t pid = 0;  // of the listener, by the kernel's word; 0 when it is not known
  uid_t uid = 0;    // likewise
};

// Connects once and hangs up. `daemon_user`: whose listener will do, besides ours and root's, a name or a number; empty: nobody's.
// Errors: PERMISSION_DENIED when it may not, or when the listener belongs to somebody else: a token must not go there.
absl::StatusOr<SocketProbe> ProbeSocket(const std::string& path, const std::string& daemon_user = "");

}  // namespace hfget::cli

#endif  // HFGET_CLI_SOCKET_H_
