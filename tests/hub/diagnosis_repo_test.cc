#include "daemon/hub/diagnosis_repo.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::hub {
namespace {

using ::testing::HasSubstr;
using End = RouteEvidence::End;

const std::string kA(40, 'a'), kB(40, 'b');
constexpr absl::Time kNow = absl::UnixEpoch();

AskedFor Asked() {
  AskedFor asked;
  asked.repo.name = "org/m";
  asked.revision = "main";
  asked.path = "model.safetensors";
  asked.endpoint = "https://huggingface.co";
  asked.account = "bob";
  return asked;
}

RepoVoice Voice(const char* source, bool authority, HubErrorKind kind, bool token_sent = false) {
  RepoVoice voice;
  voice.source = source;
  voice.authority = authority;
  voice.token_sent = token_sent;
  voice.error.kind = kind;
  voice.error.status = kind == HubErrorKind::kNone ? 200 : 404;
  if (kind == HubErrorKind::kNone) voice.info.commit = kA;
  return voice;
}

TEST(DiagnosisRepoTest, BelievesWhomAPullWouldBelieve) {
  const RepoVoice no = Voice("tuna", false, HubErrorKind::kRepoNotFound);
  const RepoVoice yes = Voice("pai", false, HubErrorKind::kNone);
  const RepoVoice final_no = Voice("official", true, HubErrorKind::kRepoNotFound);
  EXPECT_EQ(Decisive({}), nullptr);
  EXPECT_EQ(Decisive({no})->source, "tuna");
  EXPECT_EQ(Decisive({no, yes})->source, "pai");
  EXPECT_EQ(Decisive({no, yes, final_no})->source, "official");
}

TEST(DiagnosisRepoTest, SaysWhatIsWrongWithTheRepo) {
  const struct {
    const char* what;
    HubErrorKind kind;
    bool present, sent;
    const char* cause;
    const char* fix;
  } kCases[] = {
      {"there", HubErrorKind::kNone, false, false, "repo-found", ""},
      {"absent or private, and no token", HubErrorKind::kRepoNotFound, false, false, "no-token", "hfget auth login"},
      {"… and the token is not sent there", HubErrorKind::kRepoNotFound, true, false, "token-not-sent", "if-proven"},
      {"… and the token does not help", HubErrorKind::kRepoNotFound, true, true, "repo-not-found", "https://huggingface.co/org/m"},
      {"no such revision", HubErrorKind::kRevisionNotFound, true, true, "revision-not-found", "tree/main"},
      {"disabled", HubErrorKind::kDisabled, false, false, "disabled", "https://huggingface.co/org/m"},
      {"the token is refused", HubErrorKind::kInvalidToken, true, true, "token-refused", "settings/tokens"},
      {"the token has not the scope", HubErrorKind::kForbidden, true, true, "token-lacks-scope", "fine-grained"},
  };
  for (const auto& c : kCases) {
    const Finding finding = JudgeRepo(Voice("official", true, c.kind, c.sent), Asked(), c.present);
    EXPECT_EQ(finding.severity, c.kind == HubErrorKind::kNone ? Severity::kOk : Severity::kProblem) << c.what;
    EXPECT_EQ(finding.check, "repo") << c.what;
    EXPECT_EQ(finding.cause, c.cause) << c.what;
    EXPECT_EQ(finding.subject, "org/m") << c.what;
    EXPECT_THAT(finding.fix, HasSubstr(c.fix)) << c.what;
  }
}

TEST(DiagnosisRepoTest, AMirrorLagsOnlyWhenItHasNotTheCommit) {
  EXPECT_FALSE(JudgeLag("tuna", kA, kB, true));
  EXPECT_FALSE(JudgeLag("tuna", "", kB, false));
  const auto lag = JudgeLag("tuna", kA, kB, false);
  EXPECT_EQ(lag->cause, "lagging-mirror");
  EXPECT_THAT(lag->fix, HasSubstr(absl::StrCat("--revision ", kB)));
  EXPECT_EQ(JudgeLag("tuna", kA, "", false)->cause, "lagging-mirror");
}

struct BytesCase {
  const char* what;
  End end;
  int status;
  HeaderFields headers;
  bool at_hub, present, sent;
  Severity severity;
  const char* check;
  const char* cause;
  const char* fix;
};

BytesEvidence Seen(const BytesCase& c) {
  BytesEvidence seen;
  seen.last.source = "tuna";
  seen.last.url = c.at_hub ? "https://mirror.example/org/m/resolve/x" : "https://cdn.example/object?Signature=secret";
  seen.last.end = c.end;
  seen.last.status = c.status;
  seen.last.headers = c.headers;
  seen.at_hub = c.at_hub;
  seen.token_present = c.present;
  seen.token_sent = c.sent;
  seen.asked = Asked();
  return seen;
}

TEST(DiagnosisRepoTest, SaysWhyBytesDoNotCome) {
  const HeaderFields gated = {{"x-error-code", "GatedRepo"}};
  const BytesCase cases[] = {
      {"they come", End::kAnswered, 206, {}, true, false, false, Severity::kOk, "data-host", "bytes-come", ""},
      {"from elsewhere", End::kAnswered, 206, {}, false, false, false, Severity::kOk, "data-host", "bytes-come", ""},
      {"all of them", End::kAnswered, 200, {}, false, false, false, Severity::kOk, "data-host", "bytes-come", ""},
      {"of an empty file", End::kAnswered, 416, {}, true, false, false, Severity::kOk, "data-host", "bytes-come", ""},
      {"the data host is blocked", End::kConnectTimeout, 0, {}, false, false, false, Severity::kProblem, "data-host", "data-host-blocked", "cdn.example"},
      {"… by its certificate", End::kTls, 0, {}, false, false, false, Severity::kProblem, "data-host", "data-host-blocked", "cdn.example"},
      {"it refuses a fresh link", End::kAnswered, 403, {}, false, false, false, Severity::kProblem, "data-host", "data-host-refuses", "timedatectl"},
      {"it is out of order", End::kAnswered, 503, {}, false, false, false, Severity::kProblem, "data-host", "data-host-error", "later"},
      {"gated, no token", End::kAnswered, 401, gated, true, false, false, Severity::kProblem, "access", "no-token", "accept its conditions"},
      {"gated, a token that is not sent", End::kAnswered, 401, gated, true, true, false, Severity::kProblem, "access", "token-not-sent", "if-proven"},
      {"gated, no access", End::kAnswered, 403, gated, true, true, true, Severity::kProblem, "access", "gated", "https://huggingface.co/org/m"},
      {"no scope", End::kAnswered, 403, {}, true, true, true, Severity::kProblem, "access", "token-lacks-scope", "fine-grained"},
      {"a filter", End::kAnswered, 403, {}, true, false, false, Severity::kProblem, "access", "refuses-file", "another source"},
      {"the file is not there", End::kAnswered, 404, {{"x-error-code", "EntryNotFound"}}, true, false, false, Severity::kProblem, "access", "file-missing", "lag"},
      {"too many requests", End::kAnswered, 429, {}, true, false, false, Severity::kProblem, "rate-limit", "rate-limited", "5 minutes"},
      {"reset at the hub", End::kReset, 0, {}, true, false, false, Severity::kProblem, "route", "connection-reset", "proxy"},
  };
  for (const BytesCase& c : cases) {
    const Finding finding = JudgeBytes(Seen(c), kNow);
    EXPECT_EQ(finding.severity, c.severity) << c.what;
    EXPECT_EQ(finding.check, c.check) << c.what;
    EXPECT_EQ(finding.cause, c.cause) << c.what;
    EXPECT_EQ(finding.subject, "tuna") << c.what;
    EXPECT_THAT(finding.fix, HasSubstr(c.fix)) << c.what;
    EXPECT_EQ((finding.message + finding.evidence + finding.fix).find("secret"), std::string::npos) << c.what;
  }
}

TEST(DiagnosisRepoTest, NamesTheAccountThatHasNoAccess) {
  BytesCase c{"", End::kAnswered, 403, {{"x-error-code", "GatedRepo"}}, true, true, true, Severity::kProblem, "", "", ""};
  EXPECT_THAT(JudgeBytes(Seen(c), kNow).message, HasSubstr("the account bob has no access"));
}

TEST(DiagnosisRepoTest, AsksForAFileThatLiesWhereLargeOnesLie) {
  EXPECT_EQ(TypicalFile({".gitattributes", "README.md", "a/model.safetensors", "b.bin"}), "a/model.safetensors");
  EXPECT_EQ(TypicalFile({".gitattributes", "README.md", "config.json"}), "README.md");
  EXPECT_EQ(TypicalFile({"../../x.bin", "config.json"}), "config.json") << "a hostile path is not asked for";
  EXPECT_EQ(TypicalFile({".gitattributes"}), ".gitattributes");
  EXPECT_EQ(TypicalFile({}), "");
}

}  // namespace
}  // namespace hfget::hub
