#include "daemon/hub/hub_error.h"

#include <string>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::hub {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const absl::Time kNow = absl::FromUnixSeconds(1790000000);
constexpr char kInvalidCredentials[] = "Invalid credentials in Authorization header";

HubError Classify(int status, const HeaderFields& headers = {}, absl::string_view body = "",
                  bool is_repo_url = true) {
  return ClassifyError(status, headers, body, is_repo_url, kNow);
}

// Reference §2.3, in its order, and the pairs seen live.
TEST(ClassifyErrorTest, MapsAsHuggingfaceHubDoes) {
  using K = HubErrorKind;
  const HeaderFields invalid = {{"x-error-message", kInvalidCredentials}};
  const std::tuple<const char*, int, HeaderFields, const char*, bool, K> kCases[] = {
      {"ok", 200, {}, "", true, K::kNone},
      {"redirect", 302, {}, "", true, K::kNone},
      {"revision", 404, {{"x-error-code", "RevisionNotFound"}}, "", true, K::kRevisionNotFound},
      {"entry", 404, {{"x-error-code", "EntryNotFound"}}, "", true, K::kEntryNotFound},
      {"gated, anonymous", 401, {{"x-error-code", "GatedRepo"}}, "", true, K::kGated},
      {"gated, no access", 403, {{"x-error-code", "GatedRepo"}}, "", true, K::kGated},
      {"disabled",
       403,
       {{"x-error-message", "Access to this resource is disabled."}},
       "",
       true,
       K::kDisabled},
      {"repo, with token", 404, {{"x-error-code", "RepoNotFound"}}, "", true, K::kRepoNotFound},
      {"repo, anonymous",
       401,
       {{"x-error-message", "Invalid username or password."}},
       "",
       true,
       K::kRepoNotFound},
      {"repo, anonymous, no words", 401, {}, "", true, K::kRepoNotFound},
      {"bad token", 401, invalid, "", true, K::kInvalidToken},
      {"bad token, words in the body",
       401,
       {},
       R"({"error":"Invalid credentials in Authorization header"})",
       true,
       K::kInvalidToken},
      {"bad token, whoami", 401, invalid, "", false, K::kInvalidToken},
      {"those words with another status", 403, invalid, "", true, K::kForbidden},
      {"almost those words",
       401,
       {{"x-error-message", "invalid credentials"}},
       "",
       false,
       K::kUnauthorized},
      {"401 elsewhere", 401, {}, "", false, K::kUnauthorized},
      {"403", 403, {}, "", true, K::kForbidden},
      {"400", 400, {}, "", true, K::kBadRequest},
      {"429", 429, {}, "", true, K::kRateLimited},
      {"416", 416, {}, "", true, K::kRangeNotSatisfiable},
      {"408", 408, {}, "", true, K::kUnavailable},
      {"500", 500, {}, "", true, K::kUnavailable},
      {"504", 504, {}, "<html>", true, K::kUnavailable},
      {"404 of a web server", 404, {}, "<html>nginx</html>", true, K::kUnexpected},
      {"unknown code", 404, {{"x-error-code", "Moon"}}, "", true, K::kUnexpected},
      {"418", 418, {}, "", true, K::kUnexpected},
      {"600", 600, {}, "", true, K::kUnexpected},
      {"0", 0, {}, "", true, K::kUnexpected},
      {"-1", -1, {}, "", true, K::kUnexpected},
      {"code before status",
       401,
       {{"x-error-code", "EntryNotFound"}, {"x-error-message", kInvalidCredentials}},
       "",
       true,
       K::kEntryNotFound},
  };
  for (const auto& [what, status, headers, body, is_repo_url, kind] : kCases) {
    const HubError error = Classify(status, headers, body, is_repo_url);
    EXPECT_EQ(error.kind, kind) << what;
    EXPECT_EQ(error.status, status) << what;
  }
}

TEST(ClassifyErrorTest, TheMessageIsWhatTheHubSaidOnce) {
  EXPECT_EQ(Classify(400, {{"x-error-message", "bad"}}, R"({"error":"bad"})").message, "bad");
  EXPECT_EQ(Classify(400, {{"x-error-message", "bad"}}, R"({"error":"worse"})").message,
            "bad; worse");
  EXPECT_EQ(
      Classify(400, {}, R"({"errors":["a",{"message":"b"},7,[["x"]]],"error_description":"c"})")
          .message,
      "a; b; c");
  EXPECT_EQ(Classify(400, {}, R"({"error":{"message":"deep"}})").message, "deep");
}

