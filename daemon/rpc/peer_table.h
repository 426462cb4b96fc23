// Whose the connections are that were handed to gRPC.
#ifndef HFGET_DAEMON_RPC_PEER_TABLE_H_
#define HFGET_DAEMON_RPC_PEER_TABLE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "daemon/core/access.h"

namespace hfget::rpc {

// The user at the other end of a connected Unix socket, with all groups. Errors: what the system said.
absl::StatusOr<core::PeerUser> ReadPeerUser(int fd);

// gRPC names a connection that was handed to it "fd:<number>", and tells nothing else of it. So a number that once was one
// client's is never another's: a call that is answered late, when its descriptor is closed and the number in use again, still has
// the right name. Thread: any.
class PeerTable {
 public:
  // Takes the connection `fd` and answers the descriptor to hand over: the same one, or a duplicate with a number that no other
  // client had; then the first is closed. Errors: RESOURCE_EXHAUSTED when the client has `max_open` connections; what the system
  // said. `fd` is closed then.
  absl::StatusOr<int> Seat(int fd, const core::Caller& caller, int max_open);

  // By gRPC's name of a connection. nullopt: it is not one of ours.
  std::optional<core::Caller> Find(absl::string_view peer) const;

 private:
  struct Place {
    std::string client;
    uint64_t device = 0;
    uint64_t inode = 0;
  };

  // gRPC closes a connection and tells nobody: a number is open when it still is the same socket.
  int CountOpen(const std::string& client) const ABSL_SHARED_LOCKS_REQUIRED(mu_);

  mutable absl::Mutex mu_;
  std::map<int, Place> places_ ABSL_GUARDED_BY(mu_);
  // By client: it has no more than so many open. To count them takes a system call each, while every call of everybody waits to be named;
  // so that is done only where this comes to the limit.
  std::map<std::string, int> most_open_ ABSL_GUARDED_BY(mu_);
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_PEER_TABLE_H_
