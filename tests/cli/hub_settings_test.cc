#include "cli/hub_settings.h"

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

struct CacheCase {
  std::map<std::string, std::string> env;
  std::string want;
};

TEST(HubCacheDirTest, FollowsThePrecedenceOfHuggingfaceHub) {
  const std::vector<CacheCase> cases = {
      {{{"HOME", "/h"}}, "/h/.cache/huggingface/hub"},
      {{{"HOME", "/h"}, {"XDG_CACHE_HOME", "/x"}}, "/x/huggingface/hub"},
      {{{"HOME", "/h"}, {"XDG_CACHE_HOME", "/x"}, {"HF_HOME", "~/hf"}}, "/h/hf/hub"},
      {{{"HF_HOME", "/hf"}, {"HUGGINGFACE_HUB_CACHE", "/old"}}, "/old"},
      {{{"HF_HUB_CACHE", "$BASE/new"}, {"BASE", "/b"}, {"HUGGINGFACE_HUB_CACHE", "/old"}},
       "/b/new"},
      {{{"HF_HUB_CACHE", ""}, {"HF_HOME", "/hf"}}, "/hf/hub"},
  };
  for (const CacheCase& c : cases) EXPECT_EQ(HubCacheDir(Environment(c.env)), c.want);
}

class FindTokenTest : public ::testing::Test {
 protected:
  FindTokenTest() {
    std::ofstream(temp_.path() + "/token") << " hf_file\n";
    std::ofstream(temp_.path() + "/other") << "hf_other\r\n";
    env_["HF_HOME"] = temp_.path();
  }
  std::string Find(const std::string& argument = "") {
    const absl::StatusOr<std::string> token = FindToken(Environment(env_), argument);
    return token.ok() ? *token : token.status().ToString();
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
  EXPECT_EQ(Find("hf_arg"), "hf_arg");
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

}  // namespace
}  // namespace hfget::cli
