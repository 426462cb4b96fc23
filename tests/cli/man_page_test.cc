#include "cli/man_page.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/manual.h"
#include "tests/cli/command_fixture.h"

namespace hfget::cli {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string PageOf(const std::string& command) {
  Options unused;
  return ManPage(*MakeApp(&unused), command);
}

// What groff says against it; "" where there is no groff.
std::string Complaints(const std::string& page) {
  const testing::TempFolder temp;
  std::ofstream(temp.path() + "/page") << page;
  const std::string command =
      absl::StrCat("! command -v groff >/dev/null || groff -man -ww -Kutf8 -Tutf8 ", temp.path(), "/page 2>&1 >/dev/null");
  FILE* pipe = popen(command.c_str(), "r");
  std::string said;
  char line[1024];
  while (std::fgets(line, sizeof(line), pipe) != nullptr) said += line;
  EXPECT_EQ(pclose(pipe), 0);
  return said;
}

TEST(ManPageTest, EveryPageIsWellFormed) {
  Options unused;
  const auto app = MakeApp(&unused);
  std::vector<std::string> commands = CommandsWithPage(*app);
  EXPECT_THAT(commands, AllOf(Contains("pull"), Contains("auth"), Contains("logs"), Contains("man")));
  commands.push_back("");
  for (const std::string& command : commands) {
    const std::string page = ManPage(*app, command);
    EXPECT_EQ(Complaints(page), "") << command;
    for (const char* section : {".SH \"NAME\"", ".SH \"SYNOPSIS\"", ".SH \"DESCRIPTION\"", ".SH \"OPTIONS\"", ".SH \"EXIT STATUS\""}) {
      EXPECT_THAT(page, HasSubstr(section)) << command;
    }
  }
}

TEST(ManPageTest, APageHasEachOptionWithItsWords) {
  EXPECT_THAT(PageOf("pull"), HasSubstr(".TP\n\\fB\\-\\-local\\-dir\\fR \\fIDIR\\fR\nPut the files there instead of into the cache.\n"));
  EXPECT_THAT(PageOf("logs"), HasSubstr(".TP\n\\fB\\-f\\fR, \\fB\\-\\-follow\\fR\n"));
  EXPECT_THAT(PageOf("pull"), HasSubstr("\\fBhfget pull\\fR [\\fIOPTIONS\\fR] \\fIREPO\\fR [\\fIFILES\\fR ...]\n"));
}

TEST(ManPageTest, TheCommandsOfAGroupAreOnItsPage) {
  EXPECT_THAT(PageOf("auth"),
              AllOf(HasSubstr(".SS \"hfget auth login\""), HasSubstr("\\fBhfget auth logout\\fR"), HasSubstr("\\-\\-no\\-check")));
}

TEST(ManPageTest, TheFirstPageLeadsToTheOthers) {
  EXPECT_THAT(PageOf(""), AllOf(HasSubstr("\\fBhfget\\-pull\\fR(1)"), HasSubstr(".SH \"ENVIRONMENT\""),
                                HasSubstr("HFGET_SOCKET"), HasSubstr(".SH \"FILES\"")));
  EXPECT_THAT(PageOf("pull"), HasSubstr("\\fBhfget\\fR(1)"));
}

TEST(ManPageTest, ManualAndHelpSayTheSameOfExitCodes) {
  const std::string help = ExitCodeHelp();
  for (const ExitCodeMeaning& code : ExitCodes()) {
    EXPECT_THAT(help, HasSubstr(std::string(code.meaning)));
    EXPECT_THAT(PageOf("ps"), HasSubstr(absl::StrReplaceAll(code.meaning, {{"-", "\\-"}})));
  }
  EXPECT_THAT(PageOf("pull"), AllOf(HasSubstr("the path alone"), Not(HasSubstr("Exit codes:"))));
}

TEST(ManualTest, EveryExampleIsACommandThatIsUnderstood) {
  for (const ManualExample& example : ManualExamples()) {
    // The words as a shell would hand them over, up to where its own syntax begins.
    std::string line(example.line.substr(0, example.line.find_first_of("|>")));
    std::vector<std::string> words = absl::StrSplit(absl::StrReplaceAll(line, {{"'", ""}}), ' ', absl::SkipEmpty());
    ASSERT_EQ(words.at(0), "hfget") << line;
    words.erase(words.begin());
    const CommandLine parsed = ParseCommandLine(words);
    EXPECT_EQ(parsed.error, "") << line;
    ASSERT_TRUE(parsed.options.has_value()) << line;
    EXPECT_THAT(parsed.options->command, StartsWith(std::string(example.command)));
  }
}

class ManCommandTest : public testing::CommandFixture {};

TEST_F(ManCommandTest, PrintsTheSourceWhereThereIsNoTerminal) {
  EXPECT_EQ(Run({"man", "pull"}), 0);
  EXPECT_EQ(out(), PageOf("pull"));
  EXPECT_EQ(Run({"man", "pul"}), 2);
}

TEST_F(ManCommandTest, IsShownByManOnATerminal) {
  out_terminal_.draws = true;
  EXPECT_EQ(Run({"man"}), 0);
  EXPECT_THAT(processes_.became, ElementsAre("man", "-l", "-"));
  EXPECT_EQ(processes_.became_input, PageOf(""));
  EXPECT_EQ(out(), "");
  processes_.become_status = absl::FailedPreconditionError("cannot run man");
  EXPECT_EQ(Run({"man"}), 0);
  EXPECT_EQ(out(), PageOf(""));
}

TEST_F(ManCommandTest, WritesAllPagesIntoAFolder) {
  EXPECT_EQ(Run({"man", "--into", temp_.path() + "/man"}), 0);
  std::ifstream page(temp_.path() + "/man/hfget-auth.1");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(page), {}), PageOf("auth"));
  EXPECT_TRUE(std::filesystem::exists(temp_.path() + "/man/hfget.1"));
  EXPECT_EQ(Run({"man", "--into", "/dev/null/x"}), 1);
  EXPECT_THAT(err(), HasSubstr("cannot write the page"));
}

}  // namespace
}  // namespace hfget::cli
