#include "cli/command_line.h"

#include "gmock/gmock.h"

namespace hfget::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Options Parsed(std::vector<std::string> words) {
  const CommandLine line = ParseCommandLine(std::move(words));
  EXPECT_EQ(line.error, "");
  EXPECT_TRUE(line.options.has_value());
  return line.options.value_or(Options());
}

std::string ErrorOf(std::vector<std::string> words) {
  const CommandLine line = ParseCommandLine(std::move(words));
  EXPECT_FALSE(line.options.has_value());
  return line.error;
}

TEST(CommandLineTest, TakesOnePatternAFlagSoThatMoreWordsAreFiles) {
  const Options o = Parsed({"pull", "org/m", "--include", "*.json", "a.bin", "--include", "*.txt",
                            "--exclude", "x", "dir/"});
  EXPECT_EQ(o.command, "pull");
  EXPECT_EQ(o.pull.repo, "org/m");
  EXPECT_THAT(o.pull.files, ElementsAre("a.bin", "dir/"));
  EXPECT_THAT(o.pull.include, ElementsAre("*.json", "*.txt"));
  EXPECT_THAT(o.pull.exclude, ElementsAre("x"));
}

TEST(CommandLineTest, TakesTheNameOfACommandAsAFile) {
  EXPECT_THAT(Parsed({"pull", "org/m", "version", "ps"}).pull.files, ElementsAre("version", "ps"));
}

TEST(CommandLineTest, KnowsBothNamesOfTheType) {
  EXPECT_EQ(Parsed({"pull", "m", "--type", "dataset"}).pull.type, "dataset");
  EXPECT_EQ(Parsed({"pull", "m", "--repo-type", "space"}).pull.type, "space");
  EXPECT_EQ(Parsed({"pull", "m"}).pull.type, "");
}

TEST(CommandLineTest, TakesTheDaemonsOptionsBeforeAndAfterTheCommand) {
  EXPECT_EQ(Parsed({"--socket", "/s", "ps"}).socket, "/s");
  EXPECT_EQ(Parsed({"ps", "--socket=/s"}).socket, "/s");
  const Options o = Parsed({"daemon", "start", "--config", "c", "--state-dir", "d"});
  EXPECT_EQ(o.command, "daemon start");
  EXPECT_EQ(o.config, "c");
  EXPECT_EQ(o.state_dir, "d");
}

TEST(CommandLineTest, TellsAnEmptyFolderFromNone) {
  EXPECT_TRUE(Parsed({"pull", "m", "--local-dir", ""}).pull.has_local_dir);
  EXPECT_FALSE(Parsed({"pull", "m"}).pull.has_local_dir);
}

TEST(CommandLineTest, VersionIsAFlagToo) { EXPECT_EQ(Parsed({"--version"}).command, "version"); }

TEST(CommandLineTest, SuggestsTheCommandThatWasMeant) {
  EXPECT_THAT(ErrorOf({"pulll", "org/m"}), HasSubstr("did you mean 'pull'"));
  EXPECT_THAT(ErrorOf({"--socket", "/s", "source"}), HasSubstr("did you mean 'sources'"));
  EXPECT_THAT(ErrorOf({"frobnicate"}), HasSubstr("hfget --help"));
}

TEST(CommandLineTest, SaysOnOneLineWhatIsWrong) {
  const std::vector<std::vector<std::string>> wrong = {{"pull"},
                                                       {"pull", "m", "--type", "x"},
                                                       {"pull", "m", "--nope"},
                                                       {"ps", "extra"},
                                                       {"daemon"},
                                                       {"daemon", "dance"},
                                                       {"watch"},
                                                       {"pull", "m", "--revision"},
                                                       {"pull", "m", "--detach", "--dry-run"},
                                                       {"completion", "tcsh"}};
  for (const auto& words : wrong) {
    EXPECT_THAT(ErrorOf(words), AllOf(Not(IsEmpty()), Not(HasSubstr("\n")), HasSubstr("--help")));
  }
}

TEST(CommandLineTest, ExplainsOneSourceOrDoesSomethingToOne) {
  EXPECT_EQ(Parsed({"sources", "--explain", "tuna"}).source, "tuna");
  EXPECT_EQ(Parsed({"sources", "probe"}).source, "");
  EXPECT_EQ(Parsed({"sources", "probe", "pai"}).command, "sources probe");
  EXPECT_THAT(ErrorOf({"sources", "--explain", "tuna", "probe"}), HasSubstr("--explain"));
  EXPECT_THAT(ErrorOf({"sources", "--explain", "tuna", "disable", "pai"}), HasSubstr("--explain"));
}

TEST(CommandLineTest, HelpNamesTheExitCodes) {
  EXPECT_THAT(ParseCommandLine({"--help"}).help, HasSubstr("5  no usable source"));
  EXPECT_THAT(
      ParseCommandLine({"pull", "--help"}).help,
      AllOf(HasSubstr("hfget pull"), HasSubstr("130  interrupted"), HasSubstr("the path alone")));
}

TEST(DidYouMeanTest, KnowsWhenNothingIsNear) {
  EXPECT_EQ(DidYouMean("", {"ps"}), "");
  EXPECT_EQ(DidYouMean("xy", {"ps"}), "");
  EXPECT_EQ(DidYouMean("p", {"ps", "pull"}), "ps");
}

TEST(CommandLineTest, RatesHaveDecimalAndBinaryUnits) {
  for (const auto& [text, bytes] : std::map<std::string, uint64_t>{
           {"1000", 1000}, {"500KB", 500'000}, {"20MB", 20'000'000}, {"20MiB", 20 << 20}, {"3mb/s", 3'000'000}}) {
    EXPECT_EQ(Parsed({"pull", "org/m", "--limit-rate", text}).pull.limit_rate, bytes) << text;
  }
  EXPECT_THAT(ErrorOf({"pull", "org/m", "--limit-rate", "fast"}),
              HasSubstr("\"fast\" is no rate: write bytes a second, such as 500KB"));
}

}  // namespace
}  // namespace hfget::cli
