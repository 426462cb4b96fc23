#include "tests/cli/command_fixture.h"

namespace hfget::cli {
namespace {

using ::testing::AllOf;
using testing::CommandFixture;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::NewPull;

class PullsCommandTest : public CommandFixture {
 protected:
  PullsCommandTest() {
    for (const char* id : {"abc1", "abd2", "bcd3"}) {
      v1::Pull* pull = daemon_.pulls.add_pulls();
      *pull = NewPull(v1::PULL_STATE_PAUSED);
      pull->set_id(id);
    }
    daemon_.Start();
  }
};

TEST_F(PullsCommandTest, EachDoesItToAllThatAreNamed) {
  EXPECT_EQ(Run({"pause", "abc", "bcd3"}), 0);
  EXPECT_THAT(err(), AllOf(HasSubstr("hfget resume abc1"), HasSubstr("hfget resume bcd3")));
  EXPECT_EQ(Run({"resume", "abc1"}), 0);
  EXPECT_THAT(err(), HasSubstr("goes on"));
  EXPECT_EQ(Run({"retry", "abd"}), 0);
  EXPECT_THAT(err(), HasSubstr("hfget watch abd2"));
  EXPECT_EQ(Run({"rm", "b"}), 0);
  EXPECT_THAT(err(), HasSubstr("its files stay"));
  EXPECT_THAT(daemon_.acts, ElementsAre("pause abc1", "pause bcd3", "resume abc1", "retry abd2", "remove bcd3"));
  EXPECT_EQ(out(), "");
}

TEST_F(PullsCommandTest, OneThatIsRefusedLeavesTheOthersTheirTurn) {
  daemon_.refused = "abc1";
  EXPECT_EQ(Run({"pause", "abc1", "abd2", "--quiet"}), 1);
  EXPECT_THAT(daemon_.acts, ElementsAre("pause abc1", "pause abd2"));
  EXPECT_THAT(err(), HasSubstr("not now"));
}

TEST_F(PullsCommandTest, AnIdIsLookedForInAllPages) {
  EXPECT_EQ(Run({"rm", "nope"}), 3);
  EXPECT_EQ(Run({"rm", "ab"}), 2);
  EXPECT_EQ(Run({"rm"}), 2);
  EXPECT_TRUE(daemon_.acts.empty());
}

TEST_F(PullsCommandTest, LabelsChooseWhatIsListed) {
  EXPECT_EQ(Run({"ps", "--label", "team=nlp", "--label", "job"}), 0);
  EXPECT_EQ(daemon_.listed.labels().at("team"), "nlp");
  EXPECT_EQ(daemon_.listed.labels().at("job"), "");
}

}  // namespace
}  // namespace hfget::cli
