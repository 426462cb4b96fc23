#include "cli/completion.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

#include "cli/command_line.h"
#include "gmock/gmock.h"
#include "tests/cli/temp_folder.h"

namespace hfget::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string ScriptFor(const std::string& shell) {
  Options options;
  return CompletionScript(*MakeApp(&options), shell);
}

// What bash would offer for the last of `words`.
std::string BashOffers(const std::string& words, int count) {
  const testing::TempFolder temp;
  const std::string script = temp.path() + "/completion.bash";
  std::ofstream(script) << ScriptFor("bash") << "COMP_WORDS=(" << words
                        << ")\nCOMP_CWORD=" << count - 1 << "\n_hfget\necho \"${COMPREPLY[@]}\"\n";
  FILE* pipe = popen(("bash " + script).c_str(), "r");
  char line[1024] = "";
  EXPECT_NE(std::fgets(line, sizeof(line), pipe), nullptr);
  EXPECT_EQ(pclose(pipe), 0);
  return line;
}

TEST(CompletionTest, BashFollowsTheWordsBefore) {
  EXPECT_EQ(BashOffers("hfget daemon st", 3), "start stop status\n");
  EXPECT_EQ(BashOffers("hfget pull org/model --lo", 4), "--local-dir\n");
  EXPECT_EQ(BashOffers("hfget pu", 2), "pull\n");
  EXPECT_EQ(BashOffers("hfget sources e", 3), "enable\n");
  EXPECT_EQ(BashOffers("hfget sources --e", 3), "--explain\n");
  EXPECT_EQ(BashOffers("hfget sources probe --j", 4), "--json\n");
}

TEST(CompletionTest, EveryShellKnowsEveryCommand) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    EXPECT_THAT(ScriptFor(shell),
                AllOf(HasSubstr("sources"), HasSubstr("status"), HasSubstr("local-dir")));
  }
}

TEST(CompletionTest, FishQuotesDescriptions) {
  EXPECT_THAT(ScriptFor("fish"), HasSubstr("-d 'The daemon\\'s socket'"));
}

}  // namespace
}  // namespace hfget::cli
