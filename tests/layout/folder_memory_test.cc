#include "daemon/layout/folder_memory.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::layout {
namespace {

using ::hfget::testing::HasCode;
using ::hfget::testing::MemoryFileSystem;
constexpr auto kNotFound = absl::StatusCode::kNotFound;

TEST(FolderMemoryTest, LooksForNothingInAFolderThatIsNotThere) {
  MemoryFileSystem fs;
  ASSERT_OK(fs.MakeDirectories("/root"));
  FolderMemory memory(fs);
  EXPECT_THAT(memory.Stat("/root/a/b/0"), HasCode(kNotFound));
  fs.ResetCalls();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_THAT(memory.Stat(absl::StrCat("/root/a/b/", i)), HasCode(kNotFound));
    EXPECT_THAT(memory.LStat(absl::StrCat("/root/a/b/", i)), HasCode(kNotFound));
    EXPECT_THAT(memory.LStat("/root/a"), HasCode(kNotFound));
  }
  EXPECT_EQ(fs.calls(), 0);
}

TEST(FolderMemoryTest, AsksAboutAFolderOnce) {
  MemoryFileSystem fs;
  ASSERT_OK(fs.MakeDirectories("/root/a"));
  fs.Put("/root/a/f", "x");
  FolderMemory memory(fs);
  for (int i = 0; i < 10; ++i) {
    ASSERT_OK(memory.Stat("/root/a/f"));
    EXPECT_EQ(memory.LStat("/root/a/f")->size, 1);
    EXPECT_TRUE(memory.LStat("/root/a")->is_directory);
    EXPECT_THAT(memory.Stat("/root/a/g"), HasCode(kNotFound));
  }
  EXPECT_EQ(fs.calls("Stat"), 20);
  EXPECT_LE(fs.calls("LStat"), 14);  // the file's, and one each of /, /root and /root/a
}

TEST(FolderMemoryTest, SeesWhatIsMadeThroughIt) {
  MemoryFileSystem fs;
  ASSERT_OK(fs.MakeDirectories("/root"));
  FolderMemory memory(fs);
  EXPECT_THAT(memory.Stat("/root/a/f"), HasCode(kNotFound));
  ASSERT_OK(memory.MakeDirectories("/root/a"));
  ASSERT_OK(memory.WriteFileAtomically("/root/a/f", "xy", false));
  EXPECT_EQ(memory.Stat("/root/a/f")->size, 2);
  ASSERT_OK(memory.Symlink("f", "/root/a/link"));
  EXPECT_TRUE(memory.LStat("/root/a/link")->is_symlink);
  ASSERT_OK(memory.Rename("/root/a/f", "/root/g"));
  EXPECT_THAT(memory.Stat("/root/a/f"), HasCode(kNotFound));
  EXPECT_OK(memory.Stat("/root/g"));
}

// A link to nowhere in a folder's place is there, though what is below is not.
TEST(FolderMemoryTest, ALinkIsNoFolder) {
  MemoryFileSystem fs;
  ASSERT_OK(fs.MakeDirectories("/root"));
  ASSERT_OK(fs.Symlink("/nowhere", "/root/a"));
  FolderMemory memory(fs);
  EXPECT_THAT(memory.Stat("/root/a/f"), HasCode(kNotFound));
  ASSERT_OK(memory.LStat("/root/a"));
  EXPECT_TRUE(memory.LStat("/root/a")->is_symlink);
}

TEST(FolderMemoryTest, ListsAFolderOnceToKnowItsNames) {
  MemoryFileSystem fs;
  ASSERT_OK(fs.MakeDirectories("/root/p"));
  fs.Put("/root/p/f", "x");
  FolderMemory memory(fs);
  EXPECT_TRUE(memory.Holds("/root/p/f"));
  EXPECT_FALSE(memory.Holds("/root/p/g"));
  EXPECT_FALSE(memory.Holds("/root/not-there/f"));
  EXPECT_EQ(fs.calls("List"), 2);
}

}  // namespace
}  // namespace hfget::layout
