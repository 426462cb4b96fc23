#include "cli/written_file.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "gmock/gmock.h"
#include "tests/cli/temp_folder.h"

namespace hfget::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class WrittenFileTest : public ::testing::Test {
 protected:
  static std::string Read(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static mode_t Mode(const std::string& path) {
    struct stat found {};
    EXPECT_EQ(stat(path.c_str(), &found), 0);
    return found.st_mode & 0777;
  }
  size_t Files() const { return std::distance(fs::directory_iterator(temp_.path()), fs::directory_iterator()); }

  testing::TempFolder temp_;
  const std::string path_ = temp_.path() + "/f";
};

TEST_F(WrittenFileTest, ReplacesTheOldOneAndLeavesNothingElse) {
  EXPECT_TRUE(WriteWholeFile(path_, "old", Secrecy::kShared).ok());
  EXPECT_TRUE(WriteWholeFile(path_, "new", Secrecy::kShared).ok());
  EXPECT_EQ(Read(path_), "new");
  EXPECT_EQ(Files(), 1u);
}

TEST_F(WrittenFileTest, ASecretIsItsOwnersWhateverTheUmask) {
  const mode_t before = umask(022);
  EXPECT_TRUE(WriteWholeFile(path_, "x", Secrecy::kOwner).ok());
  EXPECT_EQ(Mode(path_), 0600u);
  EXPECT_TRUE(WriteWholeFile(path_, "x", Secrecy::kShared).ok());
  EXPECT_EQ(Mode(path_), 0644u);
  umask(before);
}

TEST_F(WrittenFileTest, ALinkStaysALink) {
  EXPECT_TRUE(WriteWholeFile(temp_.path() + "/target", "old", Secrecy::kShared).ok());
  fs::create_symlink(temp_.path() + "/target", path_);
  EXPECT_TRUE(WriteWholeFile(path_, "x", Secrecy::kShared).ok());
  EXPECT_TRUE(fs::is_symlink(path_));
  EXPECT_EQ(Read(temp_.path() + "/target"), "x");
}

TEST_F(WrittenFileTest, ADeviceStaysADevice) {
  EXPECT_TRUE(CheckWritable("/dev/null").ok());
  EXPECT_TRUE(WriteWholeFile("/dev/null", "x", Secrecy::kShared).ok());
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(WrittenFileTest, WhatCannotBeWrittenIsKnownBefore) {
  EXPECT_TRUE(CheckWritable(path_).ok());
  EXPECT_EQ(Files(), 0u);
  const absl::Status absent = CheckWritable(temp_.path() + "/absent/f");
  EXPECT_EQ(absent.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(absent.message(), HasSubstr("cannot write " + temp_.path() + "/absent/f"));
  EXPECT_THAT(CheckWritable(temp_.path()).message(), HasSubstr("directory"));
}

}  // namespace
}  // namespace hfget::cli
