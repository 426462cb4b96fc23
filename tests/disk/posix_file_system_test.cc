#include "daemon/disk/posix_file_system.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "gmock/gmock.h"
#include "daemon/disk/temporary_file.h"
#include "tests/disk/temporary_folder.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::disk {
namespace {

using ::hfget::testing::HasCode;
using ::hfget::testing::StatusIs;
using ::hfget::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::NotNull;
using Code = absl::StatusCode;

class PosixFileSystemTest : public ::testing::Test {
 protected:
  std::string Read(const std::string& name) {
    const absl::StatusOr<std::string> content = fs_.ReadFile(dir_ / name, kMiB);
    return content.ok() ? *content : std::string(content.status().message());
  }
  std::vector<std::string> Names() { return fs_.List(dir_.path()).value(); }
  mode_t ModeOf(const std::string& name) {
    struct stat s;
    return lstat((dir_ / name).c_str(), &s) == 0 ? s.st_mode & 07777 : 0;
  }

  TemporaryFolder dir_;
  PosixFileSystem fs_;
};

TEST_F(PosixFileSystemTest, WritesAndReadsAnywhereInAFile) {
  const auto file = fs_.OpenForWrite(dir_ / "f");
  ASSERT_OK(file);
  ASSERT_OK((*file)->Allocate(3 * kMiB));
  EXPECT_EQ(fs_.Stat(dir_ / "f")->size, 3 * kMiB);
  ASSERT_OK((*file)->PWrite(2 * kMiB, "far"));
  ASSERT_OK((*file)->PWrite(0, "near"));
  std::string got(3, ' ');
  ASSERT_OK((*file)->PRead(2 * kMiB, absl::MakeSpan(got)));
  EXPECT_EQ(got, "far");
  (*file)->StartWriteback(0, 3 * kMiB);
  EXPECT_OK((*file)->Sync());
  (*file)->DropCache();
  EXPECT_EQ(ModeOf("f") & 0133, 0u) << "0644, less the umask";
}

TEST_F(PosixFileSystemTest, TemporaryFileOfADeadWriterIsTakenAwayByTheNext) {
  // The end of its descriptor is all that others see of a death.
  { ASSERT_OK(MakeTemporaryBeside(dir_ / "f")); }
  ASSERT_EQ(Names().size(), 1u);
  ASSERT_OK(fs_.WriteFileAtomically(dir_ / "f", "abc", true));
  EXPECT_THAT(Names(), ElementsAre("f"));
  EXPECT_EQ(Read("f"), "abc");
}

TEST_F(PosixFileSystemTest, TemporaryFileOfALivingWriterIsLeftAlone) {
  const auto living = MakeTemporaryBeside(dir_ / "f");
  ASSERT_OK(living);
  ASSERT_OK(fs_.WriteFileAtomically(dir_ / "f", "abc", false));
  ASSERT_OK(fs_.LStat(living->path));
  EXPECT_EQ(Names().size(), 2u);
}

TEST_F(PosixFileSystemTest, NothingIsWrittenToWhatLiesUnderTheTemporaryName) {
  std::string name;
  {
    const auto made = MakeTemporaryBeside(dir_ / "f");
    ASSERT_OK(made);
    name = made->path;
  }
  ASSERT_OK(fs_.Remove(name));
  ASSERT_OK(fs_.WriteFileAtomically(dir_ / "victim", "precious", false));
  ASSERT_EQ(link((dir_ / "victim").c_str(), name.c_str()), 0);
  ASSERT_OK(fs_.WriteFileAtomically(dir_ / "f", "abc", false));
  EXPECT_EQ(Read("victim"), "precious");
  ASSERT_OK(fs_.Symlink(dir_ / "victim", name));
  ASSERT_OK(fs_.WriteFileAtomically(dir_ / "f", "def", false));
  EXPECT_EQ(Read("victim"), "precious");
  EXPECT_EQ(Read("f"), "def");
}

TEST_F(PosixFileSystemTest, AllocatesAnEmptyFile) {
  const auto file = fs_.OpenForWrite(dir_ / "f");
  ASSERT_OK(file);
  EXPECT_OK((*file)->Allocate(0));
  EXPECT_EQ(fs_.Stat(dir_ / "f")->size, 0);
}

TEST_F(PosixFileSystemTest, RefusesToAllocateMoreThanTheDiskHas) {
  const auto file = fs_.OpenForWrite(dir_ / "f");
  ASSERT_OK(file);
  const ByteCount free = fs_.FreeSpace(dir_.path()).value();
  EXPECT_THAT((*file)->Allocate(free + kGiB),
              StatusIs(Code::kResourceExhausted, HasSubstr("bytes are free")));
  EXPECT_EQ(fs_.Stat(dir_ / "f")->size, 0);
}

TEST_F(PosixFileSystemTest, SaysWhereAFileEnds) {
  ASSERT_OK(fs_.WriteFileAtomically(dir_ / "f", "abc", false));
  const auto file = fs_.OpenForRead(dir_ / "f");
  ASSERT_OK(file);
  std::string got(4, ' ');
  EXPECT_THAT((*file)->PRead(0, absl::MakeSpan(got)),
              StatusIs(Code::kOutOfRange, HasSubstr("byte 3")));
}

TEST_F(PosixFileSystemTest, NeverWritesThroughALink) {
  ASSERT_OK(fs_.WriteFileAtomically(dir_ / "victim", "precious", false));
  ASSERT_OK(fs_.Symlink("victim", dir_ / "link"));
  EXPECT_FALSE(fs_.OpenForWrite(dir_ / "link").ok());
  ASSERT_OK(fs_.WriteFileAtomically(dir_ / "link", "new", false));
  EXPECT_EQ(Read("victim"), "precious");
  EXPECT_EQ(Read("link"), "new");
}

TEST_F(PosixFileSystemTest, StatFollowsAndLStatDoesNot) {
  ASSERT_OK(fs_.WriteFileAtomically(dir_ / "f", "abc", false));
  ASSERT_OK(fs_.Symlink("f", dir_ / "link"));
  ASSERT_OK(fs_.Symlink("nowhere", dir_ / "dangling"));
  EXPECT_EQ(fs_.Stat(dir_ / "link")->size, 3);
  EXPECT_FALSE(fs_.Stat(dir_ / "link")->is_symlink);
  EXPECT_TRUE(fs_.LStat(dir_ / "link")->is_symlink);
  EXPECT_THAT(fs_.Stat(dir_ / "dangling"), HasCode(Code::kNotFound));
  EXPECT_TRUE(fs_.LStat(dir_ / "dangling")->is_symlink);
  EXPECT_TRUE(fs_.Stat(dir_.path())->is_directory);
  EXPECT_THAT(fs_.Stat(dir_ / "f/below"), HasCode(Code::kNotFound));
}

TEST_F(PosixFileSystemTest, TellsAFileFromItsSuccessorOfTheSameName) {
  ASSERT_OK(fs_.WriteFileAtomically(dir_ / "f", "a", false));
  const FileInfo before = fs_.LStat(dir_ / "f").value();
  ASSERT_OK(fs_.Remove(dir_ / "f"));
  ASSERT_OK(fs_.WriteFileAtomically(dir_ / "f", "a", false));
  const FileInfo after = fs_.LStat(dir_ / "f").value();
  if (before.born == absl::InfinitePast()) GTEST_SKIP() << "no time of birth here";
  EXPECT_NE(before.born, after.born);
}

TEST_F(PosixFileSystemTest, WritesAtomicallyAndLeavesNothingBeside) {
  ASSERT_OK(fs_.WriteFileAtomically(dir_ / "f", "one", true));
  ASSERT_OK(fs_.WriteFileAtomically(dir_ / "f", "two", true));
  EXPECT_EQ(Read("f"), "two");
  EXPECT_THAT(Names(), ElementsAre("f"));
  ASSERT_OK(fs_.MakeDirectories(dir_ / "d"));
  EXPECT_FALSE(fs_.WriteFileAtomically(dir_ / "d", "x", false).ok());
  EXPECT_THAT(Names(), ElementsAre("d", "f")) << "no temporary file after a failure";
}

TEST_F(PosixFileSystemTest, ReadsNoMoreThanAllowed) {
  ASSERT_OK(fs_.WriteFileAtomically(dir_ / "f", "abc", false));
  EXPECT_OK(fs_.ReadFile(dir_ / "f", 3));
  EXPECT_THAT(fs_.ReadFile(dir_ / "f", 2), HasCode(Code::kOutOfRange));
  EXPECT_THAT(fs_.ReadFile(dir_ / "g", 2), HasCode(Code::kNotFound));
}

TEST_F(PosixFileSystemTest, DoesNotHangOnAFifo) {
  ASSERT_EQ(mkfifo((dir_ / "fifo").c_str(), 0600), 0);
  const auto file = fs_.OpenForRead(dir_ / "fifo");
  std::string got(1, ' ');
  EXPECT_FALSE(file.ok() && (*file)->PRead(0, absl::MakeSpan(got)).ok());
}

TEST_F(PosixFileSystemTest, MakesFoldersLikeMkdirP) {
  ASSERT_OK(fs_.MakeDirectories(dir_ / "a/b/c"));
  ASSERT_OK(fs_.MakeDirectories(dir_ / "a/b/c"));
  EXPECT_TRUE(fs_.Stat(dir_ / "a/b/c")->is_directory);
  ASSERT_OK(fs_.Symlink("a", dir_ / "link"));
  EXPECT_OK(fs_.MakeDirectories(dir_ / "link/b/d"));
  EXPECT_TRUE(fs_.Stat(dir_ / "a/b/d")->is_directory);
}

TEST_F(PosixFileSystemTest, NamesTheFileThatIsInTheWayOfAFolder) {
  ASSERT_OK(fs_.WriteFileAtomically(dir_ / "a", "", false));
  EXPECT_THAT(fs_.MakeDirectories(dir_ / "a/b"),
              StatusIs(Code::kFailedPrecondition, HasSubstr(dir_ / "a")));
}

TEST_F(PosixFileSystemTest, ReplacesALinkAndAFileByALink) {
  ASSERT_OK(fs_.Symlink("one", dir_ / "link"));
  ASSERT_OK(fs_.Symlink("two", dir_ / "link"));
  EXPECT_EQ(*fs_.ReadLink(dir_ / "link"), "two");
  ASSERT_OK(fs_.WriteFileAtomically(dir_ / "f", "x", false));
  ASSERT_OK(fs_.Symlink("three", dir_ / "f"));
  EXPECT_EQ(*fs_.ReadLink(dir_ / "f"), "three");
  EXPECT_THAT(Names(), ElementsAre("f", "link"));
}

TEST_F(PosixFileSystemTest, RemovesWhatIsThereAndOnlyEmptyFolders) {
  EXPECT_OK(fs_.Remove(dir_ / "never"));
  EXPECT_OK(fs_.RemoveDirectoryIfEmpty(dir_ / "never"));
  ASSERT_OK(fs_.MakeDirectories(dir_ / "a"));
  ASSERT_OK(fs_.WriteFileAtomically(dir_ / "a/f", "", false));
  EXPECT_OK(fs_.RemoveDirectoryIfEmpty(dir_ / "a"));
  EXPECT_OK(fs_.Remove(dir_ / "a/f"));
  EXPECT_OK(fs_.RemoveDirectoryIfEmpty(dir_ / "a"));
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(PosixFileSystemTest, KnowsSpaceAndDeviceOfAFolderThatIsNotThereYet) {
  EXPECT_GT(fs_.FreeSpace(dir_ / "not/yet").value(), 0);
  EXPECT_EQ(fs_.DeviceOf(dir_ / "not/yet").value(), fs_.Stat(dir_.path())->device);
}

TEST_F(PosixFileSystemTest, SyncsAFolder) {
  EXPECT_OK(fs_.SyncDirectory(dir_.path()));
  EXPECT_THAT(fs_.SyncDirectory(dir_ / "never"), HasCode(Code::kNotFound));
}

TEST_F(PosixFileSystemTest, LocksOnceAndKeepsTheLockFile) {
  auto first = fs_.TryLock(dir_ / "locks/x.lock");
  ASSERT_OK(first);
  EXPECT_THAT(*first, NotNull());
  EXPECT_EQ(ModeOf("locks/x.lock"), 0664u);
  EXPECT_EQ(*fs_.TryLock(dir_ / "locks/x.lock"), nullptr);
  first->reset();
  EXPECT_THAT(*fs_.TryLock(dir_ / "locks/x.lock"), NotNull());
  EXPECT_OK(fs_.LStat(dir_ / "locks/x.lock"));
}

TEST_F(PosixFileSystemTest, SaysThatAFolderIsNotOurs) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  ASSERT_OK(fs_.MakeDirectories(dir_ / "locked"));
  ASSERT_EQ(chmod((dir_ / "locked").c_str(), 0500), 0);
  EXPECT_THAT(fs_.OpenForWrite(dir_ / "locked/f"), HasCode(Code::kPermissionDenied));
}

}  // namespace
}  // namespace hfget::disk
