#include "cli/hub_settings.h"

#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace hfget::cli {
namespace {

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

TEST(TokenPathTest, StandsBesideTheCacheUnlessItIsNamed) {
  std::map<std::string, std::string> env = {{"HOME", "/h"}};
  EXPECT_EQ(TokenPath(Environment(env)), "/h/.cache/huggingface/token");
  env["HF_HOME"] = "/hf";
  EXPECT_EQ(StoredTokensPath(Environment(env)), "/hf/stored_tokens");
  env["HF_TOKEN_PATH"] = "~/secrets/t";
  EXPECT_EQ(TokenPath(Environment(env)), "/h/secrets/t");
  EXPECT_EQ(StoredTokensPath(Environment(env)), "/h/secrets/stored_tokens");
}

}  // namespace
}  // namespace hfget::cli
