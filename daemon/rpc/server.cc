#include "daemon/rpc/server.h"

#include <atomic>
#include <chrono>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/rpc/tcp_credentials.h"
#include "grpc/health/v1/health.pb.h"
#include "grpc/support/log.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/server_builder.h"
#include "grpcpp/server_posix.h"

namespace hfget::rpc {
namespace {

// Whether a second has passed since the last time. Each broken handshake is an error to gRPC, and a scanner of ports must not fill
// the disk.
bool OncePerSecond() {
  static std::atomic<int64_t> last{0};
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  return last.exchange(now) != now;
}

// gRPC writes to stderr by itself, which is closed in the background.
void LogForGrpc(gpr_log_func_args* args) {
  if (args->severity == GPR_LOG_SEVERITY_ERROR && !OncePerSecond()) return;
  const auto level = args->severity == GPR_LOG_SEVERITY_ERROR  ? spdlog::level::warn
                     : args->severity == GPR_LOG_SEVERITY_INFO ? spdlog::level::debug
                                                               : spdlog::level::trace;
  spdlog::log(level, "grpc: {}", args->message);
}

void Limit(grpc::ServerBuilder& builder, const char* argument, absl::Duration time) {
  builder.AddChannelArgument(argument, static_cast<int>(absl::ToInt64Milliseconds(time)));
}

void Configure(grpc::ServerBuilder& builder, const KeepaliveConfig& keepalive) {
  builder.SetMaxReceiveMessageSize(kMaxRequestBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  Limit(builder, GRPC_ARG_KEEPALIVE_TIME_MS, keepalive.time);
  Limit(builder, GRPC_ARG_KEEPALIVE_TIMEOUT_MS, keepalive.timeout);
  // Between calls, too: we find out who is gone, and a client may ping as often as least_interval instead of every two hours.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  Limit(builder, GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeTimeout);
  Limit(builder, GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleTimeout);
  Limit(builder, GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, keepalive.least_interval);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 2);
  // Two servers on one address are never meant.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Only reflection is served synchronously.
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 1);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(SocketClaim claim, HfgetService& service, Door& door) {
  gpr_set_log_function(LogForGrpc);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::health::v1::HealthCheckRequest::descriptor();  // links it, for reflection
  std::unique_ptr<Server> server(new Server(std::move(claim), service));
  HFGET_RETURN_IF_ERROR(server->Build(door));
  HFGET_RETURN_IF_ERROR(server->Listen(door));
  server->server_->GetHealthCheckService()->SetServingStatus(v1::Hfget::service_full_name(), true);
  return server;
}

absl::Status Server::Build(Door& door) {
  grpc::ServerBuilder builder;
  Configure(builder, door.config().keepalive);
  builder.RegisterService(&service_);
  const TcpConfig& tcp = door.config().tcp;
  if (!tcp.address.empty()) {
    HFGET_ASSIGN_OR_RETURN(const auto credentials, TcpCredentials(tcp));
    builder.AddListeningPort(tcp.address, credentials, &tcp_port_);
  }
  server_ = builder.BuildAndStart();
  if (server_ != nullptr) return absl::OkStatus();
  return absl::InternalError(tcp.address.empty()
                                 ? "gRPC cannot start a server"
                                 : absl::StrCat("cannot listen on ", tcp.address,
                                                ": is the port in use, the host one of this machine, and do tls_cert and tls_key "
                                                "belong together?"));
}

absl::Status Server::Listen(Door& door) {
  std::optional<HandedSocket> handed = claim_.TakeHanded();
  HFGET_ASSIGN_OR_RETURN(listener_, handed ? UnixListener::Adopt(*std::move(handed))
                                           : UnixListener::Listen(claim_.path(), ModeFor(door.config().allowed)));
  listener_->Serve([server = server_.get(), &door](int fd) {
    const absl::StatusOr<int> seat = door.Admit(fd);
    if (seat.ok()) grpc::AddInsecureChannelFromFd(server, *seat);
  });
  return absl::OkStatus();
}

Server::~Server() { Drain(absl::ZeroDuration()); }

void Server::Drain(absl::Duration patience) {
  if (server_ == nullptr) return;
  server_->GetHealthCheckService()->Shutdown();
  service_.BeginDrain();
  listener_ = nullptr;
  server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(patience));
  server_ = nullptr;
}

}  // namespace hfget::rpc
