// hfgetd: reads what it is told, builds everything, runs until a signal, and takes it down in
// order. The only file that names all concrete classes.
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/base/mailbox.h"
#include "daemon/base/status.h"
#include "daemon/disk/disk_pool.h"
#include "daemon/disk/posix_file_system.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/engine_thread.h"
#include "daemon/net/curl_client.h"
#include "daemon/options.h"
#include "daemon/process.h"
#include "daemon/rpc/door.h"
#include "daemon/rpc/handed_socket.h"
#include "daemon/rpc/metrics_port.h"
#include "daemon/rpc/server.h"
#include "daemon/service_manager.h"
#include "daemon/store/rocks_store.h"

namespace hfget {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

// SIGTERM promises an end within 5 s; the rest is for the kernel to take the process down.
constexpr absl::Duration kShutdownLimit = absl::Milliseconds(4500);
// Calls that run get this long before they are cancelled. The engine's last checkpoint needs the
// remaining time.
constexpr absl::Duration kDrainPatience = absl::Milliseconds(500);

// Nothing of ours is touched before both locks are held: not the log of another daemon, not its
// store.
struct Claims {
  rpc::SocketClaim socket;
  rpc::PidLock state;
};

absl::StatusOr<Claims> TakeClaims(const Options& options, std::optional<rpc::HandedSocket> handed) {
  HFGET_ASSIGN_OR_RETURN(rpc::SocketClaim socket,
                         handed ? rpc::SocketClaim::Adopt(*std::move(handed))
                                : rpc::SocketClaim::Take(options.socket.path, options.socket.own_folder));
  const std::string& state_dir = options.state_dir.path;
  HFGET_RETURN_IF_ERROR(rpc::MakePrivateFolder(state_dir, options.state_dir.own_folder));
  const std::string lock_path = JoinPath(state_dir, "hfgetd.lock");
  absl::StatusOr<rpc::PidLock> state =
      rpc::PidLock::Take(lock_path, absl::StrCat("uses the state folder ", state_dir));
  if (absl::IsAlreadyExists(state.status())) {
    return absl::AlreadyExistsError(absl::StrCat(
        state.status().message(), ", on another socket: stop it, or choose another --state-dir"));
  }
  if (!state.ok()) return state.status();
  return Claims{std::move(socket), *std::move(state)};
}

rpc::ServiceInfo InfoOf(const Options& options) {
  return {HFGET_VERSION,
          getpid(),
          options.socket.path,
          options.state_dir.path,
          options.engine.cache_dir,
          RealClock().Wall(),
          options.environment,
          options.log.file.empty() ? StderrFile() : options.log.file,
          options.log.journal && options.log.file.empty()};
}

void LogDoor(const rpc::DoorConfig& door, int port) {
  if (!door.allowed.users.empty() || !door.allowed.groups.empty()) {
    spdlog::info("the socket is open to {} more user(s) and {} group(s)", door.allowed.users.size(), door.allowed.groups.size());
  }
  if (door.tcp.address.empty()) return;
  spdlog::info("listening on {} (port {}): {}{}{}", door.tcp.address, port, door.tcp.cert_file.empty() ? "this machine only" : "TLS",
               door.tcp.client_ca_file.empty() ? "" : ", client certificates", door.tcp.token_file.empty() ? "" : ", token");
}

// Owns: all there is, in the order in which it is built; it is destroyed in the opposite one.
// Thread: main.
class Daemon {
 public:
  static absl::StatusOr<std::unique_ptr<Daemon>> Start(const Options& options, Claims claims,
                                                       const ServiceManager& manager);

  // No new calls; watches end; the engine records what is there. What is left, the destructor
  // closes.
  void Stop() {
    watchdog_.reset();
    if (metrics_ != nullptr) metrics_->BeginDrain();
    server_->Drain(kDrainPatience);
    thread_.reset();
    metrics_.reset();
  }

 private:
  Daemon(const Options& options, rpc::PidLock state_lock)
      : state_lock_(std::move(state_lock)), info_(InfoOf(options)) {}

