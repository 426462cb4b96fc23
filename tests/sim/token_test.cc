// Who sees a token, and what a repo behind a gate needs.
#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::ErrorCause;
using core::PullState;
using Kind = Fault::Kind;
using Where = Fault::Where;
using ::testing::HasSubstr;
using ::testing::Not;

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
        EXPECT_EQ(host.tokens.count(kToken), 1u);
      } else {
        EXPECT_EQ(host.tokens.count(kToken), 0u) << host.endpoint;
      }
    }
  }

  // The mirrors hear of no private repo, not even its name.
  void ExpectNotAsked() {
    for (const char* name : {"tuna", "pai"}) {
      for (const std::string& path : world_.Hub(name).asked) EXPECT_THAT(path, Not(HasSubstr("org/model"))) << name;
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
  ExpectNotAsked();
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
  ExpectNotAsked();
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

// A mirror that is trusted and passes Authorization on, beside one that is not trusted.
class Proven : public Token {
 protected:
  Proven() {
    FakeRepo& known = world_.AddRepo("org/known");
    known.Add("config.json", 500, /*lfs=*/false);
    world_.config.probe_repo = known.id;
    for (const char* name : {"official", "tuna", "pai"}) world_.DataHost(name).connection_rate = kMiB;
    repo_ = &world_.AddRepo();
    repo_->token = kToken;
    repo_->Add("big.bin", 40 * kMiB);
  }
  bool SawToken(const std::string& name) { return world_.Hub(name).tokens.count(kToken) > 0; }

  FakeRepo* repo_;
};

TEST_F(Proven, ATrustedMirrorServesAPrivateRepoOnceItIsProven) {
  repo_->is_private = true;
  const auto pull = world_.Finish(world_.Pull(WithToken(*repo_)));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_TRUE(SawToken("pai"));
  EXPECT_FALSE(SawToken("tuna"));
  EXPECT_GT(world_.DataHost("pai").sent, 4 * kMiB);
  EXPECT_EQ(world_.DataHost("tuna").sent, 0);
  EXPECT_FALSE(world_.DataHost("pai").tokens.count(kToken));
  world_.ExpectPublished(*repo_);
}

TEST_F(Proven, AMirrorThatDropsTheHeaderNeverSeesTheToken) {
  world_.Hub("pai").reads_token = false;
  repo_->is_private = true;
  const auto pull = world_.Finish(world_.Pull(WithToken(*repo_)));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_FALSE(SawToken("pai"));
}

TEST_F(Proven, APublicRepoNeedsNoTokenAtAMirror) {
  const auto pull = world_.Finish(world_.Pull(WithToken(*repo_)));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_FALSE(SawToken("pai"));
  EXPECT_GT(world_.DataHost("pai").sent, 0);
}

TEST_F(Proven, AMirrorThatStopsForwardingGetsOnlyTheRequestThatShowsIt) {
  repo_->is_private = true;
  world_.Finish(world_.Pull(WithToken(*world_.internet.content.Find("org/known", "main"))));  // proves it
  FakeHost& pai = world_.Hub("pai");
  ASSERT_FALSE(SawToken("pai"));
  pai.reads_token = false;
  pai.asked.clear();
  const auto pull = world_.Finish(world_.Pull(WithToken(*repo_)));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_EQ(std::count_if(pai.asked.begin(), pai.asked.end(), [](const std::string& path) {
    return path.find("org/model") != std::string::npos;
  }), 1);
  EXPECT_EQ(world_.DataHost("pai").sent, 0);
}

TEST_F(Proven, AMirrorListsAPrivateRepoWhenTheOfficialHubIsBlocked) {
  repo_->is_private = true;
  world_.Hub("official").Add({.kind = Kind::kRefuse, .where = Where::kAny});
  const auto pull = world_.Finish(world_.Pull(WithToken(*repo_)));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_EQ(pull.listing_source, "pai");
  EXPECT_FALSE(SawToken("tuna"));
  world_.ExpectPublished(*repo_);
}

}  // namespace
}  // namespace hfget::testing
