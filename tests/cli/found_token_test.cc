#include "cli/found_token.h"

#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "tests/cli/temp_folder.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::cli {
namespace {

using ::hfget::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class FindTokenTest : public ::testing::Test {
 protected:
  FindTokenTest() {
    std::ofstream(temp_.path() + "/token") << " hf_file\n";
    std::ofstream(temp_.path() + "/other") << "hf_other\r\n";
    env_["HF_HOME"] = temp_.path();
    env_["HOME"] = temp_.path() + "/home";
  }
  FoundToken FindAll(const std::string& argument = "", const std::string& file = "") {
    absl::StatusOr<FoundToken> token = FindToken(Environment(env_), argument, file);
    EXPECT_TRUE(token.ok()) << token.status();
    return token.ok() ? *std::move(token) : FoundToken();
  }
  std::string Find(const std::string& argument = "", const std::string& file = "") {
    return FindAll(argument, file).token;
  }

  testing::TempFolder temp_;
  std::map<std::string, std::string> env_;
};

TEST_F(FindTokenTest, FollowsThePrecedenceOfHuggingfaceHub) {
  EXPECT_EQ(Find(), "hf_file");
  env_["HF_TOKEN_PATH"] = temp_.path() + "/other";
  EXPECT_EQ(Find(), "hf_other");
  env_["HUGGING_FACE_HUB_TOKEN"] = "hf_old";
  EXPECT_EQ(Find(), "hf_old");
  env_["HF_TOKEN"] = " hf_env\n";
  EXPECT_EQ(Find(), "hf_env");
  EXPECT_EQ(Find("hf_arg\n"), "hf_arg");
}

TEST_F(FindTokenTest, KnowsTheOldPlaceToo) {
  std::filesystem::create_directories(temp_.path() + "/home/.huggingface");
  std::ofstream(temp_.path() + "/home/.huggingface/token") << "hf_older";
  EXPECT_EQ(Find(), "hf_file");
  std::filesystem::remove(temp_.path() + "/token");
  EXPECT_EQ(Find(), "hf_older");
}

TEST_F(FindTokenTest, SaysWhereItIsFromAndWhetherItWasGiven) {
  EXPECT_EQ(FindAll().origin, temp_.path() + "/token");
  EXPECT_FALSE(FindAll().given);
  env_["HF_TOKEN"] = "hf_env";
  EXPECT_EQ(FindAll().origin, "HF_TOKEN");
  EXPECT_FALSE(FindAll().given);
  EXPECT_EQ(FindAll("hf_arg").origin, "--token");
  EXPECT_TRUE(FindAll("hf_arg").given);
  const std::string other = temp_.path() + "/other";
  EXPECT_EQ(FindAll("", other).token, "hf_other");
  EXPECT_EQ(FindAll("", other).origin, other);
  EXPECT_TRUE(FindAll("", other).given);
}

TEST_F(FindTokenTest, ANamedFileThatIsEmptyMeansNoneAndOneThatCannotBeReadIsAMistake) {
  env_["HF_TOKEN"] = "hf_env";
  const std::string file = temp_.path() + "/empty";
  std::ofstream(file) << "\n";
  EXPECT_EQ(Find("", file), "");
  EXPECT_TRUE(FindAll("", file).anonymous);
  EXPECT_THAT(FindAll("", file).warning, HasSubstr("is empty"));
  for (const std::string& bad : {temp_.path(), temp_.path() + "/absent"}) {
    EXPECT_THAT(FindToken(Environment(env_), "", bad),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr("cannot read the token file " + bad + ": "), HasSubstr("irectory"))));
  }
}

TEST_F(FindTokenTest, WarnsOfATokenFileThatCannotBeRead) {
  env_["HF_TOKEN_PATH"] = temp_.path();
  EXPECT_EQ(Find(), "");
  EXPECT_THAT(FindAll().warning, AllOf(HasSubstr(temp_.path()), HasSubstr("cannot be read")));
  env_["HF_TOKEN_PATH"] = temp_.path() + "/absent";
  EXPECT_EQ(FindAll().warning, "");
}

TEST_F(FindTokenTest, TakesAnEmptyValueForNone) {
  env_["HF_TOKEN"] = " \n";
  EXPECT_EQ(Find(" "), "hf_file");
  env_["HF_TOKEN_PATH"] = temp_.path() + "/missing";
  EXPECT_EQ(Find(), "");
}

TEST_F(FindTokenTest, SendsNoImplicitTokenWhenThatIsDisabled) {
  env_["HF_TOKEN"] = "hf_env";
  env_["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "yes";
  EXPECT_EQ(Find(), "");
  EXPECT_TRUE(FindAll().anonymous) << "not even the daemon's own";
  EXPECT_EQ(Find("hf_arg"), "hf_arg");
  EXPECT_FALSE(FindAll("hf_arg").anonymous);
}

TEST_F(FindTokenTest, RefusesWhatCannotStandInAHeaderWithoutRepeatingIt) {
  EXPECT_THAT(FindToken(Environment(env_), "hf_a b"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("--token"), Not(HasSubstr("hf_a")))));
}

TEST(ScrubTokenTest, OverwritesTheValueInPlace) {
  std::vector<std::string> words = {"hfget",          "pull",     "--token", "hf_one",
                                    "--token=hf_two", "--tokens", "x",       "--token"};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  ScrubToken(static_cast<int>(argv.size()), argv.data());
  EXPECT_THAT(words, ::testing::ElementsAre("hfget", "pull", "--token", "******", "--token=******",
                                            "--tokens", "x", "--token"));
}

TEST(RedactedTest, ShowsTheEndOfALongOneAlone) {
  EXPECT_EQ(Redacted("hf_abcdefghijkl1a2b"), "hf_…1a2b");
  EXPECT_EQ(Redacted("abcdefghijkl1a2b"), "…1a2b");
  EXPECT_EQ(Redacted("hf_short"), "…");
  EXPECT_EQ(Redacted(""), "");
}

}  // namespace
}  // namespace hfget::cli
