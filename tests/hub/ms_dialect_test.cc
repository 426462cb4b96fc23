#include "daemon/hub/ms_dialect.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::hub {
namespace {

using ::testing::ElementsAre;
using testing::HasCode;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using testing::StatusIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kNotFound = absl::StatusCode::kNotFound;
constexpr auto kTooMuch = absl::StatusCode::kResourceExhausted;
const std::string kSha256(64, 'b');
const RepoId kModel = {RepoType::kModel, "org/name.v1", Hub::kModelScope};
const RepoId kDataset = {RepoType::kDataset, "org/data", Hub::kModelScope};
constexpr absl::string_view kFiles = "https://ms/api/v1/models/org/name.v1/repo/files?Revision=";
constexpr absl::string_view kTree = "https://ms/api/v1/datasets/org/data/repo/tree?Revision=";

std::string Blob(absl::string_view path, ByteCount size = 5) {
  return absl::StrCat(R"({"Name":"x","IsLFS":false,"Mode":"33188","Revision":")",
                      std::string(40, 'c'), R"(","Type":"blob","Sha256":")", kSha256,
                      R"(","Size":)", size, R"(,"Path":")", path, "\"}");
}

std::string Folder(absl::string_view path) {
  return absl::StrCat(R"({"Type":"tree","Sha256":"","Size":0,"Path":")", path, "\"}");
}

std::string Enveloped(absl::string_view data) {
  return absl::StrCat(R"({"Code":200,"Data":)", data,
                      R"(,"Message":"success","RequestId":"x","Success":true})");
}

std::string Files(const std::vector<std::string>& rows) {
  return Enveloped(absl::StrCat(R"({"Files":[)", absl::StrJoin(rows, ","),
                                R"(],"LatestCommitter":{"Path":"no","Size":-1}})"));
}

std::string Refusal(int64_t code, absl::string_view message = "no") {
  return absl::StrCat(R"({"Code":)", code, R"(,"Message":")", message, R"(","Success":false})");
}

std::vector<std::string> Blobs(size_t count, absl::string_view folder = "") {
  std::vector<std::string> rows;
  for (size_t i = 0; i < count; ++i) rows.push_back(Blob(absl::StrCat(folder, "f", i)));
  return rows;
}

std::vector<std::string> Paths(const absl::StatusOr<std::vector<ManifestFile>>& files) {
  std::vector<std::string> paths;
  if (!files.ok()) return {std::string(files.status().message())};
  for (const ManifestFile& file : *files) paths.push_back(file.path);
  return paths;
}

absl::StatusOr<std::vector<ManifestFile>> AddToModel(absl::string_view json) {
  return MsListing("https://ms", kModel, "master").Add(json);
}

// A listing that has seen one reply that was cut, and asks for folders now.
MsListing Walking(MsListing::Limits limits = {}) {
  MsListing listing("https://ms", kModel, "v1", limits);
  EXPECT_THAT(Paths(listing.Add(Files(Blobs(3000)))), IsEmpty());
  return listing;
}

TEST(MsFileUrlTest, NamesRevisionAndPathInTheQuery) {
  EXPECT_EQ(MsFileUrl("https://ms", kModel, "master", "a.bin"),
            "https://ms/api/v1/models/org/name.v1/repo?Revision=master&FilePath=a.bin");
  EXPECT_EQ(MsFileUrl("https://ms/p", kDataset, "feat/x", "d e/f+g&h=\xE4\xB8\xAD.txt"),
            "https://ms/p/api/v1/datasets/org/data/repo?Revision=feat%2Fx&FilePath="
            "d%20e%2Ff%2Bg%26h%3D%E4%B8%AD.txt");
}

TEST(ModelListingTest, IsOneReply) {
  MsListing listing("https://ms", kModel, "feat/x");
  EXPECT_EQ(listing.NextUrl(), absl::StrCat(kFiles, "feat%2Fx&Recursive=True"));
  const auto files = listing.Add(Files({Folder("d"), Blob("d/b.bin", 7), Blob("a.txt", 0)}));
  ASSERT_THAT(Paths(files), ElementsAre("d/b.bin", "a.txt"));
  EXPECT_EQ((*files)[0].size, 7);
  EXPECT_EQ((*files)[0].hash, ContentHash::FromHex(kSha256));
  EXPECT_EQ((*files)[0].git_oid, "");
  EXPECT_EQ(listing.NextUrl(), "");
}

