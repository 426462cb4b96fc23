#include "daemon/own_token.h"

#include "gtest/gtest.h"
#include "tests/daemon/temp_folder.h"

namespace hfget {
namespace {

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

TEST_F(OwnTokenTest, ItCanBeSwitchedOff) {
  env_.variables["HF_TOKEN"] = "hf_x";
  env_.variables["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "1";
  EXPECT_EQ(Find(), "");
}

}  // namespace
}  // namespace hfget
