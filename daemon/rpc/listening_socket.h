// A TCP socket that listens: made by ourselves, so that a person is told what the system has against it.
#ifndef HFGET_DAEMON_RPC_LISTENING_SOCKET_H_
#define HFGET_DAEMON_RPC_LISTENING_SOCKET_H_

#include <string>

#include "absl/status/statusor.h"

namespace hfget::rpc {

struct ListeningSocket {
  int fd = -1;   // close-on-exec, non-blocking; the caller's to close
  int port = 0;  // as bound
};

// A name is looked up, and the first of its addresses that can be bound is taken. Blocks for the look-up: call it at start. Errors:
// INTERNAL, one line with the system's words, without what to do.
absl::StatusOr<ListeningSocket> ListenOn(const std::string& host, int port);

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_LISTENING_SOCKET_H_