TEST(ModelListingTest, DataMayBeTheBareList) {
  EXPECT_THAT(Paths(AddToModel(Enveloped(absl::StrCat("[", Folder("d"), ",", Blob("d/a"), "]")))),
              ElementsAre("d/a"));
}

TEST(ModelListingTest, ListsOutsideOfDataAreNotItsRows) {
  const std::string json = absl::StrCat(
      R"({"Other":[{"Type":"x"}],"Files":[1],"Code":200,"Data":{"X":[{"Type":"x"}],"Files":[)",
      Blob("a"), R"(],"Y":[[{"Type":"x"}]]},"Z":{"Files":[3]}})");
  EXPECT_THAT(Paths(AddToModel(json)), ElementsAre("a"));
}

TEST(ModelListingTest, WhatARowHoldsBesidesIsNotRead) {
  const std::string row = absl::StrCat(
      R"({"More":{"Path":"../x","Size":-1},"L":[{"Type":"x"}],"Type":"blob","Path":"a",)",
      R"("Size":9007199254740992,"Sha256":")", std::string(64, 'B'), "\"}");
  const auto files = AddToModel(Files({row}));
  ASSERT_THAT(Paths(files), ElementsAre("a"));
  EXPECT_EQ((*files)[0].size, ByteCount{1} << 53);
  EXPECT_EQ((*files)[0].hash.hex, kSha256);
}

TEST(ModelListingTest, ASubmoduleHasNoBytes) {
  EXPECT_THAT(Paths(AddToModel(Files({R"({"Type":"commit","Path":"sub"})", Blob("a")}))),
              ElementsAre("a"));
}

TEST(ModelListingTest, AReplyAsLongAsTheCutIsDroppedAndTheRepoWalked) {
  MsListing listing("https://ms", kModel, "v1");
  EXPECT_THAT(Paths(listing.Add(Files(Blobs(3000)))), IsEmpty());
  EXPECT_EQ(listing.NextUrl(), absl::StrCat(kFiles, "v1&Recursive=False"));
  EXPECT_THAT(Paths(listing.Add(Files({Folder("d e"), Blob("a"), Folder("f")}))), ElementsAre("a"));
  EXPECT_EQ(listing.NextUrl(), absl::StrCat(kFiles, "v1&Recursive=False&Root=d%20e"));
  EXPECT_THAT(Paths(listing.Add(Files({Blob("d e/1"), Folder("d e/g"), Blob("d e/2")}))),
              ElementsAre("d e/1", "d e/2"));
  EXPECT_EQ(listing.NextUrl(), absl::StrCat(kFiles, "v1&Recursive=False&Root=f"));
  EXPECT_THAT(Paths(listing.Add(Files({Blob("f/1")}))), ElementsAre("f/1"));
  EXPECT_EQ(listing.NextUrl(), absl::StrCat(kFiles, "v1&Recursive=False&Root=d%20e%2Fg"));
  EXPECT_THAT(Paths(listing.Add(Files(Blobs(2999, "d e/g/")))), SizeIs(2999));
  EXPECT_EQ(listing.NextUrl(), "");
}

TEST(ModelListingTest, OneRowLessThanTheCutIsAll) {
  MsListing listing("https://ms", kModel, "v1");
  EXPECT_THAT(Paths(listing.Add(Files(Blobs(2999)))), SizeIs(2999));
  EXPECT_EQ(listing.NextUrl(), "");
}

TEST(ModelListingTest, FoldersCountAsRowsOfTheCut) {
  MsListing listing("https://ms", kModel, "v1");
  std::vector<std::string> rows = Blobs(2999);
  rows.push_back(Folder("d"));
  EXPECT_THAT(Paths(listing.Add(Files(rows))), IsEmpty());
  EXPECT_NE(listing.NextUrl(), "");
}

TEST(WalkTest, AFolderAsLongAsTheCutCannotBeListed) {
  MsListing listing = Walking();
  ASSERT_OK(listing.Add(Files({Folder("big")})));
  EXPECT_THAT(listing.Add(Files(Blobs(3000, "big/"))), StatusIs(kTooMuch, HasSubstr("\"big\"")));
}

