// Tokens that are refused, and accounts that have no access: what becomes of the pull, and what is said.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::ErrorCause;
using core::PullState;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kStale[] = "hf_issuedlongagoandrevoked99";
constexpr char kGood[] = "hf_thistokenhasaccess";

class StaleToken : public ::testing::Test {
 protected:
  StaleToken() {
    world_.AddSource("official");
    world_.AddSource("tuna").reads_token = false;
  }

  FakeRepo& AddRepo() {
    FakeRepo& repo = world_.AddRepo();
    repo.token = kGood;
    repo.Add("big.bin", 12 * kMiB);
    for (int i = 0; i < 20; ++i) repo.Add(absl::StrCat("f", i), 600 + i, /*lfs=*/false);
    return repo;
  }
  engine::PullSpec Found(const FakeRepo& repo, std::string token = kStale) {
    engine::PullSpec spec = Given(repo, std::move(token));
    spec.token_is_ambient = true;
    return spec;
  }
  engine::PullSpec Given(const FakeRepo& repo, std::string token = kStale) {
    engine::PullSpec spec = World::Spec(repo);
    spec.token = Secret(std::move(token));
    return spec;
  }
  // Every listing and file came without it after it was refused once.
  void ExpectDoneWithANotice(const engine::PullSnapshot& pull, const FakeRepo& repo) {
    EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
    EXPECT_THAT(pull.notices, ElementsAre(AllOf(HasSubstr("official refuses the token hf_…ed99"), HasSubstr("auth login"),
                                                Not(HasSubstr(kStale)))));
    world_.ExpectPublished(repo);
    world_.ExpectQuiet();
  }

  World world_;
};

TEST_F(StaleToken, ThatWasFoundIsDoneWithoutOnAPublicRepo) {
  const FakeRepo& repo = AddRepo();
  ExpectDoneWithANotice(world_.Finish(world_.Pull(Found(repo))), repo);
  EXPECT_GT(world_.DataHost("official").sent, 0);
}

TEST_F(StaleToken, OfTheDaemonItselfIsDoneWithoutToo) {
  world_.config.find_token = [] { return Secret(kStale); };
  const FakeRepo& repo = AddRepo();
  ExpectDoneWithANotice(world_.Finish(world_.Pull(repo)), repo);
}

// The listing is on this machine, so that the first to refuse it is a resolve; many of them at once.
TEST_F(StaleToken, IsDoneWithoutAtTheFirstFile) {
  const FakeRepo& repo = AddRepo();
  const std::string id = world_.Pull(repo);
  ASSERT_TRUE(world_.RunUntil([&] { return world_.DataHost("official").sent > 1 * kMiB; }));
  world_.Kill();
  world_.config.find_token = [] { return Secret(kStale); };
  world_.Start();
  const auto pull = world_.Finish(id);
  ExpectDoneWithANotice(pull, repo);
}

TEST_F(StaleToken, ThatWasGivenFailsThePull) {
  const FakeRepo& repo = AddRepo();
  const auto pull = world_.Finish(world_.Pull(Given(repo)));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_EQ(pull.error.cause, ErrorCause::kUnauthorized);
  EXPECT_THAT(pull.error.message, AllOf(HasSubstr("log in anew"), Not(HasSubstr(kStale))));
  world_.ExpectQuiet();
}

TEST_F(StaleToken, ThatWasGivenFailsThePullAtTheFirstFileToo) {
  const FakeRepo& repo = AddRepo();
  engine::PullSpec all = World::Spec(repo);
  all.filters.files = {"f0"};
  world_.Finish(world_.Pull(all));  // leaves the listing of the commit
  engine::PullSpec spec = Given(repo);
  spec.revision = repo.commit;
  const auto pull = world_.Finish(world_.Pull(spec));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_EQ(pull.error.cause, ErrorCause::kUnauthorized) << pull.error.message;
  world_.ExpectQuiet();
}

TEST_F(StaleToken, OnAPrivateRepoIsTheReasonThatIsSaid) {
  FakeRepo& repo = AddRepo();
  repo.is_private = true;
  const auto pull = world_.Finish(world_.Pull(Found(repo)));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_EQ(pull.error.cause, ErrorCause::kUnauthorized);
  EXPECT_THAT(pull.error.message, AllOf(HasSubstr("private"), HasSubstr("refused")));
}

