#include <nlohmann/json.hpp>

#include "tests/cli/command_fixture.h"

namespace hfget::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::Finding Finding(v1::Finding::Severity severity, const char* check, const char* cause, const char* subject, const char* message,
                    const char* evidence = "", const char* fix = "") {
  v1::Finding finding;
  finding.set_severity(severity);
  finding.set_check(check);
  finding.set_cause(cause);
  finding.set_subject(subject);
  finding.set_message(message);
  finding.set_evidence(evidence);
  finding.set_fix(fix);
  return finding;
}

const v1::Finding kWell = Finding(v1::Finding::SEVERITY_OK, "route", "reachable", "official", "a hub answers", "HTTP 200");
const v1::Finding kBlocked =
    Finding(v1::Finding::SEVERITY_WARNING, "route", "connect-timeout", "tuna", "the route is blocked", "timed out", "use a proxy");
const v1::Finding kBytes = Finding(v1::Finding::SEVERITY_OK, "data-host", "bytes-come", "official", "gives bytes");
const v1::Finding kWorks = Finding(v1::Finding::SEVERITY_OK, "pull", "pull-works", "", "a pull would work, from official");

class DoctorCommandTest : public testing::CommandFixture {
 protected:
  int Diagnose(std::vector<v1::Finding> findings, std::vector<std::string> words = {}) {
    daemon_.Stop();
    daemon_.findings = std::move(findings);
    daemon_.Start();
    words.insert(words.begin(), "doctor");
    return Run(words);
  }
};

TEST_F(DoctorCommandTest, GroupsByWhatItIsAboutAndEndsWithTheVerdict) {
  EXPECT_EQ(Diagnose({kWell, kBlocked, kBytes, kWorks}), 0);
  EXPECT_EQ(out(),
            "official\n"
            "  ✓ a hub answers (HTTP 200)\n"
            "  ✓ gives bytes\n"
            "tuna\n"
            "  ! the route is blocked\n"
            "      seen: timed out\n"
            "      fix:  use a proxy\n"
            "✓ a pull would work, from official\n");
}

TEST_F(DoctorCommandTest, TheSameTroubleOfSeveralIsExplainedOnce) {
  v1::Finding other = kBlocked;
  other.set_subject("pai");
  EXPECT_EQ(Diagnose({kBlocked, other, kWorks}), 0);
  EXPECT_EQ(out(),
            "tuna\n"
            "  ! the route is blocked\n"
            "      seen: timed out\n"
            "      fix:  use a proxy\n"
            "pai\n"
            "  ! the route is blocked (as for tuna)\n"
            "✓ a pull would work, from official\n");
}

TEST_F(DoctorCommandTest, LinesKeepToTheTerminal) {
  out_terminal_.draws = true;
  out_terminal_.size = [] { return TerminalSize{40, 24}; };
  v1::Finding finding = kBlocked;
  finding.set_fix("set https_proxy where hfgetd is started, or proxy in its section");
  EXPECT_EQ(Diagnose({finding, kWorks}), 0);
  EXPECT_EQ(out(),
            "tuna\n"
            "  ! the route is blocked\n"
            "      seen: timed out\n"
            "      fix:  set https_proxy where\n"
            "            hfgetd is started, or proxy\n"
            "            in its section\n"
            "✓ a pull would work, from official\n");
}

TEST_F(DoctorCommandTest, ATerminalWithoutUnicodeGetsLetters) {
  out_terminal_.unicode = false;
  EXPECT_EQ(Diagnose({kWell, kWorks}), 0);
  EXPECT_THAT(out(), HasSubstr("  ok a hub answers"));
}

TEST_F(DoctorCommandTest, JsonIsOneObject) {
  EXPECT_EQ(Diagnose({kBlocked, kWorks}, {"org/model", "--json"}), 0);
  const auto json = nlohmann::json::parse(out());
  EXPECT_EQ(json["works"], true);
  EXPECT_EQ(json["repo"], "org/model");
  EXPECT_EQ(json["findings"][0]["severity"], "warning");
  EXPECT_EQ(json["findings"][0]["cause"], "connect-timeout");
  EXPECT_EQ(json["findings"][0]["fix"], "use a proxy");
  EXPECT_EQ(daemon_.diagnosed.repo(), "org/model");
}

TEST_F(DoctorCommandTest, EndsAsThePullWould) {
  const struct {
    const char *check, *cause;
    int code;
  } kCases[] = {{"access", "gated", 4},        {"access", "no-token", 4},       {"token", "token-refused", 4}, {"repo", "repo-not-found", 3},
                {"disk", "not-writable", 6},   {"route", "connect-timeout", 5}, {"tls", "tls-interception", 5},
                {"prefix", "wrong-prefix", 5}};
  for (const auto& c : kCases) {
    const auto problem = Finding(v1::Finding::SEVERITY_PROBLEM, c.check, c.cause, "x", "wrong");
    const auto fails = Finding(v1::Finding::SEVERITY_PROBLEM, "pull", c.cause, "", "a pull would fail");
    EXPECT_EQ(Diagnose({problem, fails}), c.code) << c.cause;
  }
  EXPECT_EQ(Diagnose({kWell}), 1) << "no verdict";
}

TEST_F(DoctorCommandTest, SendsTheTokenAndSaysWhereItIsFrom) {
  env_["HF_TOKEN"] = "hf_abcdefghijklm";
  EXPECT_EQ(Diagnose({kWorks}), 0);
  EXPECT_EQ(daemon_.diagnosed.token(), "hf_abcdefghijklm");
  EXPECT_EQ(daemon_.diagnosed.token_origin(), "HF_TOKEN");
  EXPECT_TRUE(daemon_.diagnosed.token_is_ambient());
  EXPECT_THAT(out() + err(), Not(HasSubstr("abcdef")));
}

TEST_F(DoctorCommandTest, ATokenThatCannotBeSentIsAFindingAndTheRestIsLookedAt) {
  env_["HF_TOKEN"] = "hf_abc def";
  EXPECT_EQ(Diagnose({kWell, kWorks}), 4) << "a pull would end so";
  EXPECT_TRUE(daemon_.diagnosed.anonymous());
  EXPECT_THAT(out(), HasSubstr("  ✗ the token of HF_TOKEN has a space"));
  EXPECT_THAT(out(), HasSubstr("✗ a pull would fail: the token of HF_TOKEN"));
  EXPECT_THAT(out(), HasSubstr("a hub answers"));
}

TEST_F(DoctorCommandTest, SaysThatTheDaemonHasNotHeardOfAnEndpoint) {
  env_["HF_ENDPOINT"] = "https://hf-mirror.com";
  EXPECT_EQ(Diagnose({kWorks}), 0);
  EXPECT_THAT(out(), HasSubstr("HF_ENDPOINT\n  ! the running daemon has no HF_ENDPOINT"));
  daemon_.environment["HF_ENDPOINT"] = "https://hf-mirror.com";
  EXPECT_EQ(Diagnose({kWorks}), 0);
  EXPECT_THAT(out(), Not(HasSubstr("HF_ENDPOINT")));
}

TEST_F(DoctorCommandTest, ADaemonThatDoesNotStartIsAFinding) {
  processes_.start_status = absl::FailedPreconditionError("the state folder /state is not writable");
  EXPECT_EQ(Run({"doctor"}), 1);
  EXPECT_THAT(out(), HasSubstr("✗ the daemon does not run"));
  EXPECT_THAT(out(), HasSubstr("seen: "));
  EXPECT_THAT(out(), HasSubstr("/state is not writable"));
}

}  // namespace
}  // namespace hfget::cli