TEST(WalkTest, EveryReplyIsOfTheFolderThatWasAsked) {
  for (const std::string& row :
       {Blob("a"), Folder("a"), Blob("other/a"), Blob("d/e/a"), Folder("d"), Folder("d/e/f"),
        Folder("dd/e"), Folder("d/../e"), Folder(""), Folder("d/.git")}) {
    MsListing listing = Walking();
    ASSERT_OK(listing.Add(Files({Folder("d")})));
    EXPECT_THAT(listing.Add(Files({row})), HasCode(kInvalid)) << row;
  }
}

TEST(WalkTest, AFolderWithNothingInItIsNotBelieved) {
  for (const std::string& json : {Files({}), Enveloped(R"({"Files":null})")}) {
    MsListing listing = Walking();
    ASSERT_OK(listing.Add(Files({Folder("d")})));
    EXPECT_THAT(listing.Add(json), StatusIs(kInvalid, HasSubstr("nothing in \"d\""))) << json;
  }
}

TEST(WalkTest, NeedsNoMoreRequestsThanTheLimit) {
  MsListing fits = Walking({.requests = 4});
  EXPECT_OK(fits.Add(Files({Folder("a"), Folder("b")})));
  EXPECT_OK(fits.Add(Files({Blob("a/1")})));
  EXPECT_OK(fits.Add(Files({Blob("b/1")})));
  EXPECT_EQ(fits.NextUrl(), "");
  MsListing too_many = Walking({.requests = 4});
  EXPECT_THAT(too_many.Add(Files({Folder("a"), Folder("b"), Folder("c")})),
              StatusIs(kTooMuch, HasSubstr("more than 4 requests")));
}

TEST(DatasetListingTest, AShortPageIsTheLast) {
  MsListing listing("https://ms", kDataset, "master");
  EXPECT_EQ(listing.NextUrl(),
            absl::StrCat(kTree, "master&Recursive=True&PageNumber=1&PageSize=200"));
  EXPECT_THAT(Paths(listing.Add(Files(Blobs(200)))), SizeIs(200));
  EXPECT_EQ(listing.NextUrl(),
            absl::StrCat(kTree, "master&Recursive=True&PageNumber=2&PageSize=200"));
  EXPECT_THAT(Paths(listing.Add(Files(Blobs(199, "d/")))), SizeIs(199));
  EXPECT_EQ(listing.NextUrl(), "");
}

TEST(DatasetListingTest, FoldersCountAsRowsOfThePage) {
  MsListing listing("https://ms", kDataset, "master");
  std::vector<std::string> rows = Blobs(199);
  rows.push_back(Folder("d"));
  EXPECT_THAT(Paths(listing.Add(Files(rows))), SizeIs(199));
  EXPECT_NE(listing.NextUrl(), "");
}

TEST(DatasetListingTest, AfterAFullLastPageComesAnEmptyOne) {
  for (const std::string& end : {Files({}), Enveloped(R"({"Files":null})"), Enveloped("null")}) {
    MsListing listing("https://ms", kDataset, "master");
    ASSERT_OK(listing.Add(Files(Blobs(200))));
    const auto files = listing.Add(end);
    ASSERT_OK(files) << end;
    EXPECT_THAT(*files, IsEmpty());
    EXPECT_EQ(listing.NextUrl(), "");
  }
}

TEST(DatasetListingTest, AnEmptyFirstPageIsARevisionThatIsNotThere) {
  for (const std::string& empty : {Files({}), Enveloped(R"({"Files":null})"), Enveloped("[]")}) {
    EXPECT_THAT(MsListing("https://ms", kDataset, "main").Add(empty),
                StatusIs(kNotFound, HasSubstr("no revision \"main\"")))
        << empty;
  }
}

TEST(DatasetListingTest, APageIsNoLongerThanAsked) {
  MsListing listing("https://ms", kDataset, "master");
  EXPECT_THAT(listing.Add(Files(Blobs(201))), StatusIs(kInvalid, HasSubstr("201 rows")));
}

TEST(DatasetListingTest, NeedsNoMoreRequestsThanTheLimit) {
  MsListing listing("https://ms", kDataset, "master", {.requests = 2});
  ASSERT_OK(listing.Add(Files(Blobs(200))));
  EXPECT_THAT(listing.Add(Files(Blobs(200, "d/"))), HasCode(kTooMuch));
}

