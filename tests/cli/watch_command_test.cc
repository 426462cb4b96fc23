#include "tests/cli/command_fixture.h"

namespace hfget::cli {
namespace {

using ::testing::AllOf;
using testing::CommandFixture;
using testing::DonePull;
using testing::FetchingPull;
using ::testing::HasSubstr;
using testing::NewPull;

class WatchCommandTest : public CommandFixture {
 protected:
  void Remember(const std::string& id, v1::PullState state) {
    v1::Pull* pull = daemon_.pulls.add_pulls();
    *pull = NewPull(state);
    pull->set_id(id);
  }
};

TEST_F(WatchCommandTest, FindsAPullByTheBeginningOfItsId) {
  Remember("abc1", v1::PULL_STATE_FETCHING);
  Remember("abd2", v1::PULL_STATE_FETCHING);
  std::string watched;
  daemon_.on_watch = [&](int, const std::string& id, testing::FakeDaemon::Writer* writer) {
    watched = id;
    return Stream(writer, {DonePull()});
  };
  daemon_.Start();
  EXPECT_EQ(Run({"watch", "abd"}), 0);
  EXPECT_EQ(watched, "abd2");
  EXPECT_EQ(out(), DonePull().path() + "\n");
}

TEST_F(WatchCommandTest, PrefersTheWholeIdToALongerOne) {
  Remember("abc12", v1::PULL_STATE_FETCHING);
  Remember("abc1", v1::PULL_STATE_DONE);
  daemon_.Start();
  EXPECT_EQ(Run({"watch", "abc1"}), 0);
  EXPECT_EQ(daemon_.watches, 0);  // it is over: nothing to wait for
}

TEST_F(WatchCommandTest, NamesThePullsThatAnIdCouldMean) {
  Remember("abc1", v1::PULL_STATE_FETCHING);
  Remember("abc2", v1::PULL_STATE_FETCHING);
  daemon_.Start();
  EXPECT_EQ(Run({"watch", "abc"}), 2);
  EXPECT_THAT(err(), AllOf(HasSubstr("abc1"), HasSubstr("abc2")));
  EXPECT_EQ(Run({"watch", "x"}), 3);
  EXPECT_THAT(err(), HasSubstr("hfget ps --all"));
}

TEST_F(WatchCommandTest, JsonIsALineASnapshot) {
  Remember("p1", v1::PULL_STATE_FETCHING);
  Watch({DonePull()});
  daemon_.Start();
  EXPECT_EQ(Run({"watch", "p1", "--json"}), 0);
  EXPECT_THAT(out(), HasSubstr("\"state\":\"fetching\""));
  EXPECT_EQ(out().substr(out().find('\n')).find("\"state\":\"done\""),
            out().find("\"state\":\"done\"") - out().find('\n'));
}

TEST_F(WatchCommandTest, DrawsBarsOnATerminalAndTakesThemAway) {
  Remember("p1", v1::PULL_STATE_FETCHING);
  Watch({FetchingPull(), DonePull()});
  terminal_.draws = true;
  daemon_.Start();
  EXPECT_EQ(Run({"watch", "p1"}), 0);
  EXPECT_THAT(err(), AllOf(HasSubstr("\x1b[?25h"), HasSubstr("\x1b[J✓ org/model")));
}

TEST_F(WatchCommandTest, CancelStopsAPull) {
  Remember("p1", v1::PULL_STATE_FETCHING);
  bool purged = false;
  daemon_.on_cancel = [&](const v1::CancelPullRequest& request, v1::Pull* pull) {
    purged = request.discard_partial();
    *pull = NewPull(v1::PULL_STATE_CANCELLED);
    return grpc::Status::OK;
  };
  daemon_.Start();
  EXPECT_EQ(Run({"cancel", "p"}), 0);
  EXPECT_FALSE(purged);
  EXPECT_THAT(err(), HasSubstr("cancelled org/model"));
  EXPECT_EQ(Run({"cancel", "p1", "--purge"}), 0);
  EXPECT_TRUE(purged);
}

TEST_F(WatchCommandTest, CancelSaysThatAPullHadEnded) {
  Remember("p1", v1::PULL_STATE_DONE);
  daemon_.on_cancel = [](const v1::CancelPullRequest&, v1::Pull* pull) {
    *pull = DonePull();
    return grpc::Status::OK;
  };
  daemon_.Start();
  EXPECT_EQ(Run({"cancel", "p1"}), 0);
  EXPECT_THAT(err(), HasSubstr("had ended already: done"));
}

}  // namespace
}  // namespace hfget::cli
