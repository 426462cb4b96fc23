// What the metrics port is told once, at construction. Filled by daemon/options.
#ifndef HFGET_DAEMON_RPC_METRICS_CONFIG_H_
#define HFGET_DAEMON_RPC_METRICS_CONFIG_H_

#include <string>

#include "absl/time/time.h"

namespace hfget::rpc {

struct MetricsConfig {
  std::string host;  // empty: no port. An address of this machine, or a name of one
  int port = 0;      // 0: the system chooses
  bool loopback = true;
  // A connection's, from beginning to end, however little comes at a time.
  absl::Duration connection_timeout = absl::Seconds(10);
  // How long one request waits for the engine, which turns at least once a second.
  absl::Duration patience = absl::Seconds(2);
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_METRICS_CONFIG_H_
