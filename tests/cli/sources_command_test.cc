#include <nlohmann/json.hpp>

#include "tests/cli/command_fixture.h"

namespace hfget::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

class SourcesCommandTest : public testing::CommandFixture {
 protected:
  SourcesCommandTest() {
    v1::Source* source = daemon_.sources.add_sources();
    source->set_name("tuna");
    source->set_state("off");
    source->set_reason("redirects elsewhere");
    source->set_endpoint("https://mirrors.example/hugging-face");
    source->set_token_policy("if-proven");
    source->set_token_verdict(v1::TOKEN_VERDICT_FORWARDS);
    source->set_success(0.5);
    source->set_score(3.5 * (1 << 20));
    source->mutable_latency()->set_nanos(80000000);
    source->mutable_proven()->set_seconds(1800000000);
    source->add_data_hosts()->set_host("cdn.example");
    daemon_.Start();
  }
};

TEST_F(SourcesCommandTest, ShowsFiguresAndBelowThemWhyOneIsOff) {
  EXPECT_EQ(Run({"sources"}), 0);
  EXPECT_EQ(out(),
            "NAME  STATE      SCORE  RATE  1ST BYTE  SUCCESS  TOKEN\n"
            "tuna  off    3.5 MiB/s     -     80 ms     50 %  proven\n"
            "  https://mirrors.example/hugging-face: redirects elsewhere\n");
}

TEST_F(SourcesCommandTest, CutsToTheTerminalBehindStandardOutput) {
  out_terminal_.draws = true;
  out_terminal_.size = [] { return TerminalSize{30, 24}; };
  terminal_.size = [] { return TerminalSize{200, 24}; };
  EXPECT_EQ(Run({"sources"}), 0);
  EXPECT_THAT(out(), HasSubstr("\n  https://mirrors.example/hug…\n"));
}

TEST_F(SourcesCommandTest, PaintsStandardOutputOnlyWhereItIsATerminalWithColours) {
  terminal_.color = true;
  EXPECT_EQ(Run({"sources"}), 0);
  EXPECT_THAT(out(), Not(HasSubstr("\x1b")));
  out_terminal_.draws = out_terminal_.color = true;
  EXPECT_EQ(Run({"sources"}), 0);
  EXPECT_THAT(out(), HasSubstr("\x1b[2moff\x1b[0m"));
}

TEST_F(SourcesCommandTest, JsonHasEverything) {
  EXPECT_EQ(Run({"sources", "--json"}), 0);
  const auto source = nlohmann::json::parse(out())[0];
  EXPECT_EQ(source["reason"], "redirects elsewhere");
  EXPECT_EQ(source["token_verdict"], "forwards");
  EXPECT_EQ(source["proven"], "2027-01-15T08:00:00.000Z");
  EXPECT_TRUE(source["probed"].is_null());
  EXPECT_EQ(source["data_hosts"][0]["host"], "cdn.example");
}

TEST_F(SourcesCommandTest, Explains) {
  EXPECT_EQ(Run({"sources", "--explain", "tuna"}), 0);
  EXPECT_EQ(out(), "tuna\nscore  4.2 MiB/s  because\n");
  EXPECT_EQ(Run({"sources", "--explain", "tuna", "--json"}), 0);
  EXPECT_EQ(nlohmann::json::parse(out())["lines"][0]["why"], "because");
}

TEST_F(SourcesCommandTest, AMistypedNameIsAMistakeOfUsage) {
  for (const char* command : {"enable", "disable", "reset", "probe"}) {
    EXPECT_EQ(Run({"sources", command, "tunna"}), 2) << command;
    EXPECT_THAT(err(), HasSubstr("there are tuna")) << command;
  }
  EXPECT_EQ(Run({"sources", "--explain", "tunna"}), 2);
  EXPECT_EQ(Run({"sources", "enable"}), 2);
  EXPECT_EQ(Run({"sources", "enabel", "tuna"}), 2);
}

TEST_F(SourcesCommandTest, ChangesOne) {
  EXPECT_EQ(Run({"sources", "enable", "tuna"}), 0);
  EXPECT_THAT(out(), HasSubstr("tuna"));
  EXPECT_EQ(Run({"sources", "disable", "tuna"}), 0);
  EXPECT_EQ(Run({"sources", "reset", "tuna"}), 0);
  EXPECT_THAT(daemon_.changes, ElementsAre(Pair("tuna", v1::SetSourceRequest::CHANGE_ENABLE),
                                           Pair("tuna", v1::SetSourceRequest::CHANGE_DISABLE),
                                           Pair("tuna", v1::SetSourceRequest::CHANGE_RESET)));
}

TEST_F(SourcesCommandTest, AProbeSaysWhetherAnybodyAnswers) {
  EXPECT_EQ(Run({"sources", "probe"}), 5);
  EXPECT_THAT(out(), HasSubstr("redirects elsewhere"));
  daemon_.sources.mutable_sources(0)->set_state("ok");
  EXPECT_EQ(Run({"sources", "probe", "tuna"}), 0);
}

}  // namespace
}  // namespace hfget::cli
