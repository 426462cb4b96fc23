// A port of its own for monitoring, off by default: GET /metrics for Prometheus, GET /healthz for whoever restarts what hangs.
#ifndef HFGET_DAEMON_RPC_METRICS_PORT_H_
#define HFGET_DAEMON_RPC_METRICS_PORT_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/base/clock.h"
#include "daemon/rpc/fresh_stats.h"
#include "daemon/rpc/metrics_config.h"

struct MHD_Connection;
struct MHD_Daemon;

namespace hfget::rpc {

// HTTP by libmicrohttpd on one thread of our own, which may wait for the engine; the engine never waits for it. No proof of who asks:
// figures about sources and counts are all there is to read, and nothing can be changed. Whoever reaches the address may read them.
// Owns: the listening socket, a thread. Thread: main.
class MetricsPort {
 public:
  // Prometheus and a probe or two; what comes beyond waits to be accepted.
  static constexpr unsigned kMaxConnections = 16;
  // Of one connection: request with its headers, and answer.
  static constexpr size_t kMaxRequestBytes = 8 << 10;
  // Without a byte.
  static constexpr absl::Duration kIdleTimeout = absl::Seconds(5);

  // Serves at once. `engine` outlives it. Errors: INTERNAL when it cannot listen there.
  static absl::StatusOr<std::unique_ptr<MetricsPort>> Open(const MetricsConfig& config, engine::EngineApi& engine, std::string version);
  ~MetricsPort();

  // From here on /healthz answers 503; /metrics goes on as long as the engine answers. Thread: any.
  void BeginDrain() { draining_ = true; }

  int port() const { return port_; }  // as bound

 private:
  MetricsPort(const MetricsConfig& config, engine::EngineApi& engine, std::string version)
      : connection_timeout_(config.connection_timeout), version_(std::move(version)), stats_(engine, RealClock(), config.patience) {}

  struct Page;
  struct Callbacks;  // of libmicrohttpd

  absl::Status Start(int fd);
  void Run();
  void EndOldConnections();
  Page PageFor(const std::string& path, const std::string& method);
  Page Metrics();
  Page Health();

  const absl::Duration connection_timeout_;
  const std::string version_;
  FreshStats stats_;
  int port_ = 0;
  MHD_Daemon* http_ = nullptr;
  int stop_ = -1;  // an eventfd, readable when it is time to go
  std::atomic<bool> draining_{false};
  std::thread thread_;

  // The thread's own.
  struct Connection {
    int fd;
    absl::Time since;  // steady
  };
  std::map<MHD_Connection*, Connection> connections_;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_METRICS_PORT_H_
