#include "daemon/hub/path_check.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::hub {
namespace {

using ::testing::AllOf;
using testing::HasCode;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::StatusIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(CheckPathTest, TakesWhatReposHold) {
  for (const absl::string_view path : {"config.json",
                                       ".gitattributes",
                                       "a/b/c",
                                       "...",
                                       "a/..b",
                                       "..a",
                                       "sp ace/é你.txt",
                                       ".cache/x",
                                       ".github/workflows/x.yml",
                                       "a/.hfget/b",
                                       "x/.cache/huggingface/y",
                                       "-rf",
                                       "~",
                                       "C:",
                                       "a:b",
                                       "con",
                                       "git",
                                       ".gitx",
                                       ".cache/huggingface2/x",
                                       "*"}) {
    EXPECT_OK(CheckPath(path)) << path;
  }
  EXPECT_OK(CheckPath(std::string(255, 'a')));
}

TEST(CheckPathTest, RefusesEveryWayOut) {
  const std::pair<std::string, const char*> kCases[] = {
      {"", "empty"},
      {"/etc/passwd", "absolute"},
      {"//x", "absolute"},
      {"..", ".."},
      {".", ". or .."},
      {"../x", ".."},
      {"a/../../x", ".."},
      {"a/..", ".."},
      {"a/./b", ". or .."},
      {"a//b", "empty component"},
      {"a/", "empty component"},
      {std::string("a\0b", 3), "control"},
      {"a\nb", "control"},
      {"a\x7F", "control"},
      {"a\xC2\x9B"
       "31m",
       "control"},  // C1: the start of a terminal's escape sequence
      {"a\\b", "backslash"},
      {"..\\..\\x", "backslash"},
      {".git/config", ".git"},
      {"a/.GIT/hooks/post-checkout", ".git"},
      {".git", ".git"},
      {".hfget/x", "keep for themselves"},
      {".hfget", "keep for themselves"},
      {".hfget-write-test", "keep for themselves"},
      {".HFGET/x", "keep for themselves"},  // the same folder where case does not count
      {".Cache/HuggingFace/x", "keep for themselves"},
      {".cache/huggingface/x", "keep for themselves"},
      {".cache/huggingface", "keep for themselves"},
      {std::string(256, 'a'), "255"},
      {"a/" + std::string(300, 'b') + "/c", "255"},
      {"a\xFFz", "UTF-8"},
      {"\xC0\xAE\xC0\xAE/x", "UTF-8"},  // ".." in overlong form
      {"\xED\xA0\x80", "UTF-8"},        // a surrogate
      {"\xF4\x90\x80\x80", "UTF-8"},    // beyond U+10FFFF
      {"\xE4\xBD", "UTF-8"},
  };
  for (const auto& [path, why] : kCases) {
    EXPECT_THAT(CheckPath(path), StatusIs(kInvalid, HasSubstr(why))) << Printable(path);
  }
}

// Each component is hashed with all before it, and is a folder to be made.
TEST(CheckPathTest, RefusesMoreThan100Components) {
  std::string path = "a";
  for (int i = 1; i < 100; ++i) path += "/a";
  EXPECT_OK(CheckPath(path));
  EXPECT_THAT(CheckPath(path + "/a"), StatusIs(kInvalid, HasSubstr("100 folders")));
}

TEST(CheckPathTest, RefusesMoreThan4000Bytes) {
  std::string path(79, 'a');
  while (path.size() < 3999) path += "/" + std::string(79, 'a');
  EXPECT_OK(CheckPath(path));
  EXPECT_THAT(CheckPath(path + "/a"), StatusIs(kInvalid, HasSubstr("4,000")));
}

TEST(CheckPathTest, TheMessageCannotSpeakToATerminal) {
  EXPECT_THAT(CheckPath("a\x1B[31m\n" + std::string(5000, 'b')),
              StatusIs(kInvalid, AllOf(HasSubstr("\\x1b[31m\\x0a"), Not(HasSubstr("\x1B")))));
  EXPECT_LT(CheckPath(std::string(100000, 'b')).message().size(), 300u);
}

TEST(PathSetTest, RefusesMoreFoldersThanItMayHold) {
  PathSet set(3);
  EXPECT_OK(set.Add("a/b/c/file"));
  EXPECT_OK(set.Add("a/b/other"));
  EXPECT_THAT(set.Add("d/file"), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("more than 3 folders")));
}

TEST(PathSetTest, RefusesDuplicates) {
  PathSet set;
  EXPECT_OK(set.Add("a/b"));
  EXPECT_OK(set.Add("a/c"));
  EXPECT_THAT(set.Add("a/b"), StatusIs(kInvalid, HasSubstr("twice")));
}

TEST(PathSetTest, RefusesAFileThatIsAFolderElsewhere) {
  PathSet file_first;
  EXPECT_OK(file_first.Add("a/b"));
  EXPECT_THAT(file_first.Add("a/b/c/d"), HasCode(kInvalid));
  PathSet folder_first;
  EXPECT_OK(folder_first.Add("a/b/c/d"));
  EXPECT_THAT(folder_first.Add("a/b"), HasCode(kInvalid));
  EXPECT_THAT(folder_first.Add("a"), HasCode(kInvalid));
}

TEST(PathSetTest, AKnownFolderNeedsNoSecondLookButItsFilesDo) {
  PathSet set;
  EXPECT_OK(set.Add("a/b/c"));
  EXPECT_OK(set.Add("a/f"));
  EXPECT_THAT(set.Add("a/f/g"), HasCode(kInvalid));
}

TEST(PathSetTest, NamesMayDifferInCaseOnly) {
  PathSet set;
  EXPECT_OK(set.Add("README.md"));
  EXPECT_OK(set.Add("readme.md"));
  EXPECT_OK(set.Add("Readme.MD"));
  EXPECT_OK(set.Add("other"));
}

TEST(PrintableTest, ShowsUtf8AndEscapesTheRest) {
  EXPECT_EQ(Printable("plain é你"), "plain é你");
  EXPECT_EQ(Printable(absl::string_view("a\0\n\xFF", 4)), "a\\x00\\x0a\\xff");
  EXPECT_EQ(Printable("a\xE2\x80\xAE"
                      "b"),
            "a\\xe2\\x80\\xae"
            "b");  // right-to-left override
}

TEST(PrintableTest, CutsToAtMostMaxBytesOnACharacter) {
  EXPECT_EQ(Printable("abcdef", 6), "abcdef");
  EXPECT_EQ(Printable("abcdefg", 6), "abc…");
  EXPECT_EQ(Printable("ééééé", 6), "é…");
  EXPECT_EQ(Printable("abcdef", 2), "");
  EXPECT_LE(Printable(std::string(1000, '\n'), 50).size(), 50u);
}

}  // namespace
}  // namespace hfget::hub
