#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/hub/answer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/hub/answer_scene.h"

namespace hfget::hub {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kMsFile =
    "https://ms.example/api/v1/models/org/m/repo?Revision=master&FilePath=model.bin";

Scene ModelScope(ManifestFile file = LargeFile()) {
  return {.file = std::move(file), .url = kMsFile, .dialect = Dialect::kModelScope};
}

std::string ObjectUrl(const std::string& sha256) {
  return absl::StrCat("https://cdn-lfs.example/prod/lfs-objects/", sha256.substr(0, 2), "/",
                      sha256.substr(2, 2), "/", sha256.substr(4),
                      "?filename=model.bin&auth_key=1790000000-secret-0-sum");
}

TEST(DialectTest, HasItsNames) {
  EXPECT_EQ(DialectOf("huggingface"), Dialect::kHuggingFace);
  EXPECT_EQ(DialectOf("modelscope"), Dialect::kModelScope);
  EXPECT_EQ(DialectOf("ModelScope"), std::nullopt);
  EXPECT_EQ(DialectOf(""), std::nullopt);
}

TEST(ModelScopeTest, TheRedirectNamesTheFile) {
  const std::string other(64, 'c');
  const std::tuple<const char*, ManifestFile, std::string, bool> kCases[] = {
      {"ours", LargeFile(), ObjectUrl(kSha256), true},
      {"ours in upper case", LargeFile(), ObjectUrl(std::string(64, 'B')), true},
      {"another", LargeFile(), ObjectUrl(other), false},
      {"of a file whose sha256 nobody named", RegularFile(), ObjectUrl(other), true},
      {"no object", LargeFile(), "https://cdn-lfs.example/x/" + other, true},
      {"too short", LargeFile(), "https://cdn-lfs.example/lfs-objects/cc/cc/cc", true},
      {"no hex", LargeFile(), ObjectUrl(std::string(64, 'x')), true},
  };
  for (const auto& [what, file, location, same] : kCases) {
    const Answer answer = ModelScope(file).Get(302, {{"location", location}});
    EXPECT_EQ(answer.kind, same ? AnswerKind::kRedirect : AnswerKind::kNotHere) << what;
    EXPECT_THAT(answer.why, Not(HasSubstr("secret"))) << what;
  }
  const Answer answer = ModelScope().Get(302, {{"location", ObjectUrl(other)}});
  EXPECT_THAT(answer.why, HasSubstr(other));
  EXPECT_THAT(answer.why, HasSubstr(kSha256));
  EXPECT_FALSE(answer.next);
}

TEST(ModelScopeTest, TheNameInARedirectIsReadOnEveryHop) {
  Scene at_cdn = ModelScope();
  at_cdn.at_data_host = true;
  EXPECT_EQ(at_cdn.Get(302, {{"location", ObjectUrl(std::string(64, 'c'))}}).kind,
            AnswerKind::kNotHere);
}

TEST(ModelScopeTest, APathOfAnotherHubNamesNothing) {
  EXPECT_EQ(Scene().Get(302, {{"location", ObjectUrl(std::string(64, 'c'))}}).kind,
            AnswerKind::kRedirect);
}

TEST(ModelScopeTest, AForbiddenRedirectIsStillWrong) {
  EXPECT_EQ(ModelScope().Get(302, {{"location", "https://10.0.0.1/x"}}).kind, AnswerKind::kWrong);
}

TEST(ModelScopeTest, WhatItHasNotIsA404OrALittleJson) {
  const auto kBytes = AnswerKind::kBytes, kNotHere = AnswerKind::kNotHere,
             kWrong = AnswerKind::kWrong;
  const HeaderFields json = {{"content-type", "application/json; charset=utf-8"}};
  const auto with = [&](HeaderFields more) {
    more.insert(more.end(), json.begin(), json.end());
    return more;
  };
  struct {
    const char* what;
    const char* path;
    ByteRange range;
    int status;
    HeaderFields headers;
    AnswerKind kind;
  } const kCases[] = {
      {"404", "x.bin", {0, 1000}, 404, {}, kNotHere},
      {"404, a JSON file", "x.json", {0, 1000}, 404, json, kNotHere},
      {"200 for a binary", "x.bin", {0, 1000}, 200, with({{"content-length", "145"}}), kNotHere},
      {"… of the same size", "x.bin", {0, 1000}, 200, with({{"content-length", "1000"}}), kNotHere},
      {"… in the middle", "x.bin", {100, 200}, 200, with({{"content-length", "145"}}), kNotHere},
      {"200 for a JSON file",
       "x.json",
       {0, 1000},
       200,
       with({{"content-length", "145"}}),
       kNotHere},
      {"… in the middle", "x.json", {100, 200}, 200, with({{"content-length", "145"}}), kNotHere},
      {"… odd length", "x.json", {0, 1000}, 200, with({{"content-length", "x"}}), kNotHere},
      {"a JSON file", "x.json", {0, 1000}, 200, with({{"content-length", "1000"}}), kBytes},
      {"a JSON file, chunked", "x.json", {0, 1000}, 200, json, kBytes},
      {"a part of a JSON file",
       "x.json",
       {100, 200},
       200,
       with({{"content-length", "100"}, {"content-range", "bytes 100-199/1000"}}),
       kBytes},
      {"another part",
       "x.json",
       {100, 200},
       200,
       with({{"content-length", "100"}, {"content-range", "bytes 0-99/1000"}}),
       kWrong},
      {"206 without a range", "x.json", {0, 1000}, 206, with({{"content-length", "145"}}), kWrong},
      {"HTML", "x.bin", {0, 1000}, 200, {{"content-type", "text/html"}}, kWrong},
      {"a binary of another size", "x.bin", {0, 1000}, 200, {{"content-length", "145"}}, kWrong},
  };
  for (const auto& c : kCases) {
    Scene scene = ModelScope(RegularFile(c.path));
    scene.range = c.range;
    const Answer answer = scene.Get(c.status, c.headers);
    EXPECT_EQ(answer.kind, c.kind) << c.what << ": " << answer.why;
    const bool says = absl::StrContains(answer.why, "ModelScope has no such file");
    EXPECT_EQ(says, c.kind == kNotHere) << c.what << ": " << answer.why;
  }
}

TEST(ModelScopeTest, OtherErrorsAreThoseOfAnyHub) {
  for (const auto& [status, kind] : {std::pair(429, HubErrorKind::kRateLimited),
                                     {503, HubErrorKind::kUnavailable},
                                     {401, HubErrorKind::kRepoNotFound},
                                     {403, HubErrorKind::kForbidden}}) {
    const Answer answer = ModelScope().Get(status);
    EXPECT_EQ(answer.kind, AnswerKind::kHubError) << status;
    EXPECT_EQ(answer.error.kind, kind) << status;
  }
}

TEST(ModelScopeTest, HeadersAreComparedWhereTheyCanBe) {
  const std::string other(64, 'c');
  const std::tuple<const char*, ManifestFile, HeaderFields, bool> kCases[] = {
      {"its sha256", LargeFile(), {{"x-linked-etag", "\"" + kSha256 + "\""}}, true},
      {"another sha256", LargeFile(), {{"x-linked-etag", "\"" + other + "\""}}, false},
      {"a sha256 for a git hash", RegularFile(), {{"x-linked-etag", other}}, true},
      {"another git hash", RegularFile(), {{"x-linked-etag", std::string(40, 'd')}}, false},
      {"another size", LargeFile(), {{"x-linked-size", "999"}}, false},
      {"a commit of its own", LargeFile(), {{"x-repo-commit", std::string(40, '1')}}, true},
  };
  for (const auto& [what, file, headers, same] : kCases) {
    HeaderFields body = headers;
    body.emplace_back("content-range", "bytes 100-199/1000");
    EXPECT_EQ(ModelScope(file).Get(206, body).kind,
              same ? AnswerKind::kBytes : AnswerKind::kNotHere)
        << what;
  }
}

}  // namespace
}  // namespace hfget::hub
