#include "daemon/hub/canary.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::hub {
namespace {

const std::string kCommit(40, 'a');
const std::string kOtherCommit(40, 'b');

ProbeAnswer Came(int status, HeaderFields headers, std::string body = "") {
  return {true, status, std::move(headers), std::move(body)};
}

const ProbeAnswer kNothing;
const ProbeAnswer kServed =
    Came(302, {{"x-repo-commit", kCommit}, {"location", "https://cdn.example/x"}});
const ProbeAnswer kServedWhole = Came(200, {{"x-repo-commit", kCommit}});
const ProbeAnswer kServedOther = Came(302, {{"x-repo-commit", kOtherCommit}});
const ProbeAnswer kAbsent =
    Came(404, {{"x-repo-commit", kCommit}, {"x-error-code", "EntryNotFound"}});
const ProbeAnswer kRefused =
    Came(401, {{"x-error-message", "Invalid credentials in Authorization header"}});
const ProbeAnswer kRefusedInBody =
    Came(401, {}, R"({"error":"Invalid credentials in Authorization header"})");
const ProbeAnswer kOwn401 = Came(401, {{"x-error-message", "go away"}});
const ProbeAnswer kRepoNotFound =
    Came(401, {{"x-error-code", "RepoNotFound"}, {"x-repo-commit", kCommit}});
const ProbeAnswer kForbidden = Came(403, {});
const ProbeAnswer kLimited = Came(429, {});
const ProbeAnswer kBroken = Came(502, {});
const ProbeAnswer kPage = Came(200, {{"content-type", "text/html"}});

struct Case {
  const char* what;
  ProbeAnswer anonymous, canary;
  CanaryVerdict verdict;
};

constexpr auto kUnknown = CanaryVerdict::kUnknown;
constexpr auto kNotSeen = CanaryVerdict::kNotSeenToForward;
constexpr auto kForwards = CanaryVerdict::kForwards;

const Case kCases[] = {
    {"the hub's words came through", kServed, kRefused, kForwards},
    {"… in the body", kServed, kRefusedInBody, kForwards},
    {"… for a path that nobody has", kAbsent, kRefused, kForwards},
    {"served all the same", kServed, kServed, kNotSeen},
    {"absent all the same", kAbsent, kAbsent, kNotSeen},
    {"served, with another status", kServed, kServedWhole, kNotSeen},
    {"a 401 of its own", kServed, kOwn401, kUnknown},
    {"a 401 with a code", kServed, kRepoNotFound, kUnknown},
    {"a 403", kServed, kForbidden, kUnknown},
    {"rate limited", kServed, kLimited, kUnknown},
    {"broken", kServed, kBroken, kUnknown},
    {"no answer to the canary", kServed, kNothing, kUnknown},
    {"a page for the canary", kServed, kPage, kUnknown},
    {"served without, absent with", kServed, kAbsent, kUnknown},
    // Without a token it must first answer as the hub does.
    {"not reached", kNothing, kRefused, kUnknown},
    {"forges the words for everybody", kRefused, kRefused, kUnknown},
    {"a page for everybody", kPage, kPage, kUnknown},
    {"no X-Repo-Commit", Came(200, {}), kRefused, kUnknown},
    {"a commit that is none", Came(200, {{"x-repo-commit", "main"}}), kRefused, kUnknown},
    {"gated or absent", kRepoNotFound, kRefused, kUnknown},
    {"broken for everybody", kBroken, kBroken, kUnknown},
};

TEST(CanaryTest, WithoutAControlTheHubsOwnWordsAreTheEvidence) {
  for (const Case& c : kCases) {
    for (const auto& control :
         {std::optional<ProbePair>(), std::optional<ProbePair>(ProbePair{kNothing, kNothing})}) {
      const CanaryResult result = JudgeCanary({c.anonymous, c.canary}, control);
      EXPECT_EQ(result.verdict, c.verdict) << c.what << ": " << result.why;
      EXPECT_FALSE(result.why.empty()) << c.what;
    }
  }
}

TEST(CanaryTest, AControlThatAgreesChangesNoVerdict) {
  for (const Case& c : kCases) {
    const bool absent = c.anonymous.status == 404;
    const ProbePair control = {absent ? kAbsent : kServed, kRefused};
    EXPECT_EQ(JudgeCanary({c.anonymous, c.canary}, control).verdict, c.verdict) << c.what;
  }
}

TEST(CanaryTest, AControlThatAnswersOtherwiseMakesEveryVerdictUnknown) {
  const std::pair<const char*, ProbePair> kControls[] = {
      {"takes tokens that were never issued", {kServed, kServed}},
      {"refuses in other words", {kServed, kOwn401}},
      {"is out of order", {kBroken, kBroken}},
      {"limits the canary", {kServed, kLimited}},
      {"refuses everybody", {kRefused, kRefused}},
      {"has not the object", {kRepoNotFound, kRefused}},
      {"has another commit", {kServedOther, kRefused}},
      {"answers another kind", {kAbsent, kRefused}},
  };
  for (const auto& [what, control] : kControls) {
    EXPECT_EQ(JudgeCanary({kServed, kRefused}, control).verdict, kUnknown) << what;
    EXPECT_EQ(JudgeCanary({kServed, kServed}, control).verdict, kUnknown) << what;
  }
}

TEST(CanaryTest, AControlThatIsReachedHalfwayIsNone) {
  EXPECT_EQ(JudgeCanary({kServed, kRefused}, ProbePair{kServed, kNothing}).verdict, kForwards);
  EXPECT_EQ(JudgeCanary({kServed, kRefused}, ProbePair{kNothing, kRefused}).verdict, kForwards);
}

TEST(CanaryTest, TheReasonSaysWhetherThereWasAControl) {
  using ::testing::HasSubstr;
  EXPECT_THAT(JudgeCanary({kServed, kRefused}, std::nullopt).why, HasSubstr("not reachable"));
  EXPECT_THAT(JudgeCanary({kServed, kServed}, ProbePair{kServed, kRefused}).why, HasSubstr("302"));
}

TEST(CanaryTest, VerdictsHaveNames) {
  EXPECT_EQ(CanaryVerdictName(kForwards), "forwards");
  EXPECT_EQ(CanaryVerdictName(kNotSeen), "not seen to forward");
  EXPECT_EQ(CanaryVerdictName(kUnknown), "unknown");
}

}  // namespace
}  // namespace hfget::hub
