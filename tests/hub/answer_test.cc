#include "daemon/hub/answer.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/hub/answer_scene.h"

namespace hfget::hub {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Case {
  const char* what;
  ByteRange range;
  int status;
  HeaderFields headers;
  AnswerKind kind;
  ByteCount length = 0;
};

TEST(BodyTest, OnlyTheExactRangeIsTaken) {
  const auto kBytes = AnswerKind::kBytes, kWrong = AnswerKind::kWrong;
  const Case kCases[] = {
      {"206 as asked", {100, 200}, 206, {{"content-range", "bytes 100-199/1000"}}, kBytes, 100},
      {"… with its length",
       {100, 200},
       206,
       {{"content-range", "bytes 100-199/1000"}, {"content-length", "100"}},
       kBytes,
       100},
      {"asked beyond the end",
       {900, 1100},
       206,
       {{"content-range", "bytes 900-999/1000"}},
       kBytes,
       100},
      {"whole file by range",
       {0, 1000},
       206,
       {{"content-range", "bytes 0-999/1000"}},
       kBytes,
       1000},
      {"no Content-Range", {100, 200}, 206, {}, kWrong},
      {"malformed", {100, 200}, 206, {{"content-range", "bytes 100-199"}}, kWrong},
      {"other start", {100, 200}, 206, {{"content-range", "bytes 0-99/1000"}}, kWrong},
      {"shorter at the end", {100, 200}, 206, {{"content-range", "bytes 100-149/1000"}}, kWrong},
      {"longer at the end", {100, 200}, 206, {{"content-range", "bytes 100-299/1000"}}, kWrong},
      {"other total", {100, 200}, 206, {{"content-range", "bytes 100-199/1001"}}, kWrong},
      {"unknown total", {100, 200}, 206, {{"content-range", "bytes 100-199/*"}}, kWrong},
      {"other length",
       {100, 200},
       206,
       {{"content-range", "bytes 100-199/1000"}, {"content-length", "99"}},
       kWrong},
      {"odd length",
       {100, 200},
       206,
       {{"content-range", "bytes 100-199/1000"}, {"content-length", "-1"}},
       kWrong},
      {"several parts",
       {100, 200},
       206,
       {{"content-range", "bytes 100-199/1000"},
        {"content-type", "multipart/byteranges; boundary=x"}},
       kWrong},
      {"compressed",
       {100, 200},
       206,
       {{"content-range", "bytes 100-199/1000"}, {"content-encoding", "gzip"}},
       kWrong},
      {"identity",
       {100, 200},
       206,
       {{"content-range", "bytes 100-199/1000"}, {"content-encoding", "identity"}},
       kBytes,
       100},
      // ModelScope's small files.
      {"200 with that Content-Range",
       {100, 200},
       200,
       {{"content-range", "bytes 100-199/1000"}, {"content-length", "100"}},
       kBytes,
       100},
      {"200 with another", {100, 200}, 200, {{"content-range", "bytes 0-99/1000"}}, kWrong},
      {"200 for an inner range", {100, 200}, 200, {{"content-length", "1000"}}, kWrong},
      {"200 for an inner range, its length", {100, 200}, 200, {{"content-length", "100"}}, kWrong},
      {"200 for the tail", {900, 1000}, 200, {{"content-length", "1000"}}, kWrong},
      {"200, the whole file", {0, 1000}, 200, {{"content-length", "1000"}}, kBytes, 1000},
      {"200, the whole file for its front",
       {0, 100},
       200,
       {{"content-length", "1000"}},
       kBytes,
       1000},
      {"200, chunked, whole file asked",
       {0, 1000},
       200,
       {{"transfer-encoding", "chunked"}},
       kBytes,
       1000},
      {"200, chunked, front asked", {0, 100}, 200, {{"transfer-encoding", "chunked"}}, kWrong},
      {"200, other length", {0, 1000}, 200, {{"content-length", "145"}}, kWrong},
      {"200, only the front's length", {0, 100}, 200, {{"content-length", "100"}}, kWrong},
      {"200, odd length", {0, 1000}, 200, {{"content-length", "1000, 1000"}}, kWrong},
      {"204", {0, 1000}, 204, {}, kWrong},
      {"201", {0, 1000}, 201, {{"content-length", "1000"}}, kWrong},
      {"304", {0, 1000}, 304, {}, kWrong},
      {"300", {0, 1000}, 300, {{"location", "/x"}}, kWrong},
      {"100", {0, 1000}, 100, {}, kWrong},
      {"0", {0, 1000}, 0, {}, kWrong},
  };
  for (const Case& c : kCases) {
    for (const bool at_data_host : {false, true}) {
      Scene scene = at_data_host ? Cdn() : Scene();
      scene.range = c.range;
      const Answer answer = scene.Get(c.status, c.headers);
      EXPECT_EQ(answer.kind, c.kind) << c.what << ": " << answer.why;
      EXPECT_EQ(answer.length, c.length) << c.what;
      EXPECT_EQ(answer.why.empty(), c.kind == kBytes) << c.what;
    }
  }
}

TEST(BodyTest, AnEmptyFileIsAskedWithoutARange) {
  ManifestFile file = RegularFile();
  file.size = 0;
  const Scene scene = Whole(file);
  EXPECT_EQ(scene.Get(200, {{"content-length", "0"}}).kind, AnswerKind::kBytes);
  EXPECT_EQ(scene.Get(200).kind, AnswerKind::kBytes);
  EXPECT_EQ(scene.Get(200).length, 0);
  EXPECT_EQ(scene.Get(200, {{"content-length", "5"}}).kind, AnswerKind::kWrong);
  EXPECT_EQ(scene.Get(206, {{"content-range", "bytes 0-0/1"}}).kind, AnswerKind::kWrong);
}

TEST(BodyTest, APageOrAnErrorObjectIsNeverAFile) {
  const std::tuple<const char*, const char*, bool> kCases[] = {
      {"model.bin", "text/html", false},
      {"model.bin", "Text/HTML; charset=utf-8", false},
      {"model.bin", "application/xhtml+xml", false},
      {"README.md", "text/html", false},
      {"html", "text/html", false},
      {"docs/index.html", "text/html; charset=utf-8", true},
      {"a.HTM", "text/html", true},
      {"model.bin", "application/json", false},
      {"model.bin", "application/json; charset=utf-8", false},
      {"json/model.bin", "application/json", false},
      {"model.bin", "application/problem+json", false},
      {"config.json", "application/json", true},
      {"a.jsonl", "application/json", true},
      {"nb.ipynb", "application/json", true},
      {"config.json.bak", "application/json", true},
      {"config.json", "text/html", false},
      {"config.json", "text/plain; charset=utf-8", true},
      {"model.bin", "text/plain", true},
      {"model.bin", "application/octet-stream", true},
      {"model.bin", "", true},
  };
  for (const auto& [path, type, taken] : kCases) {
    const Answer answer =
        Whole(RegularFile(path)).Get(200, {{"content-length", "1000"}, {"content-type", type}});
    EXPECT_EQ(answer.kind, taken ? AnswerKind::kBytes : AnswerKind::kWrong)
        << path << " as " << type;
  }
}

TEST(VersionTest, AHubThatSpeaksOfAnotherFileHasNotThisOne) {
  const std::string other_commit(40, '1'), other_sha256(64, 'c'), other_sha1(40, 'd');
  const std::tuple<const char*, ManifestFile, HeaderFields, bool> kCases[] = {
      {"as pinned",
       LargeFile(),
       {{"x-repo-commit", kCommit},
        {"x-linked-size", "1000"},
        {"x-linked-etag", "\"" + kSha256 + "\""}},
       true},
      {"other commit", LargeFile(), {{"x-repo-commit", other_commit}}, false},
      {"other size", LargeFile(), {{"x-linked-size", "999"}}, false},
      {"other sha256", LargeFile(), {{"x-linked-etag", other_sha256}}, false},
      {"the pointer in the file's place", LargeFile(), {{"x-linked-etag", kSha1}}, false},
      {"large file in the regular one's place", RegularFile(), {{"x-linked-etag", kSha256}}, false},
      {"other sha1", RegularFile(), {{"x-linked-etag", "W/\"" + other_sha1 + "\""}}, false},
      {"regular, ETag alone", RegularFile(), {{"etag", "\"" + kSha1 + "\""}}, true},
      {"regular, other ETag", RegularFile(), {{"etag", "\"" + other_sha1 + "\""}}, false},
      {"regular, an ETag that is no hash", RegularFile(), {{"etag", "\"66f0c1a2-3e8\""}}, true},
      {"large, ETag is the xet hash", LargeFile(), {{"etag", other_sha256}}, true},
      {"linked etag counts before etag",
       RegularFile(),
       {{"etag", other_sha1}, {"x-linked-etag", kSha1}},
       true},
      {"nonsense", LargeFile(), {{"x-linked-size", "big"}, {"x-linked-etag", "abc"}}, true},
  };
  for (const auto& [what, file, headers, same] : kCases) {
    HeaderFields redirect = headers, body = headers;
    redirect.emplace_back("location", kCdn);
    body.emplace_back("content-range", "bytes 100-199/1000");
    Scene scene;
    scene.file = file;
    const Answer to_cdn = scene.Get(302, redirect), bytes = scene.Get(206, body);
    EXPECT_EQ(to_cdn.kind, same ? AnswerKind::kRedirect : AnswerKind::kNotHere)
        << what << to_cdn.why;
    EXPECT_EQ(bytes.kind, same ? AnswerKind::kBytes : AnswerKind::kNotHere) << what << bytes.why;
  }
}

TEST(VersionTest, ADataHostsETagIsItsOwn) {
  Scene scene = Cdn();
  scene.file = RegularFile();
  EXPECT_EQ(
      scene.Get(206, {{"etag", std::string(40, 'd')}, {"content-range", "bytes 100-199/1000"}})
          .kind,
      AnswerKind::kBytes);
}

TEST(RedirectTest, LeavesForADataHostWithTheLinksExpiry) {
  const Answer answer = Scene().Get(302, {{"location", kCdn}, {"x-repo-commit", kCommit}});
  ASSERT_EQ(answer.kind, AnswerKind::kRedirect);
  EXPECT_EQ(answer.next->ToString(), kCdn);
  EXPECT_TRUE(answer.next_is_data_host);
  EXPECT_EQ(answer.expires, absl::FromUnixSeconds(1790003600));
  EXPECT_THAT(answer.why, Not(HasSubstr("secret")));
}

TEST(RedirectTest, ARelativeHopStaysAtTheHub) {
  const Answer answer = Scene().Get(
      307, {{"location", "/api/resolve-cache/models/org/m/" + kCommit + "/model.bin?etag=x"}});
  ASSERT_EQ(answer.kind, AnswerKind::kRedirect);
  EXPECT_EQ(answer.next->host, "hub.example");
  EXPECT_FALSE(answer.next_is_data_host);
  EXPECT_FALSE(answer.expires);
}

TEST(RedirectTest, AnotherSchemeOrPortIsAnotherOrigin) {
  EXPECT_TRUE(Scene().Get(302, {{"location", "https://hub.example:8443/x"}}).next_is_data_host);
  Scene plain{.url = "http://hub.example/org/m/resolve/main/x"};
  EXPECT_TRUE(
      plain.Get(301, {{"location", "https://hub.example/org/m/resolve/main/x"}}).next_is_data_host);
}

TEST(RedirectTest, FromADataHostTheNextIsOneToo) {
  EXPECT_TRUE(Cdn().Get(302, {{"location", "/other"}}).next_is_data_host);
}

TEST(RedirectTest, EveryKindOfRedirectIsFollowed) {
  for (const int status : {301, 302, 303, 307, 308}) {
    EXPECT_EQ(Scene().Get(status, {{"location", kCdn}}).kind, AnswerKind::kRedirect) << status;
  }
}

TEST(RedirectTest, RefusedOnes) {
  const std::tuple<const char*, Scene, std::string, const char*> kCases[] = {
      {"downgrade", Scene(), "http://cdn.example/f", "to http"},
      {"nowhere", Scene(), "", "nowhere"},
      {"scheme", Scene(), "file:///etc/passwd", "nowhere"},
      {"user info", Scene(), "https://hub.example@evil.example/", "nowhere"},
      {"line break", Scene(), "https://cdn.example/a\r\nb", "nowhere"},
      {"metadata service", Scene(), "https://169.254.169.254/latest", "local network"},
      {"private", Scene(), "https://10.0.0.1/x", "local network"},
      {"private, 172", Scene(), "https://172.16.0.1/x", "local network"},
      {"loopback", Scene(), "https://localhost/x", "local network"},
      {"loopback v6", Scene(), "https://[::1]/x", "local network"},
      {"mapped", Scene(), "https://[::ffff:10.0.0.1]/x", "local network"},
      {"number", Scene(), "https://2130706433/x", "local network"},
      {"from a data host", Cdn(), "https://192.168.0.1/x", "local network"},
      {"loop", Scene{.hops = 10}, kCdn, "without end"},
  };
  for (const auto& [what, scene, location, why] : kCases) {
    const Answer answer = scene.Get(302, {{"location", location}});
    EXPECT_EQ(answer.kind, AnswerKind::kWrong) << what;
    EXPECT_THAT(answer.why, HasSubstr(why)) << what;
    EXPECT_FALSE(answer.next) << what;
  }
  EXPECT_EQ(Scene{.hops = 9}.Get(302, {{"location", kCdn}}).kind, AnswerKind::kRedirect);
}

TEST(RedirectTest, ALocalSourceMayStayLocal) {
  const Scene local{.url = "http://127.0.0.1:8080/org/m/resolve/main/x", .answerer = Zone::kLoopback};
  EXPECT_EQ(local.Get(302, {{"location", "http://127.0.0.1:9090/lfs/x?expires=1790003600"}}).kind,
            AnswerKind::kRedirect);
  EXPECT_EQ(local.Get(302, {{"location", "http://[::1]:9090/x"}}).kind, AnswerKind::kRedirect);
}

TEST(RedirectTest, APermanentMoveToAnotherHubIsTheWrongRegion) {
  const std::string there = "https://huggingface.co/org/m/resolve/" + kCommit + "/model.bin";
  const Answer answer = Scene().Get(308, {{"location", there}});
  EXPECT_EQ(answer.kind, AnswerKind::kWrongRegion);
  EXPECT_THAT(answer.why, HasSubstr("huggingface.co"));
  EXPECT_EQ(Scene().Get(308, {{"location", "/org/new-name/resolve/main/model.bin"}}).kind,
            AnswerKind::kRedirect);
  EXPECT_EQ(Scene().Get(302, {{"location", there}}).kind, AnswerKind::kRedirect);
}

TEST(ErrorTest, AHubsErrorIsClassified) {
  const std::tuple<int, HeaderFields, HubErrorKind> kCases[] = {
      {404, {{"x-error-code", "EntryNotFound"}}, HubErrorKind::kEntryNotFound},
      {404, {{"x-error-code", "RevisionNotFound"}}, HubErrorKind::kRevisionNotFound},
      {404, {}, HubErrorKind::kUnexpected},
      {401, {{"x-error-code", "GatedRepo"}}, HubErrorKind::kGated},
      {401, {}, HubErrorKind::kRepoNotFound},
      {403, {}, HubErrorKind::kForbidden},
      {429, {{"retry-after", "7"}}, HubErrorKind::kRateLimited},
      {503, {}, HubErrorKind::kUnavailable},
      {400, {}, HubErrorKind::kBadRequest},
      {418, {}, HubErrorKind::kUnexpected},
      {999, {}, HubErrorKind::kUnexpected},
  };
  for (const auto& [status, headers, kind] : kCases) {
    const Answer answer = Scene().Get(status, headers);
    EXPECT_EQ(answer.kind, AnswerKind::kHubError) << status;
    EXPECT_EQ(answer.error.kind, kind) << status;
  }
  EXPECT_EQ(Scene().Get(429, {{"retry-after", "7"}}).error.retry_after, absl::Seconds(7));
}

TEST(ErrorTest, ADataHostsErrorIsAboutTheLinkOrTheObject) {
  const std::tuple<int, HeaderFields, AnswerKind, HubErrorKind> kCases[] = {
      {401, {}, AnswerKind::kLinkExpired, HubErrorKind::kUnexpected},
      {403, {}, AnswerKind::kLinkExpired, HubErrorKind::kUnexpected},
      {403, {{"x-error-code", "GatedRepo"}}, AnswerKind::kLinkExpired, HubErrorKind::kUnexpected},
      {410, {}, AnswerKind::kLinkExpired, HubErrorKind::kUnexpected},
      {404, {}, AnswerKind::kNotHere, HubErrorKind::kUnexpected},
      {429, {}, AnswerKind::kHubError, HubErrorKind::kRateLimited},
      {500, {}, AnswerKind::kHubError, HubErrorKind::kUnavailable},
      {503, {}, AnswerKind::kHubError, HubErrorKind::kUnavailable},
      {408, {}, AnswerKind::kHubError, HubErrorKind::kUnavailable},
      {400, {}, AnswerKind::kHubError, HubErrorKind::kBadRequest},
      {405, {}, AnswerKind::kHubError, HubErrorKind::kUnexpected},
  };
  for (const auto& [status, headers, kind, error] : kCases) {
    const Answer answer = Cdn().Get(status, headers);
    EXPECT_EQ(answer.kind, kind) << status;
    EXPECT_EQ(answer.error.kind, error) << status;
    EXPECT_THAT(answer.why, Not(HasSubstr("secret"))) << status;
  }
}

TEST(ErrorTest, A416IsAnotherFileUnlessItNamesOurSize) {
  for (Scene scene : {Scene(), Cdn()}) {
    EXPECT_EQ(scene.Get(416, {{"content-range", "bytes */50"}}).kind, AnswerKind::kNotHere);
    EXPECT_EQ(scene.Get(416).kind, AnswerKind::kNotHere);
    EXPECT_EQ(scene.Get(416, {{"content-range", "bytes */1000"}}).kind, AnswerKind::kWrong);
    EXPECT_EQ(scene.Get(416).error.kind, HubErrorKind::kRangeNotSatisfiable);
  }
}

TEST(ErrorTest, TheHubsOwnWordsAreInTheReason) {
  const Answer answer = Scene().Get(403, {{"x-error-message", "no\nway"}});
  EXPECT_THAT(answer.why, HasSubstr("no way"));
}

}  // namespace
}  // namespace hfget::hub
