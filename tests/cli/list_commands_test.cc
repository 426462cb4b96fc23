#include "tests/cli/command_fixture.h"

namespace hfget::cli {
namespace {

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

}  // namespace
}  // namespace hfget::cli
