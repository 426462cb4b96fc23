// Who sees a token, and what a repo behind a gate needs.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::ErrorCause;
using core::PullState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kToken[] = "hf_thistokenhasaccess";

class Token : public ::testing::Test {
 protected:
  Token() {
    world_.AddSource("official");
    world_.AddSource("tuna").reads_token = false;
    world_.AddSource("pai");
    world_.Config("pai").token_policy = core::TokenPolicy::kIfProven;
  }

  FakeRepo& AddRepo() {
    FakeRepo& repo = world_.AddRepo();
    repo.token = kToken;
    repo.Add("big.bin", 12 * kMiB);
    repo.Add("config.json", 600, /*lfs=*/false);
    return repo;
  }
  engine::PullSpec WithToken(const FakeRepo& repo, std::string token = kToken) {
    engine::PullSpec spec = World::Spec(repo);
    spec.token = Secret(std::move(token));
    return spec;
  }
  void ExpectOnlyTheOfficialHubSawIt() {
    for (FakeHost& host : world_.internet.hosts()) {
      if (host.endpoint == "https://official.test") {
        EXPECT_THAT(host.tokens, ElementsAre(kToken));
      } else {
        EXPECT_THAT(host.tokens, IsEmpty()) << host.endpoint;
      }
    }
  }

  World world_;
};

TEST_F(Token, AGatedRepoComesFromThoseThatMaySeeTheToken) {
  FakeRepo& repo = AddRepo();
  repo.gated = true;
  const auto pull = world_.Finish(world_.Pull(WithToken(repo)));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_EQ(world_.DataHost("tuna").sent + world_.DataHost("pai").sent, 0);
  ExpectOnlyTheOfficialHubSawIt();
}

TEST_F(Token, AGatedRepoComesAlsoFromAPublicCopy) {
  world_.Hub("tuna").serves_gated = true;
  FakeRepo& repo = AddRepo();
  repo.gated = true;
  const auto pull = world_.Finish(world_.Pull(WithToken(repo)));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_GT(world_.DataHost("tuna").sent, 0);
  ExpectOnlyTheOfficialHubSawIt();
}

TEST_F(Token, MirrorsAreNotAskedForAPrivateRepo) {
  FakeRepo& repo = AddRepo();
  repo.is_private = true;
  const auto pull = world_.Finish(world_.Pull(WithToken(repo)));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_EQ(world_.Hub("tuna").requests + world_.Hub("pai").requests, 0);
  ExpectOnlyTheOfficialHubSawIt();
}

TEST_F(Token, MirrorsAreNotAskedForAPrivateRepoAfterARestart) {
  FakeRepo& repo = AddRepo();
  repo.is_private = true;
  world_.config.find_token = [] { return Secret(kToken); };
  const std::string id = world_.Pull(repo);
  ASSERT_TRUE(world_.RunUntil([&] { return world_.DataHost("official").sent > 3 * kMiB; }));
  world_.Kill();
  world_.Start();
  const auto pull = world_.Finish(id);
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_EQ(world_.Hub("tuna").requests + world_.Hub("pai").requests, 0);
}

TEST_F(Token, AGatedRepoWithoutATokenIsNotAuthorised) {
  FakeRepo& repo = AddRepo();
  repo.gated = true;
  const auto pull = world_.Finish(world_.Pull(repo));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_EQ(pull.error.cause, ErrorCause::kUnauthorized) << pull.error.message;
  EXPECT_LE(world_.Hub("official").requests, 10);
}

TEST_F(Token, APrivateRepoWithoutATokenIsNotAuthorised) {
  FakeRepo& repo = AddRepo();
  repo.is_private = true;
  const auto pull = world_.Finish(world_.Pull(repo));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_TRUE(pull.error.cause == ErrorCause::kUnauthorized || pull.error.cause == ErrorCause::kNotFound)
      << pull.error.message;
}

TEST_F(Token, AnInvalidTokenIsSaid) {
  const auto pull = world_.Finish(world_.Pull(WithToken(AddRepo(), "hf_neverissuedatall")));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_EQ(pull.error.cause, ErrorCause::kUnauthorized) << pull.error.message;
}

TEST_F(Token, OfARequestIsAskedForAgainAfterARestart) {
  FakeRepo& repo = AddRepo();
  repo.gated = true;
  const std::string id = world_.Pull(WithToken(repo));
  ASSERT_TRUE(world_.RunUntil([&] { return world_.DataHost("official").sent > 3 * kMiB; }));
  world_.Kill();
  for (const auto& [key, value] : world_.records.all()) EXPECT_EQ(value.find(kToken), std::string::npos) << key;
  world_.Start();
  ASSERT_TRUE(world_.RunUntil([&] { return world_.Get(id).state == PullState::kNeedsToken; }));
  const auto joined = world_.StartPull(WithToken(repo));
  ASSERT_TRUE(joined.ok());
  EXPECT_TRUE(joined->joined);
  const auto pull = world_.Finish(id);
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  world_.ExpectPublished(repo);
}

TEST_F(Token, IsNeverWrittenDown) {
  FakeRepo& repo = AddRepo();
  repo.gated = true;
  world_.Finish(world_.Pull(WithToken(repo)));
  for (const auto& [key, value] : world_.records.all()) EXPECT_EQ(value.find(kToken), std::string::npos) << key;
}

}  // namespace
}  // namespace hfget::testing
