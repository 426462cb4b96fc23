#include "daemon/hub/hf_dialect.h"

#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::hub {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using testing::HasCode;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::StatusIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr absl::string_view kCommit = "0123456789abcdef0123456789abcdef01234567";
const std::string kSha1(40, 'a');
const std::string kSha256(64, 'b');
const RepoId kModel = {RepoType::kModel, "org/name"};
const RepoId kDataset = {RepoType::kDataset, "org/data"};

TEST(UrlsTest, AreThoseOfTheHub) {
  EXPECT_EQ(InfoUrl("https://h", kModel, "refs/pr/1"),
            "https://h/api/models/org/name/revision/refs%2Fpr%2F1");
  EXPECT_EQ(InfoUrl("https://h", kModel, ""), "https://h/api/models/org/name");
  EXPECT_EQ(TreeUrl("https://h/hugging-face", kDataset, kCommit),
            absl::StrCat("https://h/hugging-face/api/datasets/org/data/tree/", kCommit,
                         "?recursive=true&expand=false"));
  EXPECT_EQ(ResolveUrl("https://h", kModel, kCommit, "a b/c#d.bin"),
            absl::StrCat("https://h/org/name/resolve/", kCommit, "/a%20b/c%23d.bin"));
  EXPECT_EQ(ResolveUrl("https://h/pai-hub", kDataset, "main", "x"),
            "https://h/pai-hub/datasets/org/data/resolve/main/x");
  EXPECT_EQ(WhoAmIUrl("https://h"), "https://h/api/whoami-v2");
}

TEST(RebaseNextPageTest, PutsTheQueryOntoTheSourceThatWasAsked) {
  const std::string tree = absl::StrCat("/api/models/org/name/tree/", kCommit);
  const std::string expected =
      absl::StrCat("https://mirror/hugging-face", tree, "?recursive=true&cursor=abc%3D");
  for (const std::string& next :
       {absl::StrCat("https://huggingface.co", tree, "?recursive=true&cursor=abc%3D"),
        absl::StrCat("http://10.0.0.1:8080", tree, "?recursive=true&cursor=abc%3D"),
        absl::StrCat("https://mirror/hugging-face", tree, "?recursive=true&cursor=abc%3D"),
        absl::StrCat("/hugging-face", tree, "?recursive=true&cursor=abc%3D"),
        absl::StrCat(tree, "?recursive=true&cursor=abc%3D"),
        std::string("?recursive=true&cursor=abc%3D")}) {
    const auto url = RebaseNextPage("https://mirror/hugging-face", kModel, kCommit, next);
    ASSERT_OK(url) << next;
    EXPECT_EQ(*url, expected) << next;
  }
}

TEST(RebaseNextPageTest, ReadsThroughPercentEncodingAndCaseOfTheName) {
  const std::string next =
      absl::StrCat("https://h/api/models/Org%2Fname/tree/", kCommit, "?cursor=x");
  EXPECT_OK(RebaseNextPage("https://h", kModel, kCommit, next));
}

TEST(RebaseNextPageTest, RefusesLinksThatLeadElsewhere) {
  const std::string tree = absl::StrCat("/api/models/org/name/tree/", kCommit);
  for (const std::string& next :
       {std::string(), std::string("https://huggingface.co/evil?cursor=x"),
        absl::StrCat("/api/models/org/other/tree/", kCommit, "?cursor=x"),
        absl::StrCat("/api/datasets/org/name/tree/", kCommit, "?cursor=x"),
        std::string("/api/models/org/name/tree/main?cursor=x"), absl::StrCat(tree, "/sub?cursor=x"),
        tree,                                                // no query: the first page again
        absl::StrCat(tree, "?recursive=true&expand=false"),  // and so is this
        std::string("javascript:x"), absl::StrCat(tree, "?cursor=a b"),
        absl::StrCat(tree, "?cursor=a\r\nX: y")}) {
    EXPECT_THAT(RebaseNextPage("https://h", kModel, kCommit, next), HasCode(kInvalid)) << next;
  }
}

TEST(ParseInfoTest, ReadsWhatIsNeeded) {
  const auto info = ParseInfo(absl::StrCat(
      R"({"_id":"x","id":"org/name","sha":")", kCommit,
      R"(","private":true,"gated":"manual","disabled":true,"tags":["a",["b"]],"cardData":{"sha":"no","id":"no"},
          "siblings":[{"rfilename":"a.txt"},{"rfilename":"../b","size":3},{"other":1}]})"));
  ASSERT_OK(info);
  EXPECT_EQ(info->commit, kCommit);
  EXPECT_EQ(info->name, "org/name");
  EXPECT_TRUE(info->gated);
  EXPECT_TRUE(info->is_private);
  EXPECT_TRUE(info->disabled);
  EXPECT_THAT(info->siblings, ElementsAre("a.txt", "../b"));
}

