#include "daemon/own_token.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spdlog/sinks/ostream_sink.h"
#include "spdlog/spdlog.h"
#include "tests/daemon/temp_folder.h"

namespace hfget {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class OwnTokenTest : public ::testing::Test {
 protected:
  OwnTokenTest() { env_.variables["HOME"] = home_.path(); }
  std::string Find() { return FindOwnToken(env_).Reveal(); }

  TempFolder home_;
  Environment env_;
};

TEST_F(OwnTokenTest, ThereMayBeNone) { EXPECT_EQ(Find(), ""); }

TEST_F(OwnTokenTest, TheFirstPlaceThatHasOneWins) {
  home_.Write(".huggingface/token", "hf_old");
  EXPECT_EQ(Find(), "hf_old");
  home_.Write(".cache/huggingface/token", "hf_file\n");
  EXPECT_EQ(Find(), "hf_file");
  env_.variables["HF_TOKEN_PATH"] = home_.Write("mounted", "hf_mounted");
  EXPECT_EQ(Find(), "hf_mounted");
  env_.variables["HUGGING_FACE_HUB_TOKEN"] = "hf_second";
  EXPECT_EQ(Find(), "hf_second");
  env_.variables["HF_TOKEN"] = "hf_first";
  EXPECT_EQ(Find(), "hf_first");
}

TEST_F(OwnTokenTest, ALoginCountsAtOnce) {
  home_.Write(".cache/huggingface/token", "hf_1");
  EXPECT_EQ(Find(), "hf_1");
  home_.Write(".cache/huggingface/token", "hf_2");
  EXPECT_EQ(Find(), "hf_2");
}

TEST_F(OwnTokenTest, FollowsHfHome) {
  env_.variables["HF_HOME"] = home_ / "hf";
  home_.Write("hf/token", "hf_x");
  EXPECT_EQ(Find(), "hf_x");
}

TEST_F(OwnTokenTest, LineBreaksAndSpaceAroundAreCleaned) {
  env_.variables["HF_TOKEN"] = " hf_a\r\nb \n";
  EXPECT_EQ(Find(), "hf_ab");
}

TEST_F(OwnTokenTest, WhatCannotBeATokenIsPassedOver) {
  home_.Write(".huggingface/token", "hf_good");
  for (const std::string& bad : {std::string("two words"), std::string("caf\xC3\xA9"),
                                 std::string(100000, 'a'), std::string("\x01")}) {
    env_.variables["HF_TOKEN"] = bad;
    home_.Write(".cache/huggingface/token", bad);
    EXPECT_EQ(Find(), "hf_good");
  }
}

TEST_F(OwnTokenTest, TheFileThatWasNamedIsTheOnlyPlace) {
  env_.variables["HF_TOKEN"] = "hf_env";
  env_.variables["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "1";  // says nothing about what was named
  const std::string file = home_.Write("secret/token", "hf_mounted\n");
  EXPECT_EQ(FindOwnToken(env_, file).Reveal(), "hf_mounted");
  home_.Write("secret/token", "\n");
  EXPECT_EQ(FindOwnToken(env_, file).Reveal(), "");
  std::filesystem::remove(file);
  EXPECT_EQ(FindOwnToken(env_, file).Reveal(), "");
}

// As Kubernetes rotates a mounted secret: token -> ..data/token, ..data -> a folder, swapped by a rename.
TEST_F(OwnTokenTest, ASecretThatKubernetesRotatesCountsAtOnce) {
  home_.Write("secret/..1/token", "hf_one\n");
  std::filesystem::create_directory_symlink("..1", home_ / "secret/..data");
  std::filesystem::create_symlink("..data/token", home_ / "secret/token");
  EXPECT_EQ(FindOwnToken(env_, home_ / "secret/token").Reveal(), "hf_one");
  home_.Write("secret/..2/token", "hf_two");
  std::filesystem::create_directory_symlink("..2", home_ / "secret/..data_tmp");
  std::filesystem::rename(home_ / "secret/..data_tmp", home_ / "secret/..data");
  std::filesystem::remove_all(home_ / "secret/..1");
  EXPECT_EQ(FindOwnToken(env_, home_ / "secret/token").Reveal(), "hf_two");
}

TEST_F(OwnTokenTest, WhatIsNoFileKeepsNobodyWaiting) {
  const std::string pipe = home_ / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(FindOwnToken(env_, pipe).Reveal(), "");
  EXPECT_EQ(FindOwnToken(env_, home_.path()).Reveal(), "");
}

TEST_F(OwnTokenTest, AFileThatCannotBeReadIsWarnedOf) {
  std::ostringstream log;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log)));
  FindOwnToken(env_, home_ / "absent");
  FindOwnToken(env_, home_.path());
  const std::string file = home_.Write("token", "hf_locked");
  std::filesystem::permissions(file, std::filesystem::perms::none);
  if (geteuid() != 0) {
    FindOwnToken(env_, file);
  }
  FindOwnToken(env_, home_.Write("words", "hf_two words"));
  spdlog::set_default_logger(before);
  EXPECT_THAT(log.str(), AllOf(HasSubstr("absent is not there"), HasSubstr("no regular file"),
                               HasSubstr("words holds is not a token"), Not(HasSubstr("hf_"))));
}

TEST_F(OwnTokenTest, ItCanBeSwitchedOff) {
  env_.variables["HF_TOKEN"] = "hf_x";
  env_.variables["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "1";
  EXPECT_EQ(Find(), "");
}

}  // namespace
}  // namespace hfget
