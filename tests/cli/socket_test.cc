#include "cli/socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "tests/cli/temp_folder.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::cli {
namespace {

using ::hfget::testing::HasCode;

// A user that has no folder under /tmp.
constexpr uid_t kNobodyHere = 4'000'000'001;

std::string PathFor(const std::string& flag, std::map<std::string, std::string> env) {
  const auto path = SocketPath(flag, Environment(std::move(env)), kNobodyHere, "/w");
  return path.ok() ? *path : path.status().ToString();
}

TEST(SocketPathTest, TakesTheFirstThatIsSet) {
  const std::string xdg = "XDG_RUNTIME_DIR", own = "HFGET_SOCKET";
  EXPECT_EQ(PathFor("s.sock", {{own, "/e.sock"}, {xdg, "/run/u"}}), "/w/s.sock");
  EXPECT_EQ(PathFor("", {{own, "/e.sock"}, {xdg, "/run/u"}}), "/e.sock");
  EXPECT_EQ(PathFor("", {{own, ""}, {xdg, "/run/u"}}), "/run/u/hfget/hfgetd.sock");
  EXPECT_EQ(PathFor("", {{xdg, "relative"}}), "/tmp/hfget-4000000001/hfgetd.sock");
  EXPECT_EQ(PathFor("", {}), "/tmp/hfget-4000000001/hfgetd.sock");
}

TEST(SocketPathTest, RefusesAPathThatNoSocketCanHave) {
  EXPECT_THAT(SocketPath("/" + std::string(107, 'x'), Environment(), 1, "/w"),
              HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_OK(SocketPath("/" + std::string(106, 'x'), Environment(), 1, "/w"));
}

TEST(CheckPrivateFolderTest, DemandsARealFolderOfOursThatNobodyElseOpens) {
  const testing::TempFolder temp;
  const std::string folder = temp.path() + "/d";
  const std::string link = temp.path() + "/link";
  EXPECT_OK(CheckPrivateFolder(folder, geteuid()));  // absent
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  ASSERT_EQ(symlink(folder.c_str(), link.c_str()), 0);
  EXPECT_OK(CheckPrivateFolder(folder, geteuid()));
  EXPECT_THAT(CheckPrivateFolder(folder, kNobodyHere),
              HasCode(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(CheckPrivateFolder(link, geteuid()), HasCode(absl::StatusCode::kPermissionDenied));
  ASSERT_EQ(chmod(folder.c_str(), 0755), 0);
  EXPECT_THAT(CheckPrivateFolder(folder, geteuid()), HasCode(absl::StatusCode::kPermissionDenied));
}

// A bound socket that listens until `Close`, which leaves the file as a crash does.
class Listener {
 public:
  explicit Listener(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(fd_, 1), 0);
  }
  void Close() { close(fd_); }

 private:
  int fd_;
};

TEST(ProbeSocketTest, TellsAbsentStaleAndListeningApart) {
  const testing::TempFolder temp;
  const std::string path = temp.path() + "/s";
  EXPECT_EQ(ProbeSocket(path)->state, SocketState::kAbsent);
  Listener listener(path);
  const auto probe = ProbeSocket(path);
  EXPECT_EQ(probe->state, SocketState::kListening);
  EXPECT_EQ(probe->pid, getpid());
  listener.Close();
  EXPECT_EQ(ProbeSocket(path)->state, SocketState::kStale);
}

}  // namespace
}  // namespace hfget::cli
