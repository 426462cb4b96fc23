#include "daemon/hub/counterpart.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr auto M = RepoType::kModel, D = RepoType::kDataset, S = RepoType::kSpace;

TEST(CandidatesTest, AreTheSameIdAndKnownNamesOfTheOrg) {
  const std::pair<RepoId, std::vector<std::string>> kCases[] = {
      {{M, "Qwen/Qwen3-8B"}, {"Qwen/Qwen3-8B", "AI-ModelScope/Qwen3-8B"}},
      {{M, "zai-org/GLM-4.6"}, {"zai-org/GLM-4.6", "ZhipuAI/GLM-4.6", "AI-ModelScope/GLM-4.6"}},
      {{M, "mistralai/M"}, {"mistralai/M", "AI-ModelScope/M", "LLM-Research/M", "swift/M"}},
      {{M, "Meta-Llama/L"}, {"Meta-Llama/L", "LLM-Research/L", "AI-ModelScope/L"}},
      {{D, "tencent/x"},
       {"tencent/x", "Tencent-Hunyuan/x", "Tencent-YouTu-Research/x", "AI-ModelScope/x"}},
      {{M, "AI-ModelScope/x"}, {"AI-ModelScope/x"}},
      {{M, "gpt2"}, {"AI-ModelScope/gpt2", "openai-community/gpt2", "modelscope/gpt2"}},
      {{M, "bert-base-uncased"},
       {"AI-ModelScope/bert-base-uncased", "google-bert/bert-base-uncased",
        "modelscope/bert-base-uncased"}},
      {{D, "squad"}, {"AI-ModelScope/squad", "modelscope/squad"}},
      {{D, "gpt2"}, {"AI-ModelScope/gpt2", "modelscope/gpt2"}},
      {{S, "org/name"}, {}},
      {{M, "org/name", Hub::kModelScope}, {}},
  };
  for (const auto& [repo, ids] : kCases) {
    EXPECT_THAT(CounterpartCandidates(repo, "", {}), ElementsAreArray(ids)) << DisplayName(repo);
  }
}

TEST(CandidatesTest, TheTablesEntryIsTriedFirst) {
  const CounterpartTable table = {{{"org/name", "other/Name.v2"},
                                   {"datasets/org/name", "other/data"},
                                   {"org/same", "org/same"},
                                   {"gpt2", "x/gpt2"},
                                   {"org/bad", "no repo"}}};
  EXPECT_THAT(CounterpartCandidates({M, "org/name"}, "", table),
              ElementsAre("other/Name.v2", "org/name", "AI-ModelScope/name"));
  EXPECT_THAT(CounterpartCandidates({D, "org/name"}, "", table),
              ElementsAre("other/data", "org/name", "AI-ModelScope/name"));
  EXPECT_THAT(CounterpartCandidates({M, "org/same"}, "", table),
              ElementsAre("org/same", "AI-ModelScope/same"));
  EXPECT_EQ(CounterpartCandidates({M, "gpt2"}, "", table).front(), "x/gpt2");
  EXPECT_EQ(CounterpartCandidates({M, "org/bad"}, "", table).front(), "org/bad");
}

TEST(CandidatesTest, WhatTheUserSaysIsTheOnlyOne) {
  const CounterpartTable table = {{{"org/name", "other/name"}}};
  EXPECT_THAT(CounterpartCandidates({M, "org/name"}, "mine/x", table), ElementsAre("mine/x"));
  for (const char* bad : {"x", "../../etc", "a/b/c", "a/b?c=d", "-a/b"}) {
    EXPECT_THAT(CounterpartCandidates({M, "org/name"}, bad, table), IsEmpty()) << bad;
  }
  EXPECT_THAT(CounterpartCandidates({S, "org/name"}, "mine/x", table), IsEmpty());
}

ManifestFile File(std::string path, ByteCount size, const std::string& hex) {
  ManifestFile file;
  file.path = std::move(path);
  file.size = size;
  file.hash = ContentHash::FromHex(hex);
  return file;
}

ManifestFile Large(std::string path, ByteCount size, char digit) {
  return File(std::move(path), size, std::string(64, digit));
}

ManifestFile Regular(std::string path, ByteCount size) {
  return File(std::move(path), size, std::string(40, 'a'));
}

Counterpart Match(const ManifestFiles& files, const ManifestFiles& theirs) {
  std::vector<const ManifestFile*> wanted;
  for (const ManifestFile& file : files) wanted.push_back(&file);
  return MatchCounterpart(wanted, theirs);
}

TEST(MatchTest, TakesFilesNotRepos) {
  const Counterpart found =
      Match({Large("same", 9, '1'), Large("other-hash", 9, '2'), Large("other-size", 9, '3'),
             Large("not-there", 9, '4'), Large("empty", 0, '5'), Regular("config", 7),
             Regular("readme", 8), Regular("vocab", 6)},
            {Large("only-there", 1, '9'), Large("readme", 80, '9'), Large("config", 7, '9'),
             Large("empty", 0, '5'), Large("other-size", 10, '3'), Large("other-hash", 9, '9'),
             Large("same", 9, '1')});
  EXPECT_TRUE(found.accepted);
  EXPECT_THAT(found.proven, UnorderedElementsAre("same", "empty"));
  EXPECT_THAT(found.maybe, UnorderedElementsAre("config"));
}

TEST(MatchTest, WithoutOneEqualFileNothingMayBeUsed) {
  const std::tuple<const char*, ManifestFiles, ManifestFiles> kCases[] = {
      {"nothing there", {Large("a", 9, '1')}, {}},
      {"another hash",
       {Large("a", 9, '1'), Regular("b", 1)},
       {Large("a", 9, '2'), Large("b", 1, '3')}},
      {"another size", {Large("a", 9, '1')}, {Large("a", 8, '1')}},
      {"another path", {Large("a", 9, '1')}, {Large("b", 9, '1')}},
      {"only an empty file",
       {Large("a", 0, '1'), Regular("b", 1)},
       {Large("a", 0, '1'), Large("b", 1, '3')}},
      {"only small files", {Regular("a", 9)}, {Large("a", 9, '1')}},
      {"no hash", {Large("a", 9, 'x')}, {Large("a", 9, 'x')}},
  };
  for (const auto& [what, wanted, theirs] : kCases) {
    const Counterpart found = Match(wanted, theirs);
    EXPECT_FALSE(found.accepted) << what;
    EXPECT_THAT(found.proven, IsEmpty()) << what;
    EXPECT_THAT(found.maybe, IsEmpty()) << what;
  }
}

}  // namespace
}  // namespace hfget::hub