TEST(RefusalTest, IsToldByItsCode) {
  const std::tuple<std::string, absl::StatusCode, const char*> kCases[] = {
      {Enveloped(R"({"Files":null})"), kNotFound, "no revision \"master\""},
      {Enveloped("null"), kNotFound, "no revision"},
      {Enveloped(R"({"Files":[]})"), kNotFound, "no revision"},
      {Refusal(10990101007), kNotFound, "no revision"},
      {Refusal(10010205001), kNotFound, "has no model org/name.v1"},
      {Refusal(10010200001), kNotFound, "token"},
      {Refusal(500, "out\\nof\\u0007 order"), kInvalid, "Code 500"},
      {Refusal(200, "half"), kInvalid, "half"},
      {R"({"Code":42,"Message":"x","Success":true,"Data":{"Files":[]}})", kInvalid, "Code 42"},
  };
  for (const auto& [json, code, why] : kCases) {
    const auto files = AddToModel(json);
    EXPECT_THAT(files, StatusIs(code, HasSubstr(why))) << json;
    EXPECT_THAT(std::string(files.status().message()), Not(HasSubstr("\n"))) << json;
  }
}

TEST(RefusalTest, TheHubsWordsAreCut) {
  const auto files = AddToModel(Refusal(1, std::string(5000, 'x')));
  EXPECT_LT(files.status().message().size(), 500u);
}

TEST(HostileTest, WhatIsNoAnswerOfModelScope) {
  for (const std::string& json : {std::string(),
                                  std::string("<!DOCTYPE html><html>"),
                                  std::string("[]"),
                                  std::string("null"),
                                  std::string("{}"),
                                  std::string(R"({"Code":"200","Data":{"Files":[]}})"),
                                  std::string(R"({"Data":{"Files":[]}})"),
                                  std::string(R"({"Code":200})"),
                                  std::string(R"({"Code":1e99,"Data":{"Files":[]}})"),
                                  Enveloped("{}"),
                                  Enveloped("7"),
                                  Enveloped("\"x\""),
                                  Enveloped(R"({"Files":{}})"),
                                  Enveloped(R"({"Files":"x"})"),
                                  Enveloped(R"({"files":[]})"),
                                  Files({"1"}),
                                  Files({"null"}),
                                  Files({"[]"}),
                                  Files({"\"x\""}),
                                  Files({Blob("a")}) + "x",
                                  Files({Blob("a")}).substr(0, 60),
                                  std::string(100000, '['),
                                  Enveloped(R"({"Files":[{"Path":")"
                                            "\xFF"
                                            R"("}]})")}) {
    EXPECT_THAT(AddToModel(json), StatusIs(kInvalid, HasSubstr("as ModelScope does")))
        << json.substr(0, 80);
  }
}

std::string Row(absl::string_view type, absl::string_view path, absl::string_view size,
                absl::string_view sha256) {
  return absl::StrCat(R"({"Type":)", type, R"(,"Path":)", path, R"(,"Size":)", size,
                      R"(,"Sha256":)", sha256, "}");
}

TEST(HostileTest, RowsAreChecked) {
  const std::string sha = absl::StrCat("\"", kSha256, "\"");
  const std::string long_path = absl::StrCat("\"", std::string(300, 'x'), "\"");
  const std::pair<std::string, const char*> kCases[] = {
      {Row("\"blob\"", "\"a\"", "1", "\"\""), "\"a\" in the listing has no valid sha256"},
      {Row("\"blob\"", "\"a\"", "1", "null"), "\"a\" in the listing has no valid sha256"},
      {R"({"Type":"blob","Path":"a","Size":1})", "\"a\" in the listing has no valid sha256"},
      {Row("\"blob\"", "\"a\"", "1", "\"" + std::string(40, 'a') + "\""), "sha256"},
      {Row("\"blob\"", "\"a\"", "1", "\"" + std::string(63, 'a') + "g\""), "sha256"},
      {Row("\"blob\"", "\"a\"", "-1", sha), "\"a\" in the listing has no valid size"},
      {Row("\"blob\"", "\"a\"", "9007199254740993", sha), "size"},
      {Row("\"blob\"", "\"a\"", "18446744073709551615", sha), "size"},
      {Row("\"blob\"", "\"a\"", "1.5", sha), "size"},
      {Row("\"blob\"", "\"a\"", "\"5\"", sha), "size"},
      {Row("\"blob\"", "\"a\"", "true", sha), "size"},
      {Row("\"blob\"", "\"a\"", "null", sha), "size"},
      {Row("\"blob\"", "\"../a\"", "1", sha), "component . or .."},
      {Row("\"blob\"", "\"/etc/passwd\"", "1", sha), "path"},
      {Row("\"blob\"", "\"a\\u0000b\"", "1", sha), "control"},
      {Row("\"blob\"", "\".git/config\"", "1", sha), ".git"},
      {Row("\"blob\"", "\"\"", "1", sha), "path"},
      {Row("\"blob\"", "7", "1", sha), "path"},
      {Row("\"blob\"", long_path, "1", sha), "255"},
      {Row("\"symlink\"", "\"a\"", "1", sha), "neither a file nor a folder"},
      {Row("null", "\"a\"", "1", sha), "neither a file nor a folder"},
  };
  for (const auto& [row, why] : kCases) {
    EXPECT_THAT(AddToModel(Files({Blob("fine"), row})), StatusIs(kInvalid, HasSubstr(why))) << row;
  }
}

