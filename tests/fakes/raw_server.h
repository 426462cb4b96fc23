// A TCP server on a loopback port that says exactly the bytes a test wants, and breaks off where it
// wants.
#ifndef HFGET_TESTS_FAKES_RAW_SERVER_H_
#define HFGET_TESTS_FAKES_RAW_SERVER_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "gtest/gtest.h"

namespace hfget::testing {

// One accepted connection. Thread: its script's; ShutDown from any.
class RawConnection {
 public:
  explicit RawConnection(int fd) : fd_(fd) {}
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;
  ~RawConnection() { ::close(fd_); }

  // Up to and including the empty line; what came of it when the peer closes before.
  std::string ReadHead() { return ReadUntil("\r\n\r\n"); }

  std::string ReadUntil(absl::string_view end) {
    std::string bytes;
    char c;
    while (::recv(fd_, &c, 1, 0) == 1) {
      bytes.push_back(c);
      if (bytes.size() >= end.size() &&
          bytes.compare(bytes.size() - end.size(), end.size(), end.data(), end.size()) == 0)
        break;
    }
    return bytes;
  }

  std::string ReadExactly(size_t size) {
    std::string bytes(size, '\0');
    const ssize_t n = ::recv(fd_, bytes.data(), size, MSG_WAITALL);
    bytes.resize(n < 0 ? 0 : n);
    return bytes;
  }

  // false: the peer is gone.
  bool Send(absl::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(n);
    }
    return true;
  }

  // Until the peer closes, or the server is destroyed: a server that stalls.
  void Stall() {
    char sink[4096];
    while (::recv(fd_, sink, sizeof(sink), 0) > 0) {
    }
  }

  // The connection ends with RST, not FIN, when the script returns.
  void Reset() {
    const linger now = {1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }

  void ShutDown() { ::shutdown(fd_, SHUT_RDWR); }

 private:
  const int fd_;
};

// Thread: any.
class RawServer {
 public:
  // Runs once a connection, on a thread of its own; `index` counts from 0. The connection ends when
  // it returns.
  using Script = std::function<void(RawConnection&, int index)>;

  explicit RawServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 512), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }

  // Answers every request of every connection with `answer`.
  static Script Always(std::string answer) {
    return [answer = std::move(answer)](RawConnection& connection, int) {
      while (!connection.ReadHead().empty() && connection.Send(answer)) {
      }
    };
  }

  // Answers one request with `answer`, then closes.
  static Script Once(std::string answer) {
    return [answer = std::move(answer)](RawConnection& connection, int) {
      connection.ReadHead();
      connection.Send(answer);
    };
  }

  ~RawServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    {
      absl::MutexLock lock(&mu_);
      for (const auto& connection : open_) connection->ShutDown();
    }
    for (std::thread& thread : threads_) thread.join();
  }

  int port() const { return port_; }
  std::string Url(absl::string_view path = "/") const {
    return absl::StrCat("http://127.0.0.1:", port_, path);
  }
  int connections() const { return connections_; }

 private:
  void Accept() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      auto connection = std::make_shared<RawConnection>(fd);
      {
        absl::MutexLock lock(&mu_);
        open_.push_back(connection);
      }
      threads_.emplace_back([this, connection, index = connections_++]() mutable {
        script_(*connection, index);
        absl::MutexLock lock(&mu_);
        std::erase(open_, connection);
        connection.reset();  // closes
      });
    }
  }

  const Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  std::vector<std::thread> threads_;  // acceptor_ only, until it has ended
  absl::Mutex mu_;
  std::vector<std::shared_ptr<RawConnection>> open_ ABSL_GUARDED_BY(mu_);
  std::thread acceptor_;
};

}  // namespace hfget::testing

#endif  // HFGET_TESTS_FAKES_RAW_SERVER_H_
