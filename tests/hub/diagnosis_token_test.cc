#include "daemon/hub/diagnosis_token.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::hub {
namespace {

using ::testing::HasSubstr;
using Word = TokenEvidence::Word;

TokenEvidence Token(Word word, bool ambient, const char* origin) {
  TokenEvidence token;
  token.present = true;
  token.may_be_seen = true;
  token.word = word;
  token.ambient = ambient;
  token.hint = "hf_…1a2b";
  token.origin = origin;
  token.source = "official";
  token.home = "https://huggingface.co";
  if (word == Word::kAccepted) {
    token.account.emplace();
    token.account->name = "alice";
    token.account->token_role = "read";
  }
  return token;
}

TokenEvidence NoToken(bool forbidden) {
  TokenEvidence token;
  token.forbidden = forbidden;
  token.home = "https://huggingface.co";
  return token;
}

TokenEvidence Unseen() {
  TokenEvidence token = Token(Word::kNone, true, "HF_TOKEN");
  token.may_be_seen = false;
  return token;
}

struct Case {
  const char* what;
  TokenEvidence token;
  Severity severity;
  const char* cause;
  const char* fix;  // part of it
};

TEST(DiagnosisTokenTest, SaysWhatATokenIsGoodFor) {
  const Case cases[] = {
      {"none", NoToken(false), Severity::kNote, "no-token", "hfget auth login"},
      {"none is wanted", NoToken(true), Severity::kNote, "token-forbidden", "HF_HUB_DISABLE_IMPLICIT_TOKEN"},
      {"a good one", Token(Word::kAccepted, true, "HF_TOKEN"), Severity::kOk, "token-valid", ""},
      {"a stale one was found", Token(Word::kRefused, true, "HF_TOKEN"), Severity::kWarning, "token-refused", "unset HF_TOKEN"},
      {"… in a file", Token(Word::kRefused, true, "/home/u/token"), Severity::kWarning, "token-refused", "hfget auth login"},
      {"a stale one was given", Token(Word::kRefused, false, "--token"), Severity::kProblem, "token-refused", "leave --token out"},
      {"nobody may see it", Unseen(), Severity::kWarning, "token-not-sent", "if-proven"},
      {"nobody answers", Token(Word::kNone, true, "HF_TOKEN"), Severity::kNote, "token-unchecked", "whoami"},
  };
  for (const Case& c : cases) {
    const Finding finding = JudgeToken(c.token);
    EXPECT_EQ(finding.severity, c.severity) << c.what;
    EXPECT_EQ(finding.check, "token") << c.what;
    EXPECT_EQ(finding.cause, c.cause) << c.what;
    EXPECT_THAT(finding.fix, HasSubstr(c.fix)) << c.what;
    EXPECT_EQ(finding.subject, c.token.present ? c.token.origin : "token") << c.what;
  }
}

TEST(DiagnosisTokenTest, SaysWhatAFineGrainedTokenOpens) {
  TokenEvidence token = Token(Word::kAccepted, true, "HF_TOKEN");
  EXPECT_EQ(JudgeToken(token).message, "the token hf_…1a2b is alice's");
  token.account->token_role = "fineGrained";
  EXPECT_THAT(JudgeToken(token).message, HasSubstr("read access to public gated repos"));
}

TEST(DiagnosisTokenTest, SaysWhoPassesAuthorizationOn) {
  const struct {
    CanaryVerdict verdict;
    bool wanted;
    Severity severity;
    const char* cause;
  } kCases[] = {
      {CanaryVerdict::kForwards, true, Severity::kOk, "forwards-authorization"},
      {CanaryVerdict::kNotSeenToForward, true, Severity::kWarning, "mirror-drops-authorization"},
      {CanaryVerdict::kNotSeenToForward, false, Severity::kNote, "mirror-drops-authorization"},
      {CanaryVerdict::kUnknown, true, Severity::kWarning, "authorization-unknown"},
      {CanaryVerdict::kUnknown, false, Severity::kNote, "authorization-unknown"},
  };
  for (const auto& c : kCases) {
    const Finding finding = JudgeAuthorization("tuna", {c.verdict, "the evidence"}, c.wanted);
    EXPECT_EQ(finding.severity, c.severity);
    EXPECT_EQ(finding.cause, c.cause);
    EXPECT_EQ(finding.subject, "tuna");
    EXPECT_EQ(finding.evidence, "the evidence");
  }
}

}  // namespace
}  // namespace hfget::hub
