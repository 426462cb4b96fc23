// A real nginx on an ephemeral port, with a folder of its own, for as long as the object lives.
#ifndef HFGET_TESTS_FAKES_NGINX_H_
#define HFGET_TESTS_FAKES_NGINX_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace hfget::testing {

// Thread: the one that made it (nginx dies with that thread, so that a crashed test leaves none
// behind).
class Nginx {
 public:
  // What stands inside `server { … }` besides `root`: directives, locations. @DIR@ is the folder;
  // `listen_options` follow the port in `listen`, e.g. "ssl".
  explicit Nginx(absl::string_view server_block = "", absl::string_view listen_options = "")
      : Nginx(MakeFolder(), server_block, listen_options) {}

  // In a folder that exists already, e.g. with certificates in it. The folder goes with the server.
  Nginx(std::string folder, absl::string_view server_block, absl::string_view listen_options)
      : folder_(std::move(folder)) {
    std::filesystem::create_directories(root());
    // Another process may take the port between our look and nginx's bind.
    for (int attempt = 0; attempt < 10 && pid_ < 0; ++attempt) {
      port_ = FreePort();
      WriteConfig(server_block, listen_options);
      StartProcess();
      if (!WaitUntilReady()) Stop();
    }
    EXPECT_GT(pid_, 0) << "nginx does not start:\n" << ErrorLog();
  }
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;
  ~Nginx() {
    Stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  static std::string MakeFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "hfget-nginx-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    return name;
  }

  // Serves `bytes` at /`name`.
  void AddFile(const std::string& name, absl::string_view bytes) {
    const std::filesystem::path path = std::filesystem::path(root()) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary).write(bytes.data(), bytes.size());
  }

  void Stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  int port() const { return port_; }
  const std::string& folder() const { return folder_; }
  std::string root() const { return folder_ + "/www"; }
  std::string Url(absl::string_view path, absl::string_view scheme = "http") const {
    return absl::StrCat(scheme, "://127.0.0.1:", port_, path);
  }
  std::string ErrorLog() const {
    std::ifstream log(folder_ + "/error.log");
    return std::string(std::istreambuf_iterator<char>(log), {});
  }

 private:
  static sockaddr_in Loopback(int port) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  static int FreePort() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(fd);
    return ntohs(address.sin_port);
  }

  void WriteConfig(absl::string_view server_block, absl::string_view listen_options) {
    const std::string config =
        absl::StrReplaceAll(R"(
@USER@
daemon off; master_process off; pid @DIR@/nginx.pid; error_log @DIR@/error.log warn;
events { worker_connections 1024; }
http {
  access_log off; sendfile on; tcp_nodelay on; keepalive_timeout 60s; keepalive_requests 100000;
  client_body_temp_path @DIR@/body; proxy_temp_path @DIR@/proxy; fastcgi_temp_path @DIR@/fastcgi;
  uwsgi_temp_path @DIR@/uwsgi; scgi_temp_path @DIR@/scgi;
  server { listen 127.0.0.1:@PORT@ backlog=1024 @LISTEN@; root @DIR@/www; @SERVER@ }
})",
                            {{"@SERVER@", server_block},
                             {"@LISTEN@", listen_options},
                             {"@USER@", ::geteuid() == 0 ? "user root;" : ""}});
    std::ofstream(folder_ + "/nginx.conf")
        << absl::StrReplaceAll(config, {{"@DIR@", folder_}, {"@PORT@", absl::StrCat(port_)}});
  }

  void StartProcess() {
    const std::string config = folder_ + "/nginx.conf", log = folder_ + "/error.log";
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::execl("/usr/sbin/nginx", "nginx", "-p", folder_.c_str(), "-e", log.c_str(), "-c",
            config.c_str(), nullptr);
    ::_exit(127);
  }

  bool WaitUntilReady() {
    for (int tries = 0; tries < 2000; ++tries) {
      const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_in address = Loopback(port_);
      const bool up =
          ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
      ::close(fd);
      if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
        pid_ = -1;
        return false;
      }
      if (up) return true;
      ::poll(nullptr, 0, 5);
    }
    return false;
  }

  const std::string folder_;
  int port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace hfget::testing

#endif  // HFGET_TESTS_FAKES_NGINX_H_