TEST_F(StaleToken, OnAGatedRepoIsTheReasonThatIsSaid) {
  FakeRepo& repo = AddRepo();
  repo.gated = true;
  const auto pull = world_.Finish(world_.Pull(Found(repo)));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_EQ(pull.error.cause, ErrorCause::kUnauthorized);
  EXPECT_THAT(pull.error.message, AllOf(HasSubstr("gated"), HasSubstr("refused"), HasSubstr("/org/model")));
}

TEST_F(StaleToken, OnAGatedRepoThatAMirrorHasInPublicDoesNoHarm) {
  world_.Hub("tuna").serves_gated = true;
  FakeRepo& repo = AddRepo();
  repo.gated = true;
  const auto pull = world_.Finish(world_.Pull(Found(repo)));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_THAT(world_.Hub("tuna").tokens, IsEmpty());
}

TEST_F(StaleToken, TwoPullsOfOneFileKeepTheirOwnTokens) {
  FakeRepo& repo = AddRepo();
  repo.gated = true;
  engine::PullSpec stale = Given(repo);
  stale.revision = repo.commit;
  engine::PullSpec good = Given(repo, kGood);
  const std::string good_id = world_.Pull(good);
  const std::string stale_id = world_.Pull(stale);
  EXPECT_EQ(world_.Finish(stale_id).state, PullState::kFailed);
  EXPECT_EQ(world_.Finish(good_id).state, PullState::kDone);
}

TEST_F(StaleToken, AnEqualRequestWithAFoundTokenDoesNotTakeTheGivenOne) {
  FakeRepo& repo = AddRepo();
  repo.gated = true;
  const std::string id = world_.Pull(Given(repo, kGood));
  ASSERT_TRUE(world_.RunUntil([&] { return world_.DataHost("official").sent > 1 * kMiB; }));
  EXPECT_TRUE(world_.StartPull(Found(repo))->joined);
  EXPECT_EQ(world_.Finish(id).state, PullState::kDone);
}

TEST_F(StaleToken, AnAccountWithoutAccessIsNamed) {
  FakeRepo& repo = AddRepo();
  repo.gated = true;
  world_.internet.content.accounts.insert("hf_bobstoken1234");
  world_.internet.content.names["hf_bobstoken1234"] = "bob";
  const auto pull = world_.Finish(world_.Pull(Found(repo, "hf_bobstoken1234")));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_EQ(pull.error.cause, ErrorCause::kUnauthorized);
  EXPECT_THAT(pull.error.message, AllOf(HasSubstr("the account \"bob\" has no access"),
                                        HasSubstr("https://official.test/org/model")));
  EXPECT_THAT(world_.Hub("tuna").asked, Each(Not(HasSubstr("whoami"))));
  world_.ExpectQuiet();
}

TEST_F(StaleToken, AnAccountThatNobodyNamesHasNoAccessAllTheSame) {
  FakeRepo& repo = AddRepo();
  repo.gated = true;
  world_.internet.content.accounts.insert("hf_bobstoken1234");
  world_.Hub("official").names_accounts = false;
  const auto pull = world_.Finish(world_.Pull(Found(repo, "hf_bobstoken1234")));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_EQ(pull.error.cause, ErrorCause::kUnauthorized) << pull.error.message;
  EXPECT_THAT(pull.error.message, HasSubstr("the account of this token has no access"));
}

TEST_F(StaleToken, OneOfTheEnvironmentIsFoundAnewAfterARestart) {
  FakeRepo& repo = AddRepo();
  repo.gated = true;
  world_.config.find_token = [] { return Secret(kGood); };
  const std::string id = world_.Pull(repo);
  ASSERT_TRUE(world_.RunUntil([&] { return world_.DataHost("official").sent > 3 * kMiB; }));
  world_.Kill();
  world_.Start();
  EXPECT_EQ(world_.Finish(id).state, PullState::kDone);
}

