// The Unix socket: made with its mode before anybody can reach it, or handed to us, and its connections taken one by one.
#ifndef HFGET_DAEMON_RPC_UNIX_LISTENER_H_
#define HFGET_DAEMON_RPC_UNIX_LISTENER_H_

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "daemon/core/access.h"
#include "daemon/rpc/handed_socket.h"

namespace hfget::rpc {

// How the file lies there. The check of who connects comes after it.
struct SocketMode {
  mode_t mode = 0600;
  std::optional<gid_t> group;  // unset: as it comes
};
// 0600; 0660 with the group when one group alone is allowed; else 0666, because a file has room for one group.
SocketMode ModeFor(const core::AllowedUsers& allowed);

// Owns: the listening socket, its file, a thread. Thread: main.
class UnixListener {
 public:
  // Errors: INTERNAL when the socket cannot be made. Changes the process's umask for the moment of binding, so call it before
  // threads that make files.
  static absl::StatusOr<std::unique_ptr<UnixListener>> Listen(const std::string& path, const SocketMode& mode);

  // The same on a socket that listens already, and is not ours to remove. Errors: what the system said.
  static absl::StatusOr<std::unique_ptr<UnixListener>> Adopt(HandedSocket socket);

  // Calls `taken` with each connection (close-on-exec, non-blocking) on a thread of its own.
  void Serve(std::function<void(int fd)> taken);

  // No connection is taken from here on; the file that we made is removed. Second calls do nothing.
  void Stop();
  ~UnixListener() { Stop(); }

 private:
  explicit UnixListener(std::string path) : path_(std::move(path)) {}

  absl::Status Bind(const SocketMode& mode);
  void Run();
  // Whether another connection may be waiting.
  bool TakeOne();
  bool StopCameWithin(int milliseconds) const;

  const std::string path_;
  int listening_ = -1;
  int stop_ = -1;  // an eventfd, readable from Stop on
  bool bound_ = false;
  std::function<void(int)> taken_;
  std::thread thread_;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_UNIX_LISTENER_H_
