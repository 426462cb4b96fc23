// The Unix socket that systemd has bound and listens on for us: socket activation,
// sd_listen_fds(3).
#ifndef HFGET_DAEMON_RPC_HANDED_SOCKET_H_
#define HFGET_DAEMON_RPC_HANDED_SOCKET_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hfget::rpc {

// Owns: our descriptor of it. The file, its folder and its mode are the socket unit's: they stay as
// they are. Thread: one.
class HandedSocket {
 public:
  // What this process was started with; nullopt: it binds its own. Once, before there are threads:
  // the variables are taken out of the environment. Errors: INVALID_ARGUMENT, one line, when it is
  // not one stream Unix socket that listens and has a path.
  static absl::StatusOr<std::optional<HandedSocket>> Take();
  // `name`: for the message. `fd` is closed on an error.
  static absl::StatusOr<HandedSocket> Of(int fd, absl::string_view name);

  HandedSocket(HandedSocket&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}
  HandedSocket& operator=(HandedSocket&&) = delete;
  ~HandedSocket();

  const std::string& path() const { return path_; }
  // The caller's from here on.
  int Release() { return std::exchange(fd_, -1); }

 private:
  explicit HandedSocket(int fd) : fd_(fd) {}

  int fd_;
  std::string path_;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_HANDED_SOCKET_H_
