#include "daemon/hub/repo_id.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::hub {
namespace {

using testing::HasCode;
using ::testing::HasSubstr;
using testing::StatusIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(RepoTypeTest, HasItsThreeNames) {
  EXPECT_EQ(TypeName(RepoType::kDataset), "dataset");
  EXPECT_EQ(TypePlural(RepoType::kSpace), "spaces");
  EXPECT_EQ(WebPrefix(RepoType::kModel), "");
  EXPECT_EQ(WebPrefix(RepoType::kDataset), "datasets/");
}

TEST(CheckRepoNameTest, TakesWhatTheHubTakes) {
  for (const char* name :
       {"gpt2", "org/name", "123", "Foo-BAR_foo.bar123", "_a_/_b_", "a/b", "01-ai/Yi-1.5"}) {
    EXPECT_OK(CheckRepoName(name)) << name;
  }
  EXPECT_OK(CheckRepoName(std::string(96, 'a') + "/" + std::string(96, 'b')));
}

TEST(CheckRepoNameTest, RefusesWithTheRule) {
  const std::pair<std::string, const char*> kCases[] = {
      {"", "empty"},
      {"/", "empty"},
      {"a/", "empty"},
      {"/a", "empty"},
      {"a/b/c", "org/name"},
      {"datasets/a/b", "--type"},
      {".a", "begins or ends"},
      {"a-", "begins or ends"},
      {"../etc", "begins or ends"},
      {"a--b", "--"},
      {"a..b", ".."},
      {"a/b.git", ".git"},
      {"a b", "letters"},
      {"a\\b", "letters"},
      {"caf\xC3\xA9", "letters"},
      {"a@b", "letters"},
      {"a/b?x=1", "letters"},
      {"a%2Fb", "letters"},
      {std::string("a\0b", 3), "letters"},
      {std::string(97, 'a'), "96"},
  };
  for (const auto& [name, rule] : kCases) {
    EXPECT_THAT(CheckRepoName(name), StatusIs(kInvalid, HasSubstr(rule))) << name;
  }
}

struct SpecCase {
  const char* text;
  RepoType type;
  const char* name;
  bool type_given;
  const char* revision;
  const char* path;
};

TEST(ParseRepoSpecTest, ReadsTheWaysPeopleWriteIt) {
  constexpr auto M = RepoType::kModel, D = RepoType::kDataset, S = RepoType::kSpace;
  const SpecCase kCases[] = {
      {"gpt2", M, "gpt2", false, "", ""},
      {"org/name", M, "org/name", false, "", ""},
      {"org/name@v1.0", M, "org/name", false, "v1.0", ""},
      {"datasets/org/name", D, "org/name", true, "", ""},
      {"spaces/org/name", S, "org/name", true, "", ""},
      {"models/org/name", M, "org/name", true, "", ""},
      {"datasets/squad", D, "squad", true, "", ""},
      {"hf://org/name", M, "org/name", false, "", ""},
      {"hf://gpt2", M, "gpt2", false, "", ""},
      {"hf://models/org/name", M, "org/name", true, "", ""},
      {"hf://datasets/org/name@v1/data/x.csv", D, "org/name", true, "v1", "data/x.csv"},
      {"hf://org/name/a/b.txt", M, "org/name", false, "", "a/b.txt"},
      {"hf://org/name/data/", M, "org/name", false, "", "data/"},
      {"hf://org/name/file@1.txt", M, "org/name", false, "", "file@1.txt"},
      {"hf://org/name@refs/pr/3/train.json", M, "org/name", false, "refs/pr/3", "train.json"},
      {"hf://org/name@refs/pr/3", M, "org/name", false, "refs/pr/3", ""},
      {"hf://org/name@refs/convert/parquet-v2/x", M, "org/name", false, "refs/convert/parquet-v2",
       "x"},
      {"hf://org/name@feat%2Fx/y", M, "org/name", false, "feat/x", "y"},
      {"https://huggingface.co/org/name", M, "org/name", false, "", ""},
      {"http://www.huggingface.co/org/name/", M, "org/name", false, "", ""},
      {"huggingface.co/org/name", M, "org/name", false, "", ""},
      {"hf.co/datasets/org/name", D, "org/name", true, "", ""},
      {"https://huggingface.co/org/name/tree/dev", M, "org/name", false, "dev", ""},
      {"https://huggingface.co/studios/name", M, "studios/name", false, "", ""},
      {"https://huggingface.co/org/name/tree", M, "org/name", false, "", ""},
      {"https://huggingface.co/org/name/tree/refs%2Fpr%2F1", M, "org/name", false, "refs/pr/1", ""},
      {"https://huggingface.co/datasets/org/name/blob/main/a%20b.csv?download=true#L1", D,
       "org/name", true, "main", "a b.csv"},
      {"https://huggingface.co/org/name/resolve/main/d/x.bin", M, "org/name", false, "main",
       "d/x.bin"},
  };
  for (const SpecCase& c : kCases) {
    const auto spec = ParseRepoSpec(c.text);
    ASSERT_OK(spec) << c.text;
    EXPECT_EQ(spec->repo, (RepoId{c.type, c.name})) << c.text;
    EXPECT_EQ(spec->type_given, c.type_given) << c.text;
    EXPECT_EQ(spec->revision, c.revision) << c.text;
    EXPECT_EQ(spec->path, c.path) << c.text;
  }
}

TEST(ParseRepoSpecTest, RefusesWithTheNextStep) {
  const std::pair<std::string, const char*> kCases[] = {
      {"", "empty"},
      {"hf://", "empty"},
      {"org/name/file.txt", "hf://"},
      {"org/name@", "no revision"},
      {"org/name@a..b", "revision"},
      {"hf://org/name/../x", ".."},
      {"hf://org/name/.git/config", ".git"},
      {"kernels/org/name", "models, datasets and spaces"},
      {"hf://buckets/org/name", "models, datasets and spaces"},
      {"https://huggingface.co/org", "not one of a repo"},
      {"https://huggingface.co/", "not one of a repo"},
      {"https://huggingface.co/org/name/discussions/1", "pages of a repo"},
      {"https://huggingface.co/org/name/blob/main/%2e%2e/x", ".."},
      {"https://evil.example/org/name", "huggingface.co only"},
      {"https://huggingface.co@evil.example/org/name", "user name"},
      {"ftp://huggingface.co/org/name", "http"},
      {"ms://org/name", "http"},
      {"org/na me", "letters"},
  };
  for (const auto& [text, why] : kCases) {
    EXPECT_THAT(ParseRepoSpec(text), StatusIs(kInvalid, HasSubstr(why))) << text;
  }
}

TEST(ParseRepoSpecTest, ReadsModelScopesNamesAndPages) {
  constexpr auto M = RepoType::kModel, D = RepoType::kDataset;
  const SpecCase kCases[] = {
      {"modelscope://org/name", M, "org/name", false, "", ""},
      {"modelscope://org/Name-1.5.v3", M, "org/Name-1.5.v3", false, "", ""},
      {"modelscope://org/name@v1.0", M, "org/name", false, "v1.0", ""},
      {"modelscope://org/name@dev/a/b.txt", M, "org/name", false, "dev", "a/b.txt"},
      {"modelscope://org/name/a/", M, "org/name", false, "", "a/"},
      {"modelscope://models/org/name", M, "org/name", true, "", ""},
      {"modelscope://datasets/org/name@v1/data/x.csv", D, "org/name", true, "v1", "data/x.csv"},
      {"https://modelscope.cn/org/name", M, "org/name", false, "", ""},
      {"https://modelscope.cn/models/org/name", M, "org/name", true, "", ""},
      {"https://www.modelscope.cn/models/org/name/summary", M, "org/name", true, "", ""},
      {"https://modelscope.ai/models/org/name/files", M, "org/name", true, "", ""},
      {"http://www.modelscope.ai/datasets/org/name/", D, "org/name", true, "", ""},
      {"modelscope.cn/datasets/org/name/summary?x=1", D, "org/name", true, "", ""},
      {"https://modelscope.cn/models/org/name/resolve/master/a/b%20c.bin", M, "org/name", true,
       "master", "a/b c.bin"},
      {"https://modelscope.cn/org/name/resolve/v1/x", M, "org/name", false, "v1", "x"},
      {"https://modelscope.cn/models/org/name/file/view/master/config.json?status=1", M, "org/name",
       true, "master", "config.json"},
      {"https://modelscope.cn/models/org/name/file/view/feat%2Fx/a", M, "org/name", true, "feat/x",
       "a"},
  };
  for (const SpecCase& c : kCases) {
    const auto spec = ParseRepoSpec(c.text);
    ASSERT_OK(spec) << c.text;
    EXPECT_EQ(spec->repo, (RepoId{c.type, c.name, Hub::kModelScope})) << c.text;
    EXPECT_EQ(spec->type_given, c.type_given) << c.text;
    EXPECT_EQ(spec->revision, c.revision) << c.text;
    EXPECT_EQ(spec->path, c.path) << c.text;
  }
}

TEST(ParseRepoSpecTest, RefusesWhatModelScopeHasNot) {
  const std::pair<std::string, const char*> kCases[] = {
      {"modelscope://", "empty"},
      {"modelscope://name", "always org/name"},
      {"modelscope://datasets/name", "always org/name"},
      {"modelscope://spaces/org/name", "models and datasets"},
      {"modelscope://studios/org/name", "models and datasets"},
      {"modelscope://org/name@", "no revision"},
      {"modelscope://org/name/../x", ".."},
      {"modelscope://org/name/.git/config", ".git"},
      {"modelscope://org/na me", "letters"},
      {"https://modelscope.cn/studios/org/name", "models and datasets"},
      {"https://modelscope.cn/studios/org/name/summary", "models and datasets"},
      {"https://modelscope.cn/models/org", "not one of a repo"},
      {"https://modelscope.cn/models/org/name/feedback", "file/view"},
      {"https://modelscope.cn/models/org/name/files/x", "file/view"},
      {"https://modelscope.cn/models/org/name/file/edit/master/x", "file/view"},
      {"https://modelscope.cn/models/org/name/tree/master", "file/view"},
      {"https://huggingface.co/org/name/summary", "tree, blob"},
      {"https://modelscope.cn/models/org/name/resolve/master/%2e%2e/x", ".."},
      {"https://modelscope.cn.evil.example/org/name", "modelscope.cn"},
      {"https://modelscope.cn@evil.example/org/name", "user name"},
  };
  for (const auto& [text, why] : kCases) {
    EXPECT_THAT(ParseRepoSpec(text), StatusIs(kInvalid, HasSubstr(why))) << text;
  }
}

TEST(RepoIdTest, TheSameNameAtTwoHubsIsTwoRepos) {
  const RepoId here{RepoType::kModel, "org/name"};
  const RepoId there{RepoType::kModel, "org/name", Hub::kModelScope};
  EXPECT_NE(here, there);
  EXPECT_NE(there, (RepoId{RepoType::kModel, "Org/name", Hub::kModelScope}));
}

TEST(DisplayNameTest, IsWhatParsesToTheSameRepo) {
  const std::pair<RepoId, const char*> kCases[] = {
      {{RepoType::kModel, "gpt2"}, "gpt2"},
      {{RepoType::kModel, "org/name"}, "org/name"},
      {{RepoType::kDataset, "org/name"}, "datasets/org/name"},
      {{RepoType::kSpace, "org/name"}, "spaces/org/name"},
      {{RepoType::kModel, "org/name", Hub::kModelScope}, "modelscope://org/name"},
      {{RepoType::kDataset, "org/name", Hub::kModelScope}, "modelscope://datasets/org/name"},
  };
  for (const auto& [repo, name] : kCases) {
    EXPECT_EQ(DisplayName(repo), name);
    const auto spec = ParseRepoSpec(name);
    ASSERT_OK(spec) << name;
    EXPECT_EQ(spec->repo, repo) << name;
  }
}

TEST(DefaultRevisionTest, IsTheHubs) {
  EXPECT_EQ(DefaultRevision(Hub::kHuggingFace), "main");
  EXPECT_EQ(DefaultRevision(Hub::kModelScope), "master");
}

TEST(CheckRevisionTest, TakesBranchesTagsRefsAndCommits) {
  for (const char* revision :
       {"main", "v1.0", "refs/pr/12", "refs/convert/parquet", "feature/x-y_z", "abc1234",
        "0123456789abcdef0123456789abcdef01234567", "a@b", "\xC3\xA9"}) {
    EXPECT_OK(CheckRevision(revision)) << revision;
  }
}

TEST(CheckRevisionTest, RefusesWhatGitRefuses) {
  for (const std::string& revision :
       {std::string(),         std::string("-x"),       std::string("a..b"), std::string("../x"),
        std::string("a b"),    std::string("a~1"),      std::string("a^"),   std::string("a:b"),
        std::string("a?"),     std::string("a*"),       std::string("a[b"),  std::string("a\\b"),
        std::string("@"),      std::string("a@{1}"),    std::string("/a"),   std::string("a/"),
        std::string("a//b"),   std::string(".a"),       std::string("a/.b"), std::string("a."),
        std::string("a.lock"), std::string("a.lock/b"), std::string("a\nb"), std::string("a\0b", 3),
        std::string("a\x7F"),  std::string(256, 'a')}) {
    EXPECT_THAT(CheckRevision(revision), HasCode(kInvalid)) << revision;
  }
}

TEST(IsFullCommitTest, Is40LowerCaseHexDigits) {
  EXPECT_TRUE(IsFullCommit("0123456789abcdef0123456789abcdef01234567"));
  EXPECT_FALSE(IsFullCommit("0123456789ABCDEF0123456789abcdef01234567"));
  EXPECT_FALSE(IsFullCommit("0123456789abcdef"));
  EXPECT_FALSE(IsFullCommit("main"));
  EXPECT_FALSE(IsFullCommit(std::string(64, 'a')));
}

// A record with such a revision could be written, and not read again: the pull was lost at the next start.
TEST(CheckRevisionTest, RefusesWhatARecordCannotHold) {
  EXPECT_THAT(CheckRevision("a\xFF"), StatusIs(kInvalid, HasSubstr("not UTF-8")));
  EXPECT_THAT(CheckRevision("\xC0\xAE"), HasCode(kInvalid));
  EXPECT_THAT(CheckRevision("a\xC2\x9Bm"), StatusIs(kInvalid, HasSubstr("control character")));
  EXPECT_THAT(ParseRepoSpec("hf://org/name@%FF/a.bin"), HasCode(kInvalid));
  EXPECT_OK(CheckRevision("v\xC3\xA4rsion"));
}

// "datasets/foo" is how the dataset foo is shown; a model must not be shown so.
TEST(ParseRepoSpecTest, RefusesATypeAsOwner) {
  for (const char* text : {"hf://models/datasets/foo", "hf://spaces/models/foo", "models/datasets/foo",
                           "https://huggingface.co/models/spaces/foo"}) {
    EXPECT_THAT(ParseRepoSpec(text), StatusIs(kInvalid, HasSubstr("is a type of repo"))) << text;
  }
  EXPECT_OK(ParseRepoSpec("hf://datasets/foo"));
}

}  // namespace
}  // namespace hfget::hub