TEST(ClassifyErrorTest, HostileBodiesAreNotRepeated) {
  for (const std::string& body :
       {std::string("<html>x</html>"), std::string("[1]"), std::string("\"x\""),
        std::string(200000, '['), std::string(R"({"error":7})"),
        std::string("{\"error\":\"\xFF\"}"), std::string(R"({"error":[[[["x"]]]]})")}) {
    EXPECT_EQ(Classify(500, {}, body).message, "") << body.substr(0, 40);
  }
}

TEST(ClassifyErrorTest, TheMessageIsOnePrintableLineOf300Bytes) {
  EXPECT_EQ(Classify(500, {{"x-error-message", " a\r\n\tb  c\x1B[31m"}}).message, "a b c\\x1b[31m");
  EXPECT_EQ(Classify(500, {}, R"({"error":"a\u0000b\u202ec"})").message, "a\\x00b\\xe2\\x80\\xaec");
  EXPECT_LE(Classify(500, {{"x-error-message", std::string(5000, 'x')}}).message.size(), 300u);
  std::string many = "{\"errors\":[\"0\"";
  for (int i = 1; i < 3000; ++i) absl::StrAppend(&many, ",\"", i, "\"");
  EXPECT_LE(Classify(500, {}, many + "]}").message.size(), 300u);
}

TEST(ClassifyErrorTest, TheRequestIdHasAnOrder) {
  const HeaderFields all = {{"x-amz-cf-id", "c"}, {"x-amzn-trace-id", "b"}, {"x-request-id", "a"}};
  EXPECT_EQ(Classify(500, all).request_id, "a");
  EXPECT_EQ(Classify(500, {all[0], all[1]}).request_id, "b");
  EXPECT_EQ(Classify(500, {all[0]}).request_id, "c");
  EXPECT_EQ(Classify(500, {{"x-request-id", "a\nb"}}).request_id, "a b");
}

TEST(ClassifyErrorTest, TheWaitComesFromRateLimitWhenNothingIsLeftElseFromRetryAfter) {
  const auto wait = [](int status, const HeaderFields& headers) {
    return Classify(status, headers).retry_after;
  };
  EXPECT_EQ(wait(429, {{"ratelimit", R"("api";r=0;t=55)"}, {"retry-after", "9"}}),
            absl::Seconds(56));
  EXPECT_EQ(wait(429, {{"ratelimit", R"("api";r=7;t=55)"}, {"retry-after", "9"}}),
            absl::Seconds(9));
  EXPECT_EQ(wait(503, {{"retry-after", "9"}}), absl::Seconds(9));
  EXPECT_EQ(wait(429, {}), std::nullopt);
  EXPECT_EQ(wait(404, {{"ratelimit", R"("api";r=0;t=55)"}}), std::nullopt);
}

AskedFor Asked(bool token_sent = false) {
  AskedFor asked;
  asked.repo = {RepoType::kDataset, "org/data"};
  asked.revision = "v9";
  asked.path = "a/b.bin";
  asked.source = "official";
  asked.token_sent = token_sent;
  asked.endpoint = "https://huggingface.co";
  return asked;
}

std::string ExplainKind(HubErrorKind kind, bool token_sent) {
  HubError error;
  error.kind = kind;
  error.status = 404;
  return Explain(error, Asked(token_sent));
}

TEST(ExplainTest, SaysWhatToDoNext) {
  using K = HubErrorKind;
  const std::tuple<K, bool, std::vector<const char*>> kCases[] = {
      {K::kRevisionNotFound,
       false,
       {"dataset org/data", "\"v9\"", "https://huggingface.co/datasets/org/data"}},
      {K::kEntryNotFound, false, {"\"a/b.bin\"", "org/data", "v9"}},
      {K::kGated,
       false,
       {"https://huggingface.co/datasets/org/data", "accept", "--token", "HF_TOKEN"}},
      {K::kGated, true, {"https://huggingface.co/datasets/org/data", "ask for access"}},
      {K::kDisabled, false, {"disabled", "https://huggingface.co/datasets/org/data"}},
      {K::kRepoNotFound, false, {"check the name", "--type", "--token", "HF_TOKEN", "private"}},
      {K::kRepoNotFound, true, {"check the name", "--type", "this token may not see it"}},
      {K::kInvalidToken, true, {"the hub refuses the token", "log in anew"}},
      {K::kInvalidToken, false, {"though none was sent"}},
      {K::kUnauthorized, false, {"--token"}},
      {K::kUnauthorized, true, {"check the token"}},
      {K::kForbidden, false, {"filter", "a/b.bin", "another source"}},
      {K::kForbidden, true, {"may read this repo"}},
      {K::kBadRequest, false, {"not understood"}},
      {K::kRateLimited, false, {"too many requests", "in 5 minutes", "token"}},
      {K::kRangeNotSatisfiable, false, {"shorter", "another source"}},
      {K::kUnavailable, false, {"try again later", "another source"}},
      {K::kUnexpected, false, {"endpoint", "https://huggingface.co"}},
  };
  for (const auto& [kind, token_sent, parts] : kCases) {
    const std::string line = ExplainKind(kind, token_sent);
    EXPECT_THAT(line, AllOf(StartsWith("official: "), Not(HasSubstr("\n")), HasSubstr("HTTP 404")));
    for (const char* part : parts) EXPECT_THAT(line, HasSubstr(part));
  }
}

