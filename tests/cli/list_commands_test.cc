#include "tests/cli/command_fixture.h"

namespace hfget::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class ListCommandsTest : public testing::CommandFixture {};

TEST_F(ListCommandsTest, PsShowsWhatRuns) {
  *daemon_.pulls.add_pulls() = testing::FetchingPull();
  *daemon_.pulls.add_pulls() = testing::NewPull(v1::PULL_STATE_LISTING);
  daemon_.Start();
  EXPECT_EQ(Run({"ps"}), 0);
  EXPECT_TRUE(daemon_.listed_active_only);
  EXPECT_THAT(
      out(),
      MatchesRegex("ID  PULL                STATE     DONE     SIZE       RATE   ETA +STARTED\n"
                   "p1  org/model@abcdef12  fetching  42 %  7.0 GiB  102 MiB/s  0:40  .* ago\n"
                   "p1  org/model@abcdef12  listing      -        -          -     -  .* ago\n"));
}

TEST_F(ListCommandsTest, PsSaysOnStandardErrorThatNothingRuns) {
  daemon_.Start();
  EXPECT_EQ(Run({"ps", "--all"}), 0);
  EXPECT_FALSE(daemon_.listed_active_only);
  EXPECT_EQ(out(), "");
  EXPECT_EQ(err(), "no pulls yet\n");
  EXPECT_EQ(Run({"ps", "--json"}), 0);
  EXPECT_EQ(out(), "[]\n");
}

TEST_F(ListCommandsTest, SourcesShowsWhyOneIsOff) {
  v1::Source* source = daemon_.sources.add_sources();
  source->set_name("tuna");
  source->set_state("off");
  source->set_reason("redirects elsewhere");
  source->set_endpoint("https://mirrors.example/hugging-face");
  source->set_token_policy("never");
  source->set_success(0.5);
  daemon_.Start();
  EXPECT_EQ(Run({"sources"}), 0);
  EXPECT_THAT(out(), HasSubstr("tuna  off       -        -     50 %     0   0 B  never  "
                               "https://mirrors.example/hugging-face  redirects elsewhere\n"));
  EXPECT_EQ(Run({"sources", "--json"}), 0);
  EXPECT_THAT(out(), HasSubstr("\"reason\":\"redirects elsewhere\""));
}

}  // namespace
}  // namespace hfget::cli
