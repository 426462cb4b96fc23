// The gRPC server on its Unix socket: our service, health and reflection.
#ifndef HFGET_DAEMON_RPC_SERVER_H_
#define HFGET_DAEMON_RPC_SERVER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/rpc/service.h"
#include "daemon/rpc/socket_claim.h"
#include "grpcpp/server.h"

namespace hfget::rpc {

// A request with the longest list of patterns that a command line can carry (2 MiB) fits.
constexpr int kMaxRequestBytes = 4 << 20;
// Per connection; one client holds a few streams, and WatchSet::kMaxWatches bounds the dear ones
// over all.
constexpr int kMaxStreamsPerConnection = 512;
// A peer that is gone without a word (a stopped container behind a forwarded socket) is found after
// both together.
constexpr absl::Duration kKeepaliveTime = absl::Seconds(60);
constexpr absl::Duration kKeepaliveTimeout = absl::Seconds(20);

// Owns: the listening socket, mode 0600. Thread: one (main).
class Server {
 public:
  // Serves at once. `service` outlives the server. Errors: INTERNAL when the socket cannot be
  // bound. Changes the process's umask for the moment of binding, so call it before threads that
  // make files do so.
  static absl::StatusOr<std::unique_ptr<Server>> Start(SocketClaim claim, HfgetService& service);

  // Drains with no patience when Drain was not called.
  ~Server();

  // Health says NOT_SERVING, new calls are refused, watches end UNAVAILABLE, no connection is
  // accepted, running calls get `patience` and are then cancelled; the socket is removed. Returns
  // when the last call is over: the engine must still answer meanwhile. Second calls do nothing.
  void Drain(absl::Duration patience);

 private:
  Server(SocketClaim claim, HfgetService& service) : claim_(std::move(claim)), service_(service) {}

  SocketClaim claim_;  // let go last
  HfgetService& service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_SERVER_H_