TEST(ParseInfoTest, ReadsEveryFormOfGated) {
  for (const auto& [value, gated] : {std::pair("false", false),
                                     {"true", true},
                                     {"\"auto\"", true},
                                     {"\"manual\"", true},
                                     {"null", false}}) {
    const auto info = ParseInfo(absl::StrCat(R"({"sha":")", kCommit, R"(","gated":)", value, "}"));
    ASSERT_OK(info);
    EXPECT_EQ(info->gated, gated) << value;
    EXPECT_EQ(info->name, "");
  }
}

TEST(ParseInfoTest, Refuses) {
  for (const std::string& json :
       {std::string(), std::string("<html>"), std::string("[]"), std::string("{}"),
        std::string("null"), std::string(R"({"sha":"main"})"), std::string(R"({"sha":7})"),
        absl::StrCat(R"({"sha":")", kCommit, R"(","id":"../../etc"})"),
        absl::StrCat(R"({"sha":")", kCommit, R"("} trailing)"),
        absl::StrCat(R"({"a":{"sha":")", kCommit, R"("}})"), std::string(100000, '{'),
        std::string("{\"sha\":\"\xFF\"}")}) {
    EXPECT_THAT(ParseInfo(json), HasCode(kInvalid)) << json.substr(0, 80);
  }
}

std::string FileRow(absl::string_view path, absl::string_view more = "") {
  return absl::StrCat(R"({"type":"file","oid":")", kSha1, R"(","size":5,"path":")", path, "\"",
                      more, "}");
}

TEST(ParseTreePageTest, ReadsRegularFiles) {
  const auto files = ParseTreePage(absl::StrCat("[", FileRow("a/b.txt"), "]"));
  ASSERT_OK(files);
  ASSERT_EQ(files->size(), 1u);
  const ManifestFile& file = files->front();
  EXPECT_EQ(file.path, "a/b.txt");
  EXPECT_EQ(file.size, 5);
  EXPECT_EQ(file.hash, (ContentHash{ContentHash::Kind::kGitSha1, kSha1}));
  EXPECT_EQ(file.git_oid, "");
  EXPECT_EQ(file.xet_hash, "");
}

TEST(ParseTreePageTest, ReadsLargeFiles) {
  const std::string xet(64, 'c');
  const auto files = ParseTreePage(absl::StrCat(
      "[",
      FileRow("m.bin", absl::StrCat(R"(,"lfs":{"oid":")", kSha256, R"(","size":9007199254740992,)",
                                    R"("pointerSize":134},"xetHash":")", xet, "\"")),
      "]"));
  ASSERT_OK(files);
  const ManifestFile& file = files->front();
  EXPECT_EQ(file.hash, (ContentHash{ContentHash::Kind::kSha256, kSha256}));
  EXPECT_EQ(file.size, ByteCount{1} << 53);
  EXPECT_EQ(file.git_oid, kSha1);
  EXPECT_EQ(file.xet_hash, xet);
}

TEST(ParseTreePageTest, LeavesOutWhatIsNoFile) {
  const auto files = ParseTreePage(absl::StrCat(
      R"([{"type":"directory","oid":"","size":0,"path":"../x"},{"type":"submodule","path":"s"},)",
      FileRow("a"), "]"));
  ASSERT_OK(files);
  EXPECT_EQ(files->size(), 1u);
}

TEST(ParseTreePageTest, TakesNullsAndUnknownFields) {
  const auto files = ParseTreePage(absl::StrCat(
      "[",
      FileRow(
          "a",
          R"(,"lfs":null,"xetHash":null,"lastCommit":{"id":"x","oid":{"size":-1}},"x":[1,[2.5]])"),
      "]"));
  ASSERT_OK(files);
  EXPECT_EQ(files->front().hash.kind, ContentHash::Kind::kGitSha1);
}

TEST(ParseTreePageTest, AnEmptyPageIsAPage) {
  const auto files = ParseTreePage(" [ ] ");
  ASSERT_OK(files);
  EXPECT_TRUE(files->empty());
}

TEST(ParseTreePageTest, TheMessageNamesTheRow) {
  EXPECT_THAT(
      ParseTreePage(absl::StrCat("[", FileRow("ok"), ",", FileRow("../../etc/passwd"), "]")),
      StatusIs(kInvalid, HasSubstr("../../etc/passwd")));
  EXPECT_THAT(ParseTreePage(absl::StrCat("[", FileRow(R"(a\u001b[31m)"), "]")),
              StatusIs(kInvalid, HasSubstr("a\\x1b[31m")));
}

