#include "cli/own_findings.h"

#include <fstream>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cli/temp_folder.h"

namespace hfget::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(OwnFindingsTest, SeesWhatIsOddAboutAToken) {
  const struct {
    const char* text;
    const char* cause;  // empty: nothing
    v1::Finding::Severity severity;
  } kCases[] = {
      {"", "", {}},
      {"hf_abc", "", {}},
      {"hf_abc\n", "token-newline", v1::Finding::SEVERITY_NOTE},
      {" hf_abc", "token-space", v1::Finding::SEVERITY_NOTE},
      {"hf_abc\ndef", "token-newline", v1::Finding::SEVERITY_WARNING},
      {"hf_abc def", "token-space", v1::Finding::SEVERITY_PROBLEM},
      {"hf_\xc3\xa4", "token-space", v1::Finding::SEVERITY_PROBLEM},
      {"\"hf_abc\"", "token-quotes", v1::Finding::SEVERITY_WARNING},
      {"'hf_abc'\n", "token-quotes", v1::Finding::SEVERITY_WARNING},
      {"HF_TOKEN=hf_abc", "token-prefix", v1::Finding::SEVERITY_WARNING},
  };
  for (const auto& c : kCases) {
    const auto finding = JudgeTokenText(c.text, "HF_TOKEN");
    EXPECT_EQ(finding ? finding->cause() : "", c.cause) << c.text;
    if (!finding) continue;
    EXPECT_EQ(finding->severity(), c.severity) << c.text;
    EXPECT_EQ(finding->subject(), "HF_TOKEN");
    EXPECT_THAT(finding->fix(), HasSubstr("export HF_TOKEN="));
    EXPECT_EQ(finding->DebugString().find("abc"), std::string::npos) << "no word of the token";
  }
}

TEST(OwnFindingsTest, LooksAtThePlaceThatIsUsedAndThoseBefore) {
  testing::TempFolder temp;
  const std::string file = temp.path() + "/token";
  std::ofstream(file) << "'hf_quoted'\n";
  const std::map<std::string, std::string> home = {{"HOME", temp.path()}, {"HF_TOKEN_PATH", file}};
  const auto cause = [](const std::vector<v1::Finding>& findings) { return findings.empty() ? "" : findings.back().cause(); };
  EXPECT_EQ(cause(JudgeTokenPlaces(Environment(home), "", "")), "token-quotes");
  auto with = home;
  with["HF_TOKEN"] = "hf_good";
  EXPECT_THAT(JudgeTokenPlaces(Environment(with), "", ""), IsEmpty()) << "the file is not used";
  with["HF_TOKEN"] = "";
  EXPECT_THAT(JudgeTokenPlaces(Environment(with), "", ""), SizeIs(2)) << "empty, and the file";
  EXPECT_THAT(JudgeTokenPlaces(Environment(with), "hf_given", ""), IsEmpty());
  EXPECT_EQ(cause(JudgeTokenPlaces(Environment(with), "", file)), "token-quotes");
  with["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "1";
  EXPECT_THAT(JudgeTokenPlaces(Environment(with), "", ""), IsEmpty());
  std::ofstream(file) << "hf_good\n";
  EXPECT_THAT(JudgeTokenPlaces(Environment(home), "", ""), IsEmpty()) << "a file ends with a line break";
}

TEST(OwnFindingsTest, SaysWhatTheDaemonHasNotHeard) {
  const Environment mine({{"HF_ENDPOINT", "https://hf-mirror.com"}, {"HTTPS_PROXY", "http://u:p@proxy:1"}, {"PATH", "/bin"}});
  EXPECT_THAT(CompareEnvironments(mine, {{"HF_ENDPOINT", "https://hf-mirror.com"}, {"HTTPS_PROXY", "http://proxy:1"}}), IsEmpty());
  const auto findings = CompareEnvironments(mine, {{"HTTPS_PROXY", "http://proxy:1"}, {"NO_PROXY", "x"}});
  ASSERT_THAT(findings, SizeIs(2));
  EXPECT_EQ(findings[0].subject(), "HF_ENDPOINT");
  EXPECT_EQ(findings[0].severity(), v1::Finding::SEVERITY_WARNING);
  EXPECT_EQ(findings[0].evidence(), "here https://hf-mirror.com, there none");
  EXPECT_EQ(findings[1].subject(), "NO_PROXY");
  EXPECT_EQ(findings[1].severity(), v1::Finding::SEVERITY_NOTE);
}

TEST(OwnFindingsTest, AFolderThatIsNotThereIsNoTrouble) {
  EXPECT_FALSE(JudgeOwnRights(""));
  EXPECT_FALSE(JudgeOwnRights("/nowhere/at/all"));
  EXPECT_FALSE(JudgeOwnRights("/tmp"));
}

}  // namespace
}  // namespace hfget::cli
