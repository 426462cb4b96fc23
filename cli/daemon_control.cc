#include "cli/daemon_control.h"

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cli/start_turn.h"

namespace hfget::cli {
namespace {

constexpr char kLogName[] = "/hfgetd.log";

std::string StateFolder(const Context& context, const Options& options) {
  if (!options.state_dir.empty()) return AbsolutePath(context.cwd, context.env.ExpandUser(options.state_dir));
  const std::string state = context.env.Get("XDG_STATE_HOME");
  return absl::StartsWith(state, "/") ? state + "/hfget" : context.env.Home() + "/.local/state/hfget";
}

// The same, made when it is not there. Empty when that fails: the daemon itself will say so.
std::string MadeStateFolder(const Context& context, const Options& options) {
  const std::string folder = StateFolder(context, options);
  std::error_code error;
  const bool made = std::filesystem::create_directories(folder, error);
  if (made) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  return error ? "" : folder;
}

void AddPath(const Context& context, const char* flag, const std::string& path,
             std::vector<std::string>* arguments) {
  if (path.empty()) return;
  arguments->push_back(flag);
  arguments->push_back(AbsolutePath(context.cwd, context.env.ExpandUser(path)));
}

}  // namespace

absl::StatusOr<DaemonControl> DaemonControl::Make(Context* context, const Options& options) {
  absl::StatusOr<Endpoint> endpoint = FindEndpoint(options, context->env, context->cwd);
  if (!endpoint.ok()) return endpoint.status();
  if (!endpoint->address.empty()) return DaemonControl(context, options, endpoint->address, *endpoint);
  absl::StatusOr<std::string> socket =
      SocketPath(options.socket, context->env, context->uid, context->cwd);
  if (!socket.ok()) return socket.status();
  return DaemonControl(context, options, *std::move(socket), *std::move(endpoint));
}

absl::StatusOr<Client> DaemonControl::NewClient() const {
  if (!remote()) return Client(socket_);
  const absl::StatusOr<Access> access = OpenEndpoint(endpoint_);
  if (!access.ok()) return access.status();
  return Client(socket_, *access);
}

absl::StatusOr<SocketProbe> DaemonControl::Probe() {
  const std::string user = options_.daemon_user.empty() ? context_->env.Get("HFGET_DAEMON_USER") : options_.daemon_user;
  absl::StatusOr<SocketProbe> probe = ProbeSocket(socket_, user);
  if (probe.ok()) foreign_ = probe->state == SocketState::kListening && probe->pid != 0 && probe->uid != context_->uid;
  return probe;
}

absl::Status DaemonControl::CheckVersion(const v1::GetVersionResponse& daemon) {
  if (daemon.api() != kApi) {
    return absl::FailedPreconditionError(
        absl::StrCat("the daemon at ", socket_, " is version ", daemon.version(), " (API ",
                     daemon.api(), "), this hfget is ", HFGET_VERSION, " (API ", kApi,
                     "): run hfget daemon stop && hfget daemon start"));
  }
  if (daemon.version() != HFGET_VERSION && !warned_) {
    warned_ = true;
    PrintNote(*context_, options_,
              absl::StrCat("warning: the daemon is version ", daemon.version(), ", hfget is ",
                           HFGET_VERSION, ": hfget daemon stop && hfget daemon start"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Client> DaemonControl::Greet() {
  absl::StatusOr<Client> client = NewClient();
  if (!client.ok()) return client;
  const absl::StatusOr<v1::GetVersionResponse> version = client->GetVersion();
  if (!version.ok()) return version.status();
  const absl::Status fits = CheckVersion(*version);
  if (!fits.ok()) return fits;
  return client;
}

absl::Status DaemonControl::Launch(SocketState state, Start start) {
  if (start == Start::kNever || (start == Start::kAfterCrash && state != SocketState::kStale)) {
    return absl::UnavailableError(absl::StrCat("no daemon runs at ", socket_));
  }
  const std::string folder = MadeStateFolder(*context_, options_);
  const StartTurn turn(folder, context_->timing.ready, context_->timing.poll);
  const absl::StatusOr<SocketProbe> meanwhile = Probe();
  if (meanwhile.ok() && meanwhile->state == SocketState::kListening) return absl::OkStatus();
  DaemonStart daemon;
  daemon.timeout = context_->timing.ready;
  // Not beside the socket, whose folder is often in memory.
  if (!folder.empty()) daemon.log_file = folder + kLogName;
  daemon.arguments = {"--socket", socket_};
  AddPath(*context_, "--config", options_.config, &daemon.arguments);
  AddPath(*context_, "--state-dir", options_.state_dir, &daemon.arguments);
  AddPath(*context_, "--token-file", options_.daemon_token_file, &daemon.arguments);
  return context_->processes.StartDaemon(daemon);
}

absl::StatusOr<Client> DaemonControl::Connect(Start start) {
  if (remote()) return Greet();
  const absl::Time deadline = context_->now() + context_->timing.ready;
  for (;;) {
    const absl::StatusOr<SocketProbe> probe = Probe();
    if (!probe.ok()) return probe.status();
    if (probe->state != SocketState::kListening) {
      const absl::Status launched = Launch(probe->state, start);
      if (!launched.ok()) return launched;
    }
    absl::StatusOr<Client> client = Greet();
    // UNAVAILABLE: it is about to end. Wait for that, then start the next one.
    if (client.ok() || !absl::IsUnavailable(client.status()) || context_->now() >= deadline) {
      return client;
    }
    absl::SleepFor(context_->timing.poll);
  }
}

absl::StatusOr<std::optional<v1::GetVersionResponse>> DaemonControl::Ask() {
  if (!remote()) {
    const absl::StatusOr<SocketProbe> probe = Probe();
    if (!probe.ok()) return probe.status();
    if (probe->state != SocketState::kListening) return std::nullopt;
  }
  absl::StatusOr<Client> client = NewClient();
  if (!client.ok()) return client.status();
  absl::StatusOr<v1::GetVersionResponse> version = client->GetVersion();
  if (!version.ok()) return version.status();
  return *std::move(version);
}

absl::StatusOr<int64_t> DaemonControl::Stop() {
  if (remote()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the daemon at ", socket_, " is reached by TCP: stop it where it runs"));
  }
  absl::StatusOr<SocketProbe> probe = Probe();
  if (!probe.ok()) return probe.status();
  if (probe->state != SocketState::kListening) return 0;
  // By the kernel's word: it holds for a daemon that hangs, and its own word may be a number of
  // another container.
  const int64_t pid = probe->pid;
  const absl::Status told = context_->processes.Terminate(pid);
  if (!told.ok()) return told;
  const absl::Time deadline = context_->now() + context_->timing.ready;
  for (;;) {
    // Until the end it holds the socket's lock, which the next daemon wants. The socket is not asked: systemd's goes on listening, and would
    // start the next one for the question.
    if (!context_->processes.IsRunning(pid)) return pid;
    if (context_->now() >= deadline) break;
    absl::SleepFor(context_->timing.poll);
  }
  return absl::DeadlineExceededError(
      absl::StrCat("the daemon (process ", pid, ") does not end: kill -9 ", pid,
                   " loses at most the last few seconds of a download"));
}

std::string DefaultLogFile(const Context& context, const Options& options) { return StateFolder(context, options) + kLogName; }

absl::StatusOr<Client> ConnectToDaemon(Context& context, const Options& options) {
  absl::StatusOr<DaemonControl> control = DaemonControl::Make(&context, options);
  if (!control.ok()) return control.status();
  return control->Connect(Start::kAlways);
}

}  // namespace hfget::cli