// Each of these replaces one part of a good row.
TEST(ParseTreePageTest, RefusesHostileRows) {
  const std::string good =
      FileRow("m.bin", absl::StrCat(R"(,"lfs":{"oid":")", kSha256, R"(","size":7})"));
  ASSERT_OK(ParseTreePage(absl::StrCat("[", good, "]")));
  const std::pair<absl::string_view, std::string> kChanges[] = {
      {"\"size\":5", "\"size\":-1"},
      {"\"size\":5", "\"size\":1.5"},
      {"\"size\":5", "\"size\":1e400"},
      {"\"size\":5", "\"size\":\"5\""},
      {"\"size\":5", "\"size\":null"},
      {"\"size\":5", "\"size\":9007199254740993"},
      {"\"size\":5", "\"size\":18446744073709551615"},
      {"\"size\":7", "\"size\":-7"},
      {"\"size\":7", "\"size\":99999999999999999999999"},
      {kSha1, "main"},
      {kSha1, std::string(64, 'a')},
      {kSha256, kSha1},
      {kSha256, std::string(63, 'b') + "g"},
      {"\"lfs\":{", "\"lfs\":{},\"was\":{"},
      {"\"type\":\"file\"", "\"type\":7"},
      {"\"type\":\"file\",", ""},
      {"\"path\":\"m.bin\"", "\"path\":7"},
      {"m.bin", ""},
      {"m.bin", "/etc/passwd"},
      {"m.bin", "..\\\\..\\\\x"},
      {"m.bin", "a\\u0000b"},
      {"m.bin", ".git/hooks/x"},
      {"m.bin", std::string(300, 'n')},
      {"m.bin",
       "a\xFF"
       "b"},
      {"m.bin", "\\ud800"},
      {"{\"type\"", "7,{\"type\""},
      {"{\"type\"", "\"x\",{\"type\""},
      {"{\"type\"", "null,{\"type\""},
      {"{\"type\"", "[],{\"type\""},
  };
  for (const auto& [from, to] : kChanges) {
    const std::string json = absl::StrCat("[", absl::StrReplaceAll(good, {{from, to}}), "]");
    EXPECT_THAT(ParseTreePage(json), HasCode(kInvalid)) << json;
  }
}

TEST(ParseTreePageTest, RefusesAMissingSizeAndABadXetHash) {
  EXPECT_THAT(ParseTreePage(absl::StrCat(R"([{"type":"file","path":"a","oid":")", kSha1, "\"}]")),
              StatusIs(kInvalid, HasSubstr("size")));
  EXPECT_THAT(ParseTreePage(absl::StrCat("[", FileRow("a", R"(,"xetHash":"zz")"), "]")),
              StatusIs(kInvalid, HasSubstr("xetHash")));
}

TEST(ParseTreePageTest, RefusesWhatIsNoListing) {
  for (const std::string& json :
       {std::string(), std::string("<!DOCTYPE html>"), std::string("{}"), std::string("null"),
        std::string("7"), std::string(R"({"error":"x"})"), std::string("[[]]"), std::string("["),
        std::string("[{}"), std::string("[{}]"), absl::StrCat("[", FileRow("a")),
        absl::StrCat("[", FileRow("a"), "] x")}) {
    EXPECT_THAT(ParseTreePage(json), HasCode(kInvalid)) << json;
  }
}

TEST(ParseTreePageTest, DeepNestingIsRefusedNotFollowed) {
  const size_t kDeep = 5'000'000;
  EXPECT_THAT(ParseTreePage(std::string(kDeep, '[')), HasCode(kInvalid));
  std::string objects = "[";
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  EXPECT_THAT(ParseTreePage(objects), StatusIs(kInvalid, HasSubstr("deep")));
  const std::string in_row = absl::StrCat(R"(,"x":)", std::string(70, '['), std::string(70, ']'));
  EXPECT_THAT(ParseTreePage(absl::StrCat("[", FileRow("a", in_row), "]")),
              StatusIs(kInvalid, HasSubstr("deep")));
}

// Damaged listings are either refused or hold only paths that would pass by themselves.
TEST(ParseTreePageTest, SurvivesRandomDamage) {
  const std::string good =
      absl::StrCat("[", FileRow("a/b.txt"), ",", FileRow("c", R"(,"lfs":null)"), "]");
  std::mt19937 rng(20261001);
  for (int round = 0; round < 20000; ++round) {
    std::string json = good;
    for (int i = 0; i < 3; ++i) {
      const size_t at = rng() % json.size();
      switch (rng() % 3) {
        case 0:
          json[at] = static_cast<char>(rng());
          break;
        case 1:
          json.erase(at, rng() % 8);
          break;
        default:
          json.insert(at, json, rng() % json.size(), rng() % 8);
      }
      if (json.empty()) json = "[";
    }
    const auto files = ParseTreePage(json);
    if (!files.ok()) continue;
    for (const ManifestFile& file : *files) {
      EXPECT_GE(file.size, 0) << json;
      EXPECT_NE(file.hash.kind, ContentHash::Kind::kNone) << json;
      EXPECT_THAT(file.path, Not(AnyOf(HasSubstr(".."), ::testing::StartsWith("/")))) << json;
    }
  }
}

}  // namespace
}  // namespace hfget::hub