TEST(ExplainTest, NamesTheAccountThatHasNoAccess) {
  AskedFor asked = Asked(true);
  asked.account = "alice";
  EXPECT_THAT(Explain(Classify(403, {{"x-error-code", "GatedRepo"}}), asked),
              AllOf(HasSubstr("the account \"alice\" has no access"),
                    HasSubstr("https://huggingface.co/datasets/org/data")));
  EXPECT_THAT(Explain(Classify(403, {}), asked),
              HasSubstr("forbidden for the account \"alice\""));
}

TEST(ExplainTest, SaysThatTheTokenThatWasFoundIsRefused) {
  AskedFor asked = Asked();
  asked.token_refused = true;
  for (const int status : {401, 403}) {
    EXPECT_THAT(Explain(Classify(status, {{"x-error-code", "GatedRepo"}}), asked),
                AllOf(HasSubstr("is gated"), HasSubstr("refused"), HasSubstr("hfget auth login")));
  }
  EXPECT_THAT(Explain(Classify(401, {{"x-error-code", "RepoNotFound"}}), asked),
              AllOf(HasSubstr("private"), HasSubstr("refused"), HasSubstr("hfget auth login")));
}

TEST(ExplainTest, QuotesTheHubAndTheRequest) {
  const HubError error = Classify(401, {{"x-error-code", "GatedRepo"},
                                        {"x-request-id", "Root=1-ab"},
                                        {"x-error-message", "Access to model is restricted"}});
  EXPECT_THAT(Explain(error, Asked()),
              HasSubstr("[HTTP 401, \"Access to model is restricted\", request id Root=1-ab]"));
}

TEST(ExplainTest, NamesTheTimeToWait) {
  EXPECT_THAT(Explain(Classify(429, {{"ratelimit", R"("api";r=0;t=89)"}}), Asked()),
              HasSubstr("in 1m30s"));
  EXPECT_THAT(Explain(Classify(503, {{"retry-after", "5"}}), Asked()), HasSubstr("in 5s"));
}

TEST(ExplainTest, WhatAUserTypedCannotSpeakToATerminal) {
  AskedFor asked = Asked();
  asked.path = "a\x1B[2Jb";
  asked.revision = "x\ny";
  EXPECT_THAT(Explain(Classify(404, {{"x-error-code", "EntryNotFound"}}), asked),
              AllOf(HasSubstr("a\\x1b[2Jb"), Not(HasSubstr("\n"))));
}

TEST(ExplainTest, OfARepoOfModelScopeNamesItsPagesAndItsToken) {
  AskedFor asked = Asked();
  asked.repo = {RepoType::kModel, "org/name", Hub::kModelScope};
  asked.endpoint = "https://modelscope.cn";
  for (const HubErrorKind kind : {HubErrorKind::kRepoNotFound, HubErrorKind::kUnauthorized,
                                  HubErrorKind::kForbidden, HubErrorKind::kGated}) {
    HubError error;
    error.kind = kind;
    EXPECT_THAT(Explain(error, asked),
                AllOf(HasSubstr("MODELSCOPE_API_TOKEN"), Not(HasSubstr("HF_TOKEN"))));
  }
  HubError error;
  error.kind = HubErrorKind::kEntryNotFound;
  EXPECT_THAT(Explain(error, asked), HasSubstr("https://modelscope.cn/models/org/name/files"));
}

TEST(HubWarningTest, IsOnePrintableLine) {
  EXPECT_EQ(HubWarning({{"x-hf-warning", "deprecated;  use\tv2"}}), "deprecated; use v2");
  EXPECT_EQ(HubWarning({}), "");
}

}  // namespace
}  // namespace hfget::hub