TEST_F(StaleToken, OneOfTheEnvironmentThatIsGoneAfterARestartIsWaitedFor) {
  FakeRepo& repo = AddRepo();
  repo.gated = true;
  world_.config.find_token = [] { return Secret(kGood); };
  const std::string id = world_.Pull(repo);
  ASSERT_TRUE(world_.RunUntil([&] { return world_.DataHost("official").sent > 3 * kMiB; }));
  world_.Kill();
  world_.config.find_token = nullptr;
  world_.Start();
  ASSERT_TRUE(world_.RunUntil([&] { return world_.Get(id).state == PullState::kNeedsToken; }));
  EXPECT_TRUE(world_.StartPull(Found(repo, kGood))->joined);
  EXPECT_EQ(world_.Finish(id).state, PullState::kDone);
}

TEST_F(StaleToken, APrivateRepoWhoseTokenIsGoneIsWaitedFor) {
  FakeRepo& repo = AddRepo();
  repo.is_private = true;
  const std::string id = world_.Pull(Given(repo, kGood));
  ASSERT_TRUE(world_.RunUntil([&] { return world_.DataHost("official").sent > 3 * kMiB; }));
  world_.Kill();
  world_.internet.content.accounts.insert("hf_otheraccount1");
  world_.config.find_token = [] { return Secret("hf_otheraccount1"); };
  world_.Start();
  ASSERT_TRUE(world_.RunUntil([&] { return world_.Get(id).state == PullState::kNeedsToken; }));
  EXPECT_EQ(world_.Hub("tuna").requests, 0) << "not even the name of a private repo is for a mirror";
}

// Pinned by the authority, which then goes down: the tree of a private repo is nobody else's business.
TEST_F(StaleToken, AMirrorIsNotAskedForTheTreeOfAPrivateRepo) {
  FakeRepo& repo = AddRepo();
  repo.is_private = true;
  world_.Hub("official").Add({.kind = Fault::Kind::kStatus, .where = Fault::Where::kListing, .skip = 1, .status = 502});
  const auto pull = world_.Finish(world_.Pull(Given(repo, kGood)));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_EQ(world_.Hub("tuna").requests, 0);
}

TEST_F(StaleToken, AnonymousMeansNotEvenTheDaemonsOwn) {
  const FakeRepo& repo = AddRepo();
  world_.config.find_token = [] { return Secret(kGood); };
  engine::PullSpec spec = World::Spec(repo);
  spec.anonymous = true;
  const std::string id = world_.Pull(spec);
  ASSERT_TRUE(world_.RunUntil([&] { return world_.DataHost("official").sent > 1 * kMiB; }));
  world_.Kill();
  world_.Start();
  EXPECT_EQ(world_.Finish(id).state, PullState::kDone);
  EXPECT_THAT(world_.Hub("official").tokens, IsEmpty());
}

TEST_F(StaleToken, WhoseItIsIsAskedOfThoseThatMaySeeItAlone) {
  world_.internet.content.accounts.insert("hf_bobstoken1234");
  world_.internet.content.names["hf_bobstoken1234"] = "bob";
  world_.Start();
  std::optional<engine::AccountAnswer> answer;
  const auto ask = [&](std::string token) {
    answer.reset();
    world_.engine().WhoAmI(Secret(std::move(token)), [&](absl::StatusOr<engine::AccountAnswer> a) { answer = *std::move(a); });
    EXPECT_TRUE(world_.RunUntil([&] { return answer.has_value(); }, absl::Minutes(2)));
  };
  ask("hf_bobstoken1234");
  ASSERT_TRUE(answer->account);
  EXPECT_EQ(answer->account->name, "bob");
  EXPECT_EQ(answer->source, "official");
  ask(kStale);
  EXPECT_EQ(answer->error.cause, ErrorCause::kUnauthorized);
  EXPECT_THAT(answer->error.message, AllOf(HasSubstr("official refuses the token hf_…ed99"), Not(HasSubstr(kStale))));
  ask("");
  EXPECT_EQ(answer->error.cause, ErrorCause::kUnauthorized);
  EXPECT_THAT(answer->error.message, HasSubstr("there is no token"));
  world_.Hub("official").Add({.kind = Fault::Kind::kNoHead, .where = Fault::Where::kAny});
  ask("hf_bobstoken1234");
  EXPECT_EQ(answer->error.cause, ErrorCause::kNoSource);
  EXPECT_THAT(answer->error.message, HasSubstr("official"));
  EXPECT_EQ(world_.Hub("tuna").requests, 0);
}

}  // namespace
}  // namespace hfget::testing
