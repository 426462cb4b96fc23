// The gRPC server on its Unix socket and, when it is told so, a TCP port: our service, health and reflection.
#ifndef HFGET_DAEMON_RPC_SERVER_H_
#define HFGET_DAEMON_RPC_SERVER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/rpc/door.h"
#include "daemon/rpc/service.h"
#include "daemon/rpc/socket_claim.h"
#include "daemon/rpc/unix_listener.h"
#include "grpcpp/server.h"

namespace hfget::rpc {

// A request with the longest list of patterns that a command line can carry (2 MiB) fits.
constexpr int kMaxRequestBytes = 4 << 20;
// The headers of a call. A token has 4 KiB at most, the rest is gRPC's.
constexpr int kMaxMetadataBytes = 8 << 10;
// Per connection; one client holds a few streams, and ClientLimits bounds the dear ones over all.
constexpr int kMaxStreamsPerConnection = 512;
// Who connects by TCP and does not come through TLS and HTTP/2's greeting in this time is shown the door.
constexpr absl::Duration kHandshakeTimeout = absl::Seconds(10);
// A connection without a call is closed; a client opens another one by itself. It is what ends those that never say a word.
constexpr absl::Duration kIdleTimeout = absl::Minutes(5);
// Owns: the listening sockets. Thread: one (main).
//
// We take the connections of the Unix socket ourselves, so that the kernel is asked who is there before gRPC sees a byte: gRPC
// 1.51 has no way to tell a handler (https://github.com/grpc/grpc/issues/28755).
class Server {
 public:
  // Serves at once. `service` and `door` outlive the server. Errors: INTERNAL when a socket cannot be bound; FAILED_PRECONDITION
  // for a file of the TCP port that cannot be used. Changes the process's umask for the moment of binding, so call it before
  // threads that make files do so.
  static absl::StatusOr<std::unique_ptr<Server>> Start(SocketClaim claim, HfgetService& service, Door& door);

  // Drains with no patience when Drain was not called.
  ~Server();

  // Health says NOT_SERVING, new calls are refused, watches end UNAVAILABLE, no connection is
  // accepted, running calls get `patience` and are then cancelled; the socket is removed. Returns
  // when the last call is over: the engine must still answer meanwhile. Second calls do nothing.
  void Drain(absl::Duration patience);

  // Of the TCP port, as the system chose it; 0: there is none.
  int tcp_port() const { return tcp_port_; }

 private:
  Server(SocketClaim claim, HfgetService& service) : claim_(std::move(claim)), service_(service) {}

  absl::Status Build(Door& door);
  absl::Status Listen(Door& door);

  SocketClaim claim_;  // let go last
  HfgetService& service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<UnixListener> listener_;  // gone before server_
  int tcp_port_ = 0;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_SERVER_H_
