// Pulls of several clients in one daemon: whose they are, and what they may use of it.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/status_matchers.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::ErrorCause;
using core::PullState;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kOurs[] = "hf_thetokenofthedaemon";

class Owner : public ::testing::Test {
 protected:
  Owner() {
    world_.AddSource("official");
    world_.config.find_token = [] { return Secret(kOurs); };
  }
  FakeRepo& PrivateRepo() {
    FakeRepo& repo = world_.AddRepo();
    repo.token = kOurs;
    repo.is_private = true;
    repo.Add("big.bin", 12 * kMiB);
    return repo;
  }
  static engine::PullSpec Of(const FakeRepo& repo, const std::string& owner, const std::string& token = "") {
    engine::PullSpec spec = World::Spec(repo);
    spec.owner = owner;
    spec.token = Secret(token);
    return spec;
  }

  World world_;
};

TEST_F(Owner, TheDaemonsTokenIsNotAGuests) {
  const auto pull = world_.Finish(world_.Pull(Of(PrivateRepo(), "user 7")));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_EQ(pull.owner, "user 7");
  EXPECT_EQ(world_.Hub("official").tokens.count(kOurs), 0u);
}

TEST_F(Owner, UnlessItIsShared) {
  world_.config.share_token = true;
  FakeRepo& repo = PrivateRepo();
  EXPECT_EQ(world_.Finish(world_.Pull(Of(repo, "user 7"))).state, PullState::kDone);
}

TEST_F(Owner, AGuestsPullDoesNotGetTheDaemonsTokenByARestart) {
  FakeRepo& repo = PrivateRepo();
  repo.token = "hf_ofaguest";
  const std::string id = world_.Pull(Of(repo, "user 7", "hf_ofaguest"));
  ASSERT_TRUE(world_.RunUntil([&] { return world_.DataHost("official").sent > 3 * kMiB; }));
  world_.Kill();
  world_.Start();
  ASSERT_TRUE(world_.RunUntil([&] { return world_.Get(id).state == PullState::kNeedsToken; }));
  EXPECT_EQ(world_.Get(id).owner, "user 7");
  EXPECT_EQ(world_.Hub("official").tokens.count(kOurs), 0u);
}

TEST_F(Owner, EqualPullsOfTwoAreNotJoined) {
  FakeRepo& repo = world_.AddRepo();
  repo.Add("big.bin", 12 * kMiB);
  const std::string ours = world_.Pull(Of(repo, ""));
  const auto theirs = world_.StartPull(Of(repo, "user 7"));
  ASSERT_OK(theirs);
  EXPECT_FALSE(theirs->joined);
  EXPECT_TRUE(world_.StartPull(Of(repo, "user 7"))->joined);
  world_.Cancel(theirs->pull.id, /*discard=*/true);
  EXPECT_EQ(world_.Finish(ours).state, PullState::kDone);  // not ended by another's cancel
  world_.ExpectPublished(repo);
}

TEST_F(Owner, TwoThatPullTheSameFetchItOnce) {
  FakeRepo& repo = world_.AddRepo();
  repo.Add("big.bin", 40 * kMiB);
  const std::string ours = world_.Pull(Of(repo, ""));
  const std::string theirs = world_.Pull(Of(repo, "user 7"));
  EXPECT_EQ(world_.Finish(ours).state, PullState::kDone);
  EXPECT_EQ(world_.Finish(theirs).state, PullState::kDone);
  EXPECT_LE(world_.received(), 44 * kMiB);
}

TEST_F(Owner, EachHasItsNumberOfPulls) {
  world_.config.max_pulls_per_client = 2;
  FakeRepo& repo = world_.AddRepo();
  repo.Add("big.bin", 12 * kMiB);
  const auto start = [&](const std::string& owner, const std::string& folder) {
    engine::PullSpec spec = Of(repo, owner);
    spec.local_dir = "/data/" + folder;
    return world_.StartPull(std::move(spec));
  };
  const auto first = start("user 7", "a");
  ASSERT_OK(first);
  ASSERT_OK(start("user 7", "b"));
  EXPECT_THAT(start("user 7", "c"), StatusIs(absl::StatusCode::kResourceExhausted,
                                             AllOf(HasSubstr("2 pulls"), HasSubstr("max_pulls_per_client"), HasSubstr("wait"))));
  EXPECT_TRUE(start("user 7", "b")->joined);  // one that runs is no more
  EXPECT_OK(start("user 8", "c"));
  EXPECT_OK(start("", "d"));
  world_.Cancel(first->pull.id, false);
  EXPECT_OK(start("user 7", "c"));
}

TEST_F(Owner, TheTargetIsLookedAtOnceMoreWhenThePullBegins) {
  FakeRepo& repo = world_.AddRepo();
  repo.Add("big.bin", 12 * kMiB);
  std::string seen;
  world_.config.check_target = [&seen](const std::string& owner, const std::string& folder) -> absl::Status {
    seen = owner + " " + folder;
    return absl::PermissionDeniedError("the target leads elsewhere");
  };
  const auto pull = world_.Finish(world_.Pull(Of(repo, "user 7")));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_EQ(pull.error.cause, ErrorCause::kDisk);
  EXPECT_EQ(pull.error.message, "the target leads elsewhere");
  EXPECT_EQ(seen, std::string("user 7 ") + World::kCache);
  EXPECT_EQ(world_.Hub("official").requests, 0);
}

}  // namespace
}  // namespace hfget::testing