  absl::Status OpenStore(const std::string& state_dir);
  void Build(const Options& options);
  absl::Status OpenMetrics(const rpc::MetricsConfig& config);

  rpc::PidLock state_lock_;
  const rpc::ServiceInfo info_;
  std::unique_ptr<net::Client> client_ = net::NewCurlClient();
  Mailbox mailbox_{[this] { client_->Wake(); }};
  disk::PosixFileSystem file_system_;
  std::unique_ptr<store::StateStore> store_;
  std::unique_ptr<rpc::Door> door_;  // the disk pool asks it about targets
  std::unique_ptr<disk::Disk> disk_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<rpc::HfgetService> service_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<rpc::MetricsPort> metrics_;  // null: nobody wants it
  std::optional<engine::EngineThread> thread_;
  std::optional<ServiceWatchdog> watchdog_;
};

absl::Status Daemon::OpenStore(const std::string& state_dir) {
  HFGET_ASSIGN_OR_RETURN(store::OpenedStore opened,
                         store::OpenOrSetAside(JoinPath(state_dir, "store"), mailbox_));
  store_ = std::move(opened.store);
  return absl::OkStatus();
}

void Daemon::Build(const Options& options) {
  disk::DiskPoolOptions disk;
  disk.buffers = options.buffers_mib;
  disk.digest_key = store_->digest_key();
  disk.sync = options.engine.sync_data;
  disk_ = disk::NewDiskPool(disk, file_system_, mailbox_);
  door_ = std::make_unique<rpc::Door>(options.door);
  engine::EngineConfig config = options.engine;
  config.check_target = [&targets = door_->targets()](const std::string& owner, const std::string& folder) {
    return targets.Repeat(owner, folder);
  };
  engine_ = std::make_unique<engine::Engine>(
      engine::EngineParts{std::move(config), mailbox_, *client_, *disk_, *store_, RealClock(),
                          (uint64_t{std::random_device()()} << 32) | std::random_device()()});
  service_ = std::make_unique<rpc::HfgetService>(*engine_, *door_, info_);
}

absl::Status Daemon::OpenMetrics(const rpc::MetricsConfig& config) {
  if (config.host.empty()) return absl::OkStatus();
  HFGET_ASSIGN_OR_RETURN(metrics_, rpc::MetricsPort::Open(config, *engine_, HFGET_VERSION));
  spdlog::info("metrics are on {} (port {}): /metrics, /healthz", config.host, metrics_->port());
  if (config.loopback) return absl::OkStatus();
  spdlog::warn("whoever reaches {} can read the metrics: names of sources, how much is pulled; 127.0.0.1 is for this machine alone",
               config.host);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Start(const Options& options, Claims claims,
                                                      const ServiceManager& manager) {
  std::unique_ptr<Daemon> daemon(new Daemon(options, std::move(claims.state)));
  HFGET_RETURN_IF_ERROR(daemon->OpenStore(options.state_dir.path));
  daemon->Build(options);
  daemon->engine_->Recover();
  // The server binds with a narrow umask, so it comes before the engine makes folders. Calls that
  // come meanwhile wait in the mailbox.
  HFGET_ASSIGN_OR_RETURN(daemon->server_,
                         rpc::Server::Start(std::move(claims.socket), *daemon->service_, *daemon->door_));
  LogDoor(options.door, daemon->server_->tcp_port());
  HFGET_RETURN_IF_ERROR(daemon->OpenMetrics(options.metrics));
  daemon->thread_.emplace(*daemon->engine_);
  daemon->watchdog_.emplace(manager, daemon->mailbox_);
  return daemon;
}

void LogStart(const Options& options) {
  std::string used;
  for (const auto& source : options.engine.sources) {
    if (source.enabled) absl::StrAppend(&used, used.empty() ? "" : ",", source.name);
  }
  spdlog::info("hfgetd {} pid={} socket={} state={} cache={} config={} sources={}", HFGET_VERSION,
               getpid(), options.socket.path, options.state_dir.path, options.engine.cache_dir,
               options.config_file.empty() ? "none" : options.config_file, used);
  if (!options.engine.sync_data)
    spdlog::warn("--no-fsync: a power cut may lose what was called done");
}

// Who waits for a word of ours.
struct Starters {
  ReadyPipe ready;
  ServiceManager manager;
};

// Until a signal has ended it.
absl::Status Serve(const Options& options, std::optional<rpc::HandedSocket> handed, const EndSignals& signals,
                   Starters& starters) {
  const bool is_handed = handed.has_value();
  HFGET_ASSIGN_OR_RETURN(Claims claims, TakeClaims(options, std::move(handed)));
  HFGET_RETURN_IF_ERROR(StartLogging(options.log));
  LogStart(options);
  if (is_handed) spdlog::info("the socket was handed over by systemd: its mode and its file are the socket unit's");
  HFGET_ASSIGN_OR_RETURN(std::unique_ptr<Daemon> daemon,
                         Daemon::Start(options, std::move(claims), starters.manager));
  if (options.ready_fd >= 0) LetGoOfTerminal(options.log.file);
  starters.ready.Ready();
  starters.manager.Ready(absl::StrCat("serving at ", options.socket.path));
  spdlog::info("ready");

  const std::string signal = signals.Wait();
  starters.manager.Stopping("shutting down: unfinished pulls go on at the next start");
  spdlog::info("{}: shutting down", signal);
  const ExitWatchdog watchdog(kShutdownLimit);
  daemon->Stop();
  daemon.reset();
  spdlog::info("stopped");
  return absl::OkStatus();
}

int Fail(const absl::Status& status, int code, Starters& starters) {
  std::fprintf(stderr, "%shfgetd: %s\n", StderrIsJournal(Environment::OfProcess().Get("JOURNAL_STREAM")) ? "<3>" : "",
               std::string(status.message()).c_str());
  starters.ready.Failed(status);
  starters.manager.Failed(status);
  return code;
}

// The socket that was handed over is the one, whatever the environment says; a flag that says another is a mistake.
absl::StatusOr<Options> ResolveWith(Flags flags, const std::optional<rpc::HandedSocket>& handed) {
  const Environment env = Environment::OfProcess();
  if (handed && !flags.socket.empty() && env.Absolute(flags.socket) != handed->path()) {
    return absl::InvalidArgumentError(absl::StrCat("systemd has handed over the socket ", handed->path(), ", and --socket says ", flags.socket,
                                                   ": leave --socket out of the service unit"));
  }
  if (handed) flags.socket = handed->path();
  HFGET_ASSIGN_OR_RETURN(Options options, ResolveOptions(flags, env));
  options.log.journal = StderrIsJournal(env.Get("JOURNAL_STREAM"));
  return options;
}

int Main(const std::vector<std::string>& args) {
  const EndSignals signals;  // before any library makes a thread
  HardenProcess();
  const absl::StatusOr<Flags> flags = ParseFlags(args);
  const int ready_fd = flags.ok() ? flags->ready_fd : -1;
  Starters starters{ReadyPipe(ready_fd), ServiceManager(/*listens=*/ready_fd < 0)};
  if (!flags.ok()) return Fail(flags.status(), kExitUsage, starters);
  if (!flags->answer.empty()) {
    std::fputs(flags->answer.c_str(), stdout);
    return 0;
  }
  if (absl::Status status = starters.ready.Check(); !status.ok()) return Fail(status, kExitUsage, starters);
  absl::StatusOr<std::optional<rpc::HandedSocket>> handed = rpc::HandedSocket::Take();
  if (!handed.ok()) return Fail(handed.status(), kExitUsage, starters);
  const absl::StatusOr<Options> options = ResolveWith(*flags, *handed);
  if (!options.ok()) return Fail(options.status(), kExitUsage, starters);
  const absl::Status served = Serve(*options, *std::move(handed), signals, starters);
  return served.ok() ? 0 : Fail(served, kExitFailed, starters);
}

}  // namespace
}  // namespace hfget

int main(int argc, char** argv) {
  return hfget::Main(std::vector<std::string>(argv + 1, argv + argc));
}
