#include "cli/log_tail.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/cli/temp_folder.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::cli {
namespace {

using ::hfget::testing::HasCode;

class LogTailTest : public ::testing::Test {
 protected:
  std::string Path(const std::string& name = "hfgetd.log") const { return temp_.path() + "/" + name; }
  void Append(const std::string& text, const std::string& name = "hfgetd.log") { std::ofstream(Path(name), std::ios::app) << text; }
  LogTail Open() {
    absl::StatusOr<LogTail> tail = LogTail::Open(Path());
    EXPECT_OK(tail);
    return *std::move(tail);
  }

  testing::TempFolder temp_;
};

TEST_F(LogTailTest, ReadsTheEndAndWhatComes) {
  Append("a\nb\nc\n");
  LogTail tail = Open();
  EXPECT_EQ(tail.ReadEnd({.lines = 2}), "b\nc\n");
  EXPECT_EQ(tail.ReadNew(), "");
  Append("d\n");
  EXPECT_EQ(tail.ReadNew(), "d\n");
}

TEST_F(LogTailTest, ReadsOnlyAsFarBackAsItHasTo) {
  const std::string line(1023, 'x');
  for (int i = 0; i < 1000; ++i) Append(absl::StrCat(line, "\n"));
  EXPECT_EQ(Open().ReadEnd({.lines = 3}).size(), 3 * 1024u);
  EXPECT_EQ(Open().ReadEnd({.lines = 100}).size(), 100 * 1024u);
  EXPECT_EQ(Open().ReadEnd({}).size(), 1000 * 1024u);
}

TEST_F(LogTailTest, FollowsAFileThatGetsAnotherName) {
  Append("a\n");
  LogTail tail = Open();
  tail.ReadEnd({});
  Append("last of the old\n");
  std::filesystem::rename(Path(), Path("hfgetd.1.log"));
  EXPECT_EQ(tail.ReadNew(), "last of the old\n");
  EXPECT_EQ(tail.ReadNew(), "") << "there is no new one yet";
  Append("first of the new\n");
  EXPECT_EQ(tail.ReadNew(), "first of the new\n");
  Append("second\n");
  EXPECT_EQ(tail.ReadNew(), "second\n");
}

TEST_F(LogTailTest, FollowsAFileThatIsCopiedAndCut) {
  Append("a\nb\n");
  LogTail tail = Open();
  tail.ReadEnd({});
  std::filesystem::resize_file(Path(), 0);
  EXPECT_EQ(tail.ReadNew(), "");
  Append("c\n");
  EXPECT_EQ(tail.ReadNew(), "c\n");
}

TEST_F(LogTailTest, TheSpanReachesIntoRotatedFiles) {
  Append("a\nb\n", "hfgetd.2.log");
  Append("c\nd\n", "hfgetd.1.log");
  Append("e\n");
  EXPECT_EQ(Open().ReadEnd({.lines = 2}), "d\ne\n");
  EXPECT_EQ(Open().ReadEnd({.lines = 4}), "b\nc\nd\ne\n");
  EXPECT_EQ(Open().ReadEnd({}), "a\nb\nc\nd\ne\n");
}

TEST_F(LogTailTest, KnowsTheNamesOfLogrotateToo) {
  Append("a\n", "hfgetd.log.1");
  Append("b\n");
  EXPECT_EQ(Open().ReadEnd({}), "a\nb\n");
}

TEST_F(LogTailTest, WhatIsNoFileIsRefused) {
  EXPECT_THAT(LogTail::Open(Path()), HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(LogTail::Open(temp_.path()), HasCode(absl::StatusCode::kFailedPrecondition));
  ASSERT_EQ(mkfifo(Path("fifo").c_str(), 0600), 0);
  EXPECT_THAT(LogTail::Open(Path("fifo")), HasCode(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace hfget::cli
