// Finds the daemon, starts one when none runs, and stops it.
#ifndef HFGET_CLI_DAEMON_CONTROL_H_
#define HFGET_CLI_DAEMON_CONTROL_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "cli/client.h"
#include "cli/context.h"
#include "cli/endpoint.h"
#include "cli/options.h"
#include "cli/socket.h"

namespace hfget::cli {

// When to start a daemon that does not run.
enum class Start {
  kAlways,
  kAfterCrash,  // when the last one left its socket behind; one that was stopped stays stopped
  kNever,
};

class DaemonControl {
 public:
  // Errors: those of SocketPath.
  static absl::StatusOr<DaemonControl> Make(Context* context, const Options& options);

  // Or the address of one that is reached by TCP.
  const std::string& socket() const { return socket_; }
  // It is reached by TCP.
  bool remote() const { return !endpoint_.address.empty(); }
  // It is another user's, or on another machine: it has folders of its own. Known after Connect.
  bool foreign() const { return foreign_; }

  // A daemon that answers and speaks our API. Another version of the same API is a warning on err.
  // Errors: UNAVAILABLE when none runs and none may be started; FAILED_PRECONDITION when it speaks
  // another API or cannot be started; those of ProbeSocket. One that is reached by TCP is never started.
  absl::StatusOr<Client> Connect(Start start);

  // What a running daemon says of itself, whatever its API is; nothing when none runs.
  absl::StatusOr<std::optional<v1::GetVersionResponse>> Ask();

  // SIGTERM, then waits until it has ended. Answers its process id, 0 when none
  // ran. Errors: DEADLINE_EXCEEDED when it does not end.
  absl::StatusOr<int64_t> Stop();

 private:
  DaemonControl(Context* context, const Options& options, std::string socket, Endpoint endpoint)
      : context_(context),
        options_(options),
        socket_(std::move(socket)),
        endpoint_(std::move(endpoint)),
        foreign_(remote()) {}

  absl::StatusOr<Client> NewClient() const;
  absl::StatusOr<SocketProbe> Probe();

  absl::StatusOr<Client> Greet();
  absl::Status Launch(SocketState state, Start start);
  absl::Status CheckVersion(const v1::GetVersionResponse& daemon);

  Context* context_;
  Options options_;
  std::string socket_;
  Endpoint endpoint_;
  bool foreign_;
  bool warned_ = false;
};

// Where a daemon logs that the command line starts.
std::string DefaultLogFile(const Context& context, const Options& options);

// The daemon of these options, started when none runs. Errors: those of Make and Connect.
absl::StatusOr<Client> ConnectToDaemon(Context& context, const Options& options);

}  // namespace hfget::cli

#endif  // HFGET_CLI_DAEMON_CONTROL_H_
