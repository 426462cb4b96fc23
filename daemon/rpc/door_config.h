// What the API's door is told once, at construction. Filled by daemon/options.
#ifndef HFGET_DAEMON_RPC_DOOR_CONFIG_H_
#define HFGET_DAEMON_RPC_DOOR_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/core/access.h"

namespace hfget::rpc {

// The limits of one client: a user, the subject of a certificate, or the holders of the token. Far above what a person or a
// scheduler does; they are against a client that has gone wild.
struct ClientLimits {
  int calls_per_sec = 1000;  // so many at once after two quiet seconds: twice that
  int watches = 1024;        // open WatchPull streams, some 20 KiB each
  int connections = 1024;    // on the Unix socket, a file descriptor each
};

// A listening TCP port. REQUIRES, where it is used: a client_ca or a token_file; TLS unless the host is loopback.
struct TcpConfig {
  std::string address;  // "host:port"; empty: none
  std::string cert_file, key_file;  // of the server; empty: no TLS
  std::string client_ca_file;       // clients show a certificate of it
  std::string token_file;           // clients send what it holds
};

// When a connection has been silent for `time`, it is asked for a sign of life; without one in `timeout` it is closed and its calls end.
// So a peer that is gone without a word (a node without power, a stopped container behind a forwarded socket) is found after both
// together.
struct KeepaliveConfig {
  absl::Duration time = absl::Seconds(60);
  absl::Duration timeout = absl::Seconds(20);
  // A client that pings more often, three times, is told to calm down and loses its connection.
  absl::Duration least_interval = absl::Seconds(10);
};

struct DoorConfig {
  core::AllowedUsers allowed;
  // Where files may go, for everybody; without links and "..". Empty: anywhere for the daemon's own user and root.
  std::vector<std::string> allowed_targets;
  std::vector<std::string> own_caches;  // where guests' files may go when allowed_targets is empty
  bool share_token = false;             // guests' pulls without a token are given the daemon's
  ClientLimits limits;
  int max_watches = 4096;  // open WatchPull streams of all clients together
  TcpConfig tcp;
  KeepaliveConfig keepalive;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_DOOR_CONFIG_H_
