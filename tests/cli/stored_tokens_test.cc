#include "cli/stored_tokens.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "gmock/gmock.h"
#include "tests/cli/temp_folder.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::cli {
namespace {

using ::hfget::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(StoredTokensTextTest, IsReadAsPythonReadsIt) {
  const auto tokens = ParseStoredTokens(
      "# a comment\n[my laptop]\nHF_Token = hf_a%b\n\n; another\n[oauth-bob]\nhf_token: hf_c\n"
      "refresh_token=r\nexpires_at = 17\nnote = one\n\ttwo\n\n[a]b]\nhf_token = hf_d\n");
  ASSERT_TRUE(tokens.ok()) << tokens.status();
  const TokensByName want = {
      {"my laptop", {{"hf_token", "hf_a%b"}}},
      {"oauth-bob",
       {{"hf_token", "hf_c"}, {"refresh_token", "r"}, {"expires_at", "17"}, {"note", "one\ntwo"}}},
      {"a]b", {{"hf_token", "hf_d"}}}};
  EXPECT_EQ(*tokens, want);
  const auto again = ParseStoredTokens(FormatStoredTokens(want));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, want);
}

TEST(StoredTokensTextTest, IsWrittenAsPythonWritesIt) {
  EXPECT_EQ(FormatStoredTokens({{"b", {{"hf_token", "hf_2"}}}, {"a", {{"hf_token", "hf_1"}}}}),
            "[a]\nhf_token = hf_1\n\n[b]\nhf_token = hf_2\n\n");
  EXPECT_EQ(FormatStoredTokens({}), "");
}

TEST(StoredTokensTextTest, AMistakeIsNamedByItsLineAndNotRepeated) {
  for (const auto& [text, why] : std::map<std::string, std::string>{
           {"hf_token = hf_secret", "line 1 is neither"},
           {"[a]\nhf_secret", "line 2 is neither"},
           {"[a]\n[a]\n", "line 2 names a token for the second time"},
           {"[a]\nx = 1\nX = hf_secret\n", "line 3 has a key for the second time"}}) {
    EXPECT_THAT(ParseStoredTokens(text), StatusIs(absl::StatusCode::kInvalidArgument,
                                                  AllOf(HasSubstr(why), Not(HasSubstr("hf_secret")))));
  }
}

TEST(TokenNameTest, KeepsWhatCanBeASectionsName) {
  EXPECT_EQ(TokenName(" mein Läptop ", "x"), "mein Läptop");
  EXPECT_EQ(TokenName("a\n[b]\nhf_token = evil", "x"), "a [b] hf_token = evil");
  EXPECT_EQ(TokenName("", "x"), "x");
  EXPECT_EQ(TokenName("DEFAULT", "x"), "x");
}

class StoredTokensTest : public ::testing::Test {
 protected:
  StoredTokensTest() : stored_(At(temp_.path() + "/new/hf")) {}
  static Environment At(const std::string& home) {
    return Environment(std::map<std::string, std::string>{{"HF_HOME", home}});
  }
  std::string Text(const std::string& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  static int Mode(const std::string& path) {
    struct stat info {};
    return stat(path.c_str(), &info) == 0 ? static_cast<int>(info.st_mode & 0777) : -1;
  }

  testing::TempFolder temp_;
  StoredTokens stored_;
};

TEST_F(StoredTokensTest, WhatIsAddedIsUsedAndPrivate) {
  EXPECT_EQ(stored_.Active(), "");
  ASSERT_TRUE(stored_.Add("one", "hf_1").ok());
  ASSERT_TRUE(stored_.Add("two", "hf_2").ok());
  EXPECT_EQ(stored_.Active(), "hf_2");
  EXPECT_EQ(Text(stored_.token_path()), "hf_2");
  EXPECT_EQ(stored_.Read()->size(), 2u);
  EXPECT_EQ(Mode(stored_.token_path()), 0600);
  EXPECT_EQ(Mode(stored_.stored_path()), 0600);
  EXPECT_EQ(Mode(temp_.path() + "/new/hf"), 0700);
}

TEST_F(StoredTokensTest, AFileThatOthersCouldReadBecomesPrivate) {
  std::filesystem::create_directories(temp_.path() + "/new/hf");
  std::ofstream(stored_.token_path()) << "hf_old";
  ASSERT_NE(Mode(stored_.token_path()), 0600);
  ASSERT_TRUE(stored_.Add("one", "hf_1").ok());
  EXPECT_EQ(Mode(stored_.token_path()), 0600);
}

TEST_F(StoredTokensTest, ALinkStaysALink) {
  std::filesystem::create_directories(temp_.path() + "/new/hf");
  std::ofstream(temp_.path() + "/real") << "hf_old";
  std::filesystem::create_symlink(temp_.path() + "/real", stored_.token_path());
  ASSERT_TRUE(stored_.Add("one", "hf_1").ok());
  EXPECT_TRUE(std::filesystem::is_symlink(stored_.token_path()));
  EXPECT_EQ(Text(temp_.path() + "/real"), "hf_1");
}

TEST_F(StoredTokensTest, RemovingTheOneInUseLogsOut) {
  ASSERT_TRUE(stored_.Add("one", "hf_1").ok());
  ASSERT_TRUE(stored_.Add("two", "hf_2").ok());
  ASSERT_TRUE(stored_.Remove("one").ok());
  EXPECT_EQ(stored_.Active(), "hf_2");
  EXPECT_THAT(stored_.Remove("one"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("hfget auth list")));
  ASSERT_TRUE(stored_.Remove("two").ok());
  EXPECT_EQ(stored_.Active(), "");
  EXPECT_FALSE(std::filesystem::exists(stored_.token_path()));
}

TEST_F(StoredTokensTest, RemovingAllLeavesNothing) {
  EXPECT_TRUE(stored_.RemoveAll().ok()) << "nothing was there";
  ASSERT_TRUE(stored_.Add("one", "hf_1").ok());
  ASSERT_TRUE(stored_.RemoveAll().ok());
  EXPECT_FALSE(std::filesystem::exists(stored_.token_path()));
  EXPECT_FALSE(std::filesystem::exists(stored_.stored_path()));
}

TEST_F(StoredTokensTest, WhatCannotBeReadIsNotOverwritten) {
  std::filesystem::create_directories(temp_.path() + "/new/hf");
  std::ofstream(stored_.stored_path()) << "no tokens\n";
  EXPECT_THAT(stored_.Add("one", "hf_1"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(stored_.stored_path() + ": line 1")));
  EXPECT_EQ(Text(stored_.stored_path()), "no tokens\n");
  EXPECT_EQ(stored_.Active(), "");
}

TEST_F(StoredTokensTest, AFolderThatCannotBeMadeIsSaid) {
  const StoredTokens stored(At("/dev/null/hf"));
  EXPECT_THAT(stored.Add("one", "hf_1").message(), HasSubstr("/dev/null/hf"));
}

}  // namespace
}  // namespace hfget::cli
