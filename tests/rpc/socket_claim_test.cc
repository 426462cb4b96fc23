#include "daemon/rpc/socket_claim.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/rpc/rpc_fixture.h"

namespace hfget::rpc {
namespace {

namespace fs = std::filesystem;
using ::hfget::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

mode_t ModeOf(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

// What a daemon leaves that was killed.
void LeaveSocket(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ::close(fd);
}

TEST(SocketClaimTest, MakesThePrivateFolder) {
  TempFolder folder;
  ASSERT_OK(SocketClaim::Take(folder / "a/b/s.sock", true));
  EXPECT_EQ(ModeOf(folder / "a/b"), 0700u);
  EXPECT_EQ(ModeOf(folder / "a/b/s.sock.lock"), 0600u);
}

TEST(SocketClaimTest, ASecondClaimNamesTheHolder) {
  TempFolder folder;
  const auto first = SocketClaim::Take(folder / "s.sock", true);
  ASSERT_OK(first);
  EXPECT_THAT(
      SocketClaim::Take(folder / "s.sock", true),
      StatusIs(
          absl::StatusCode::kAlreadyExists,
          absl::StrCat("another hfgetd (pid ", getpid(), ") already serves the socket ",
                       folder / "s.sock",
                       ": use it, stop it with `hfget daemon stop`, or choose another --socket")));
}

TEST(SocketClaimTest, CanBeTakenAgainWhenGivenUp) {
  TempFolder folder;
  ASSERT_OK(SocketClaim::Take(folder / "s.sock", true));
  EXPECT_OK(SocketClaim::Take(folder / "s.sock", true));
}

TEST(SocketClaimTest, RemovesTheSocketOfADeadDaemon) {
  TempFolder folder;
  LeaveSocket(folder / "s.sock");
  ASSERT_OK(SocketClaim::Take(folder / "s.sock", true));
  EXPECT_FALSE(fs::exists(folder / "s.sock"));
}

TEST(SocketClaimTest, LeavesTheSocketOfALivingOneAlone) {
  TempFolder folder;
  const auto first = SocketClaim::Take(folder / "s.sock", true);
  LeaveSocket(folder / "s.sock");
  EXPECT_FALSE(SocketClaim::Take(folder / "s.sock", true).ok());
  EXPECT_TRUE(fs::is_socket(folder / "s.sock"));
}

TEST(SocketClaimTest, NeverRemovesWhatIsNotASocket) {
  TempFolder folder;
  std::ofstream(folder / "s.sock") << "thesis";
  EXPECT_THAT(SocketClaim::Take(folder / "s.sock", true),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is not a socket")));
  EXPECT_TRUE(fs::exists(folder / "s.sock"));
}

TEST(SocketClaimTest, DoesNotFollowALinkToALock) {
  TempFolder folder;
  std::ofstream(folder / "precious") << "thesis";
  fs::create_symlink(folder / "precious", folder / "s.sock.lock");
  EXPECT_FALSE(SocketClaim::Take(folder / "s.sock", true).ok());
  EXPECT_EQ(fs::file_size(folder / "precious"), 6u);
}

TEST(SocketClaimTest, OurOwnFolderIsMadePrivate) {
  TempFolder folder;
  fs::create_directory(folder / "run");
  fs::permissions(folder / "run", fs::perms(0755));
  ASSERT_OK(SocketClaim::Take(folder / "run/s.sock", true));
  EXPECT_EQ(ModeOf(folder / "run"), 0700u);
}

TEST(SocketClaimTest, AUsersFolderKeepsItsMode) {
  TempFolder folder;
  fs::create_directory(folder / "run");
  fs::permissions(folder / "run", fs::perms(0755));
  ASSERT_OK(SocketClaim::Take(folder / "run/s.sock", false));
  EXPECT_EQ(ModeOf(folder / "run"), 0755u);
}

TEST(SocketClaimTest, RefusesAFolderWhereOthersMayWrite) {
  TempFolder folder;
  fs::create_directory(folder / "run");
  fs::permissions(folder / "run", fs::perms(0777));
  EXPECT_THAT(SocketClaim::Take(folder / "run/s.sock", false),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("is not safe")));
  fs::permissions(folder / "run", fs::perms(01777));  // as /tmp
  EXPECT_OK(SocketClaim::Take(folder / "run/s.sock", false));
}

TEST(SocketClaimTest, RefusesALinkInPlaceOfItsOwnFolder) {
  TempFolder folder;
  fs::create_directory(folder / "theirs");
  fs::create_directory_symlink(folder / "theirs", folder / "run");
  EXPECT_THAT(
      SocketClaim::Take(folder / "run/s.sock", true),
      StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("is not a folder of this user")));
}

TEST(SocketClaimTest, RefusesPathsThatNoSocketCanHave) {
  EXPECT_THAT(SocketClaim::Take("s.sock", false),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not an absolute path")));
  EXPECT_THAT(SocketClaim::Take("/tmp/" + std::string(103, 'a'), false),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("has 108 bytes"), HasSubstr("allows 107"))));
}

}  // namespace
}  // namespace hfget::rpc
