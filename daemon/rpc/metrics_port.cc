#include "daemon/rpc/metrics_port.h"

#include <microhttpd.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/base/thread.h"
#include "daemon/rpc/listening_socket.h"
#include "daemon/rpc/prometheus_text.h"

namespace hfget::rpc {
namespace {

constexpr char kTextType[] = "text/plain; charset=utf-8";
constexpr char kMetricsType[] = "text/plain; version=0.0.4; charset=utf-8";
// Old connections are looked for so often, while there are any.
constexpr int kLookMs = 250;

// What a client did wrong is nobody's business but a debugger's.
void LogForHttp(void*, const char* format, va_list arguments) {
  char line[300];
  std::vsnprintf(line, sizeof(line), format, arguments);
  line[std::strcspn(line, "\r\n")] = '\0';
  spdlog::debug("metrics port: {}", line);
}

}  // namespace

struct MetricsPort::Page {
  unsigned status = MHD_HTTP_OK;
  std::string body;
  const char* type = kTextType;
};

struct MetricsPort::Callbacks {
  static MHD_Result OnRequest(void* port, MHD_Connection* connection, const char* url, const char* method, const char*, const char*,
                              size_t*, void**) {
    const Page page = static_cast<MetricsPort*>(port)->PageFor(url, method);
    const std::unique_ptr<MHD_Response, void (*)(MHD_Response*)> response(
        MHD_create_response_from_buffer(page.body.size(), const_cast<char*>(page.body.data()), MHD_RESPMEM_MUST_COPY),
        MHD_destroy_response);
    if (response == nullptr) return MHD_NO;
    MHD_add_response_header(response.get(), MHD_HTTP_HEADER_CONTENT_TYPE, page.type);
    MHD_add_response_header(response.get(), MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    // A scrape every some seconds is not worth a place among few.
    MHD_add_response_header(response.get(), MHD_HTTP_HEADER_CONNECTION, "close");
    if (page.status == MHD_HTTP_METHOD_NOT_ALLOWED) MHD_add_response_header(response.get(), MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    return MHD_queue_response(connection, page.status, response.get());
  }

  static void OnConnection(void* port, MHD_Connection* connection, void**, MHD_ConnectionNotificationCode code) {
    auto& connections = static_cast<MetricsPort*>(port)->connections_;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
      connections.erase(connection);
      return;
    }
    const MHD_ConnectionInfo* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info != nullptr) connections[connection] = {info->connect_fd, RealClock().Steady()};
  }
};

absl::StatusOr<std::unique_ptr<MetricsPort>> MetricsPort::Open(const MetricsConfig& config, engine::EngineApi& engine,
                                                              std::string version) {
  std::unique_ptr<MetricsPort> port(new MetricsPort(config, engine, std::move(version)));
  const absl::StatusOr<ListeningSocket> socket = ListenOn(config.host, config.port);
  if (!socket.ok()) {
    return absl::InternalError(absl::StrCat("the metrics port: ", socket.status().message(),
                                            ": choose another address ([metrics] listen, or hfgetd --metrics)"));
  }
  port->port_ = socket->port;
  HFGET_RETURN_IF_ERROR(port->Start(socket->fd));
  return port;
}

absl::Status MetricsPort::Start(int fd) {
  stop_ = eventfd(0, EFD_CLOEXEC);
  if (stop_ < 0) return absl::InternalError(absl::StrCat("the metrics port cannot be opened: ", std::strerror(errno)));
  // No thread of the library's own: ours also ends those who drip a byte now and then, which the library waits for.
  http_ = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, nullptr, nullptr, &Callbacks::OnRequest, this,  //
                           MHD_OPTION_EXTERNAL_LOGGER, &LogForHttp, nullptr,                                     //
                           MHD_OPTION_LISTEN_SOCKET, fd,                                                         //
                           MHD_OPTION_CONNECTION_LIMIT, kMaxConnections,                                         //
                           MHD_OPTION_CONNECTION_MEMORY_LIMIT, kMaxRequestBytes,                                 //
                           MHD_OPTION_CONNECTION_TIMEOUT, static_cast<unsigned>(absl::ToInt64Seconds(kIdleTimeout)),
                           MHD_OPTION_NOTIFY_CONNECTION, &Callbacks::OnConnection, this,  //
                           MHD_OPTION_STRICT_FOR_CLIENT, 1,                               //
                           MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,                          // main/process ignores it
                           MHD_OPTION_END);
  if (http_ == nullptr) return absl::InternalError("libmicrohttpd cannot serve the metrics port");
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void MetricsPort::Run() {
  NameThread("metrics");
  pollfd ready[] = {{stop_, POLLIN, 0}, {MHD_get_daemon_info(http_, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, POLLIN, 0}};
  bool let_go = false;
  while (ready[0].revents == 0) {
    MHD_UNSIGNED_LONG_LONG wanted = 0;
    int wait = connections_.empty() ? -1 : kLookMs;
    if (MHD_get_timeout(http_, &wanted) == MHD_YES) {
      wait = static_cast<int>(std::min<MHD_UNSIGNED_LONG_LONG>(wanted, kLookMs));
    }
    // With all places taken the library does not listen; that one is free again it considers when it is run the next time.
    if (poll(ready, 2, let_go ? 0 : wait) < 0 && errno != EINTR) return;
    const size_t before = connections_.size();
    MHD_run(http_);
    let_go = connections_.size() < before;
    EndOldConnections();
  }
}

// The library sees the end of the connection at its next turn, and lets go of it.
void MetricsPort::EndOldConnections() {
  const absl::Time now = RealClock().Steady();
  for (const auto& [handle, connection] : connections_) {
    if (now - connection.since >= connection_timeout_) shutdown(connection.fd, SHUT_RDWR);
  }
}

MetricsPort::Page MetricsPort::PageFor(const std::string& path, const std::string& method) {
  if (path != "/metrics" && path != "/healthz") return {MHD_HTTP_NOT_FOUND, "there are /metrics and /healthz\n"};
  if (method != MHD_HTTP_METHOD_GET && method != MHD_HTTP_METHOD_HEAD) return {MHD_HTTP_METHOD_NOT_ALLOWED, "only GET is answered\n"};
  return path == "/metrics" ? Metrics() : Health();
}

MetricsPort::Page MetricsPort::Metrics() {
  const absl::StatusOr<engine::Stats> stats = stats_.Get();
  if (!stats.ok()) return {MHD_HTTP_SERVICE_UNAVAILABLE, absl::StrCat(stats.status().message(), "\n")};
  return {MHD_HTTP_OK, PrometheusText(*stats, version_), kMetricsType};
}

// A process whose engine hangs is alive and of no use.
MetricsPort::Page MetricsPort::Health() {
  if (draining_) return {MHD_HTTP_SERVICE_UNAVAILABLE, "the daemon is shutting down\n"};
  const absl::Status answers = stats_.Get().status();
  if (!answers.ok()) return {MHD_HTTP_SERVICE_UNAVAILABLE, absl::StrCat(answers.message(), "\n")};
  return {MHD_HTTP_OK, "ok\n"};
}

MetricsPort::~MetricsPort() {
  stats_.Close();
  if (thread_.joinable()) {
    const uint64_t one = 1;
    while (write(stop_, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
    thread_.join();
  }
  if (http_ != nullptr) MHD_stop_daemon(http_);
  if (stop_ >= 0) close(stop_);
}

}  // namespace hfget::rpc