TEST(HostileTest, AReplyHasNoMoreRowsThanTheLimit) {
  MsListing listing("https://ms", kModel, "master", {.rows_per_reply = 10});
  EXPECT_THAT(listing.Add(Files(Blobs(11))), HasCode(kTooMuch));
}

TEST(HostileTest, NothingIsAddedToACompleteListing) {
  MsListing listing("https://ms", kModel, "master");
  ASSERT_OK(listing.Add(Files({Blob("a")})));
  EXPECT_THAT(listing.Add(Files({Blob("b")})), HasCode(absl::StatusCode::kFailedPrecondition));
}

TEST(ClassifyMsErrorTest, TheCodeCountsWhateverTheStatus) {
  const std::tuple<int, std::string, HubErrorKind> kCases[] = {
      {404, Refusal(10010205001), HubErrorKind::kRepoNotFound},
      {404, Refusal(10010200001), HubErrorKind::kRepoNotFound},
      {404, Refusal(10990101007), HubErrorKind::kEntryNotFound},
      {200, Refusal(10990101007), HubErrorKind::kEntryNotFound},
      {200, Refusal(10010205001), HubErrorKind::kRepoNotFound},
      {200, Refusal(77), HubErrorKind::kUnexpected},
      {200, Enveloped("[]"), HubErrorKind::kNone},
      {200, "bytes", HubErrorKind::kNone},
      {200, R"({"Code":"x"})", HubErrorKind::kNone},
      {404, "<html>", HubErrorKind::kUnexpected},
      {404, Refusal(404), HubErrorKind::kUnexpected},
      {400, Refusal(10010103009), HubErrorKind::kBadRequest},
      {401, "", HubErrorKind::kUnauthorized},
      {403, "", HubErrorKind::kForbidden},
      {416, "", HubErrorKind::kRangeNotSatisfiable},
      {429, Refusal(429), HubErrorKind::kRateLimited},
      {503, "", HubErrorKind::kUnavailable},
  };
  for (const auto& [status, body, kind] : kCases) {
    const HubError error = ClassifyMsError(status, {}, body, absl::UnixEpoch());
    EXPECT_EQ(error.kind, kind) << status << " " << body;
    EXPECT_EQ(error.status, status);
  }
}

TEST(ClassifyMsErrorTest, SaysTheHubsWordsInOneLine) {
  const auto words = [](const std::string& body) {
    return ClassifyMsError(404, {}, body, absl::UnixEpoch()).message;
  };
  EXPECT_EQ(words(Refusal(1, "无权限访问")), "无权限访问");
  EXPECT_THAT(words(Refusal(1, "a\\nb\\u001b[0m")), Not(HasSubstr("\n")));
  EXPECT_LE(words(Refusal(1, std::string(5000, 'x'))).size(), 300u);
  EXPECT_THAT(words(Refusal(10010200001, "无权限访问")),
              HasSubstr("ModelScope token may be needed"));
}

TEST(ClassifyMsErrorTest, ReadsWhenToTryAgain) {
  EXPECT_EQ(ClassifyMsError(429, {{"retry-after", "7"}}, "", absl::UnixEpoch()).retry_after,
            absl::Seconds(7));
}

}  // namespace
}  // namespace hfget::hub
