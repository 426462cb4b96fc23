#include "daemon/hub/diagnosis_answer.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::hub {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time kNow = absl::FromUnixSeconds(1800000000);
const std::string kInfo = absl::StrCat(R"({"id":"org/m","sha":")", std::string(40, 'a'), R"("})");
constexpr char kEndpoint[] = "https://mirror.example/hugging-face";

RouteEvidence Came(int status, HeaderFields headers, std::string body = "") {
  RouteEvidence seen;
  seen.source = "tuna";
  seen.url = "https://mirror.example/hugging-face/api/models/org/m/revision/main";
  seen.status = status;
  seen.headers = std::move(headers);
  seen.body = std::move(body);
  return seen;
}

struct Case {
  const char* what;
  RouteEvidence seen;
  Answerer who;
  const char* cause;  // with no better endpoint; empty: no trouble
};

const Case kCases[] = {
    {"the commit", Came(200, {}, kInfo), Answerer::kHub, ""},
    {"no such repo", Came(404, {{"x-error-code", "RepoNotFound"}}), Answerer::kHub, ""},
    {"private, anonymous", Came(401, {{"x-error-message", "Invalid username or password."}}), Answerer::kHub, ""},
    {"gated", Came(403, {{"x-error-code", "GatedRepo"}}), Answerer::kHub, ""},
    {"disabled", Came(403, {{"x-error-message", "Access to this resource is disabled."}}), Answerer::kHub, ""},
    {"JSON of something else", Came(200, {}, R"({"ok":true})"), Answerer::kStranger, "not-a-hub"},
    {"a web page", Came(200, {{"content-type", "text/html"}}, "<html>"), Answerer::kStranger, "not-a-hub"},
    {"nginx without a location", Came(404, {{"content-type", "text/html"}}, "<html>404"), Answerer::kStranger, "not-a-hub"},
    {"the hub's page that is not there", Came(404, {{"x-error-message", "Sorry, we can't find the page"}}), Answerer::kStranger, "not-a-hub"},
    {"another's log-in", Came(401, {{"www-authenticate", "Basic"}}), Answerer::kStranger, "not-a-hub"},
    {"a filter", Came(403, {}, "invalid request"), Answerer::kRefuses, "refuses-us"},
    {"to the official hub", Came(308, {{"location", "https://huggingface.co/api/models/org/m"}}), Answerer::kElsewhere, "wrong-region"},
    {"in a circle", Came(302, {{"location", "/login"}}), Answerer::kStranger, "not-a-hub"},
    {"too many requests", Came(429, {{"ratelimit", "\"api\";r=0;t=240"}}), Answerer::kBusy, "rate-limited"},
    {"out of order", Came(502, {}), Answerer::kBusy, "hub-error"},
};

TEST(DiagnosisAnswerTest, KnowsAHubByItsAnswer) {
  for (const Case& c : kCases) {
    EXPECT_EQ(WhoAnswers(c.seen), c.who) << c.what;
    const auto trouble = AnswerTrouble(c.seen, kEndpoint, std::nullopt, kNow);
    EXPECT_EQ(trouble ? trouble->cause : "", c.cause) << c.what;
  }
}

TEST(DiagnosisAnswerTest, NamesThePrefixAtWhichAHubAnswers) {
  for (const Case& c : kCases) {
    const auto trouble = AnswerTrouble(c.seen, kEndpoint, "https://mirror.example/pai-hub", kNow);
    const bool ignorant = c.who == Answerer::kHub && c.seen.status != 200;
    const bool strange = c.who == Answerer::kStranger || c.who == Answerer::kRefuses || ignorant;
    if (c.who == Answerer::kHub && !ignorant) continue;  // then none is looked for
    EXPECT_EQ(trouble && trouble->cause == "wrong-prefix", strange) << c.what;
    if (strange) {
      EXPECT_THAT(trouble->fix, HasSubstr("endpoint = \"https://mirror.example/pai-hub\" in [source.tuna]")) << c.what;
    }
  }
  RouteEvidence env = Came(404, {});
  env.source = "env";
  EXPECT_THAT(AnswerTrouble(env, kEndpoint, "https://mirror.example", kNow)->fix, HasSubstr("export HF_ENDPOINT=https://mirror.example"));
}

TEST(DiagnosisAnswerTest, TriesThePrefixesThatMirrorsHave) {
  const auto candidates = PrefixCandidates("https://mirror.example:8443/hugging-face");
  for (const char* prefix : {"", "/pai-hub", "/hf"}) {
    EXPECT_THAT(candidates, Contains(absl::StrCat("https://mirror.example:8443", prefix)));
  }
  EXPECT_THAT(candidates, Not(Contains("https://mirror.example:8443/hugging-face")));
  EXPECT_THAT(PrefixCandidates("https://mirror.example"), Contains("https://mirror.example/hugging-face"));
  EXPECT_THAT(PrefixCandidates("https://mirror.example"), Not(Contains("https://mirror.example")));
}

TEST(DiagnosisAnswerTest, SaysWhenTheQuotaComesBack) {
  EXPECT_THAT(AnswerTrouble(Came(429, {{"ratelimit", "\"api\";r=0;t=240"}}), kEndpoint, {}, kNow)->fix, HasSubstr("4m1s"));
  EXPECT_THAT(AnswerTrouble(Came(429, {{"retry-after", "30"}}), kEndpoint, {}, kNow)->fix, HasSubstr("30s"));
  EXPECT_THAT(WindowUsedUp(Came(200, {{"ratelimit", "\"api\";r=0;t=60"}}, kInfo))->message, HasSubstr("1m"));
  EXPECT_FALSE(WindowUsedUp(Came(200, {{"ratelimit", "\"api\";r=1;t=60"}}, kInfo)));
  EXPECT_FALSE(WindowUsedUp(Came(200, {}, kInfo)));
}

TEST(DiagnosisAnswerTest, ReadsTheirClock) {
  EXPECT_EQ(ClockAhead({{"date", "Fri, 15 Jan 2027 08:10:00 GMT"}}, kNow), absl::Minutes(10));
  EXPECT_EQ(ClockAhead({{"date", "Fri, 15 Jan 2027 07:59:30 GMT"}}, kNow), -absl::Seconds(30));
  EXPECT_FALSE(ClockAhead({{"date", "infinite-future"}}, kNow));
  EXPECT_FALSE(ClockAhead({{"date", "Fri, 15 Jan 2027 08:10:00"}}, kNow));
  EXPECT_FALSE(ClockAhead({}, kNow));
}

TEST(DiagnosisAnswerTest, BlamesOurClockWhenMostSayItIsWrong) {
  const absl::Duration right = absl::Seconds(1), wrong = absl::Hours(8);
  EXPECT_FALSE(JudgeClock({}));
  EXPECT_EQ(JudgeClock({{"a", right}})->severity, Severity::kOk);
  EXPECT_EQ(JudgeClock({{"a", right}, {"b", wrong}, {"c", right}})->cause, "clock-right") << "theirs is wrong";
  EXPECT_EQ(JudgeClock({{"a", right}, {"b", wrong}})->cause, "clock-right") << "nobody knows";
  const auto skew = JudgeClock({{"a", wrong}, {"b", wrong}, {"c", right}});
  EXPECT_EQ(skew->cause, "clock-skew");
  EXPECT_EQ(skew->severity, Severity::kWarning);
  EXPECT_THAT(skew->message, HasSubstr("8h slow"));
  EXPECT_THAT(JudgeClock({{"a", -wrong}})->message, HasSubstr("8h fast"));
}

}  // namespace
}  // namespace hfget::hub
