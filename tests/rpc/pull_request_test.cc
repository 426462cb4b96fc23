#include "daemon/rpc/pull_request.h"

#include <functional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::rpc {
namespace {

using ::hfget::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

v1::PullRequest Request(
    const std::string& repo, const std::function<void(v1::PullRequest&)>& change = [](auto&) {}) {
  v1::PullRequest request;
  request.set_repo(repo);
  change(request);
  return request;
}

TEST(PullRequestTest, ABareIdIsAModelAtMain) {
  const auto spec = ToSpec(Request("org/model"));
  ASSERT_OK(spec);
  EXPECT_EQ(spec->repo.name, "org/model");
  EXPECT_EQ(spec->repo.type, hub::RepoType::kModel);
  EXPECT_EQ(spec->revision, "main");
  EXPECT_TRUE(spec->filters.empty());
  EXPECT_TRUE(spec->token.empty());
}

TEST(PullRequestTest, TakesEverythingThatWasAsked) {
  const auto spec = ToSpec(Request("org/data", [](auto& r) {
    r.set_type(v1::REPO_TYPE_DATASET);
    r.set_revision("refs/pr/3");
    r.add_include("*.json");
    r.add_exclude("x*");
    r.set_cache_dir("/c");
    r.set_token(" hf_abc\n");
    r.set_token_is_ambient(true);
    r.set_dry_run(true);
    r.set_authority("official");
  }));
  ASSERT_OK(spec);
  EXPECT_EQ(spec->repo.type, hub::RepoType::kDataset);
  EXPECT_EQ(spec->revision, "refs/pr/3");
  EXPECT_THAT(spec->filters.include, ElementsAre("*.json"));
  EXPECT_THAT(spec->filters.exclude, ElementsAre("x*"));
  EXPECT_EQ(spec->cache_dir, "/c");
  EXPECT_EQ(spec->token.Reveal(), "hf_abc");
  EXPECT_TRUE(spec->token_is_ambient);
  EXPECT_FALSE(spec->anonymous);
  EXPECT_TRUE(spec->dry_run);
  EXPECT_EQ(spec->authority, "official");
}

TEST(PullRequestTest, NoTokenAtAllIsAWishOfItsOwn) {
  const auto spec = ToSpec(Request("org/model", [](auto& r) { r.set_anonymous(true); }));
  ASSERT_OK(spec);
  EXPECT_TRUE(spec->anonymous);
  EXPECT_THAT(ToSpec(Request("org/model",
                             [](auto& r) {
                               r.set_anonymous(true);
                               r.set_token("hf_abc");
                             })),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("anonymous")));
}

TEST(PullRequestTest, AnHfIdCarriesTypeRevisionAndPath) {
  const auto spec = ToSpec(Request("hf://datasets/org/data@v2/train.json"));
  ASSERT_OK(spec);
  EXPECT_EQ(spec->repo.type, hub::RepoType::kDataset);
  EXPECT_EQ(spec->revision, "v2");
  EXPECT_THAT(spec->filters.files, ElementsAre("train.json"));
}

TEST(PullRequestTest, FilesMakeIncludeAndExcludeVoid) {
  const auto spec = ToSpec(Request("org/model", [](auto& r) {
    r.add_files("a.bin");
    r.add_include("*.json");
    r.add_exclude("a*");
  }));
  ASSERT_OK(spec);
  EXPECT_THAT(spec->filters.files, ElementsAre("a.bin"));
  EXPECT_THAT(spec->filters.include, IsEmpty());
  EXPECT_THAT(spec->filters.exclude, IsEmpty());
}

TEST(PullRequestTest, EqualFoldersAreWrittenAlike) {
  for (const std::string folder : {"/a/b", "/a/b/", "//a///b//"}) {
    const auto spec = ToSpec(Request("org/model", [&](auto& r) { r.set_local_dir(folder); }));
    ASSERT_OK(spec);
    EXPECT_EQ(spec->local_dir, "/a/b");
  }
  EXPECT_EQ(ToSpec(Request("org/model", [](auto& r) { r.set_local_dir("//"); }))->local_dir, "/");
}

TEST(PullRequestTest, ASecondNamingOfTheSameIsNoConflict) {
  EXPECT_OK(ToSpec(Request("hf://datasets/org/d@v1", [](auto& r) {
    r.set_type(v1::REPO_TYPE_DATASET);
    r.set_revision("v1");
  })));
}

TEST(PullRequestTest, RefusesWhatIsWrongAndSaysWhy) {
  using Change = std::function<void(v1::PullRequest&)>;
  const struct {
    std::string repo;
    Change change;
    std::string why;
  } kCases[] = {
      {"", [](auto&) {}, ""},
      {"a/b/c/d", [](auto&) {}, ""},
      {"org/..", [](auto&) {}, ""},
      {"datasets/org/d", [](auto& r) { r.set_type(v1::REPO_TYPE_MODEL); },
       "\"datasets/org/d\" is a dataset, but the type asked for is model"},
      {"org/m", [](auto& r) { r.set_type(static_cast<v1::RepoType>(77)); }, "unknown repo type 77"},
      {"hf://org/m@v1", [](auto& r) { r.set_revision("v2"); }, "two revisions"},
      {"org/m", [](auto& r) { r.set_revision("a..b"); }, ""},
      {"org/m", [](auto& r) { r.set_revision("-x"); }, ""},
      {"org/m", [](auto& r) { r.add_include(""); }, ""},
      {"org/m", [](auto& r) { r.add_files("/etc/passwd"); }, ""},
      {"org/m", [](auto& r) { r.set_local_dir("models"); }, "local_dir \"models\" is not absolute"},
      {"org/m", [](auto& r) { r.set_cache_dir("./c"); }, "cache_dir \"./c\" is not absolute"},
      {"org/m", [](auto& r) { r.set_local_dir("/" + std::string(5000, 'a')); }, "too long"},
      {"org/m", [](auto& r) { r.set_local_dir(std::string("/a\0b", 4)); }, "NUL"},
      {"org/m", [](auto& r) { r.set_local_dir("/a"), r.set_cache_dir("/b"); },
       "both local_dir and"},
      {"org/m", [](auto& r) { r.set_token("hf_a\r\nHost: evil"); }, "the token holds characters"},
      {"org/m", [](auto& r) { r.set_token(std::string(5000, 'a')); }, "the token holds"},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(ToSpec(Request(c.repo, c.change)),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.why)))
        << c.repo << " " << c.why;
  }
}

TEST(PullRequestTest, ARefusedTokenIsNotInTheMessage) {
  const auto spec = ToSpec(Request("org/m", [](auto& r) { r.set_token("hf_secret part"); }));
  EXPECT_THAT(spec.status().message(), ::testing::Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace hfget::rpc
