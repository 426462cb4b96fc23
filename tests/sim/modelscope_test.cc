// A hub of another dialect beside the others: it serves what it has by hash, under whatever name, and harms nobody. And alone.
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
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr char kToken[] = "ms-thistokenhasaccess";

ByteCount From(const engine::PullSnapshot& pull, const std::string& source) {
  for (const engine::ShareSnapshot& share : pull.shares) {
    if (share.source == source) return share.bytes;
  }
  return 0;
}
std::string NoteOn(const engine::PullSnapshot& pull, const std::string& source) {
  for (const engine::ShareSnapshot& share : pull.shares) {
    if (share.source == source) return share.note;
  }
  return "";
}

absl::Duration TimeOf(World& world, const FakeRepo& repo) {
  const absl::Time begin = world.clock.Steady();
  const std::string id = world.Pull(repo);
  EXPECT_TRUE(world.RunUntil([&] { return core::IsTerminal(world.Get(id).state); }));
  EXPECT_EQ(world.Get(id).state, PullState::kDone);
  return world.clock.Steady() - begin;
}

class ModelScope : public ::testing::Test {
 protected:
  ModelScope() : official_(world_.AddSource("official")), scope_(world_.AddModelScope()) {
    world_.DataHost("official").connection_rate = world_.DataHost("modelscope").connection_rate = kMiB;
    FakeRepo& repo = world_.AddRepo();
    repo.Add("weights.bin", 40 * kMiB);
    repo.Add("config.json", 600, /*lfs=*/false);
    world_.internet.content.scope_repos.reserve(8);  // references hold
  }

  FakeRepo& repo() { return world_.internet.content.repos.front(); }
  FakeFile& FileOf(FakeRepo& repo, size_t index) { return repo.files[index]; }
  engine::PullSpec SpecOf(const FakeRepo& repo) { return World::Spec(repo, repo.id.hub == hub::Hub::kModelScope ? "master" : "main"); }
  engine::PullSnapshot Finish(engine::PullSpec spec) { return world_.Finish(world_.Pull(std::move(spec))); }
  engine::PullSnapshot ExpectDone() {
    const auto pull = Finish(SpecOf(repo()));
    EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
    world_.ExpectPublished(repo());
    world_.ExpectQuiet();
    EXPECT_EQ(world_.StateOf("official"), "ok");
    return pull;
  }

  World world_;
  FakeHost& official_;
  FakeHost& scope_;
};

TEST_F(ModelScope, SharesTheWorkWhereTheHashesAgree) {
  world_.AddScopeRepo(repo(), "org/model");
  const auto pull = ExpectDone();
  EXPECT_GT(From(pull, "modelscope"), 10 * kMiB);
  EXPECT_GT(From(pull, "official"), 10 * kMiB);
  EXPECT_EQ(NoteOn(pull, "modelscope"), "as org/model");
}

TEST_F(ModelScope, IsFoundUnderTheNameThatTheUserGives) {
  world_.AddScopeRepo(repo(), "there/another-name");
  engine::PullSpec spec = SpecOf(repo());
  spec.modelscope_id = "there/another-name";
  EXPECT_GT(From(Finish(std::move(spec)), "modelscope"), 0);
}

TEST_F(ModelScope, IsFoundUnderTheNameInTheConfiguration) {
  world_.AddScopeRepo(repo(), "there/another-name");
  world_.config.modelscope_ids["org/model"] = "there/another-name";
  EXPECT_GT(From(ExpectDone(), "modelscope"), 0);
}

TEST_F(ModelScope, AnotherRepoOfTheSameNameServesNothing) {
  FakeRepo& other = world_.AddScopeRepo(repo(), "org/model");
  FileOf(other, 0).content = FakeContent(77, 40 * kMiB);
  const auto pull = ExpectDone();
  EXPECT_EQ(From(pull, "modelscope"), 0);
  EXPECT_THAT(NoteOn(pull, "modelscope"), HasSubstr("other files"));
  EXPECT_EQ(world_.StateOf("modelscope"), "ok");
}

TEST_F(ModelScope, AFileThatDiffersNeverComesFromThere) {
  repo().Add("second.bin", 20 * kMiB);
  FakeRepo& other = world_.AddScopeRepo(repo(), "org/model");
  FileOf(other, 2).content = FakeContent(77, 20 * kMiB);
  const auto pull = ExpectDone();
  EXPECT_GT(From(pull, "modelscope"), 0);
  EXPECT_LE(From(pull, "modelscope"), 40 * kMiB);
  EXPECT_EQ(pull.wasted, 0);
  for (const std::string& path : world_.DataHost("modelscope").asked) {
    EXPECT_EQ(path, ScopeObject(repo().files[0]));
  }
}

TEST_F(ModelScope, ARepoThatItHasNotIsNotMissed) {
  const auto pull = ExpectDone();
  EXPECT_EQ(From(pull, "modelscope"), 0);
  EXPECT_LE(scope_.requests, 8);
  EXPECT_EQ(world_.StateOf("modelscope"), "ok");
}

TEST_F(ModelScope, ItsFaultsHoldNobodyUp) {
  const absl::Duration alone = [&] {
    World world;
    world.AddSource("official");
    world.DataHost("official").connection_rate = kMiB;
    FakeRepo& same = world.AddRepo();
    same.files = repo().files;
    return TimeOf(world, same);
  }();
  world_.AddScopeRepo(repo(), "org/model");
  for (const Kind kind : {Kind::kRefuse, Kind::kConnectTimeout, Kind::kNoHead, Kind::kHtml, Kind::kStatus, Kind::kOtherHub}) {
    World world;
    world.AddSource("official");
    world.DataHost("official").connection_rate = kMiB;
    world.AddModelScope().Add({.kind = kind, .where = Where::kAny});
    FakeRepo& same = world.AddRepo();
    same.files = repo().files;
    EXPECT_LE(TimeOf(world, same), 1.05 * alone) << static_cast<int>(kind);
  }
}

TEST_F(ModelScope, ServesAloneWhatTheHubListsAndCannotSend) {
  world_.AddScopeRepo(repo(), "org/model");
  world_.DataHost("official").Add({.kind = Kind::kStatus, .status = 404});
  official_.Add({.kind = Kind::kStatus, .where = Where::kBytes, .status = 403});
  const auto pull = Finish(SpecOf(repo()));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  world_.ExpectPublished(repo());
  EXPECT_EQ(From(pull, "modelscope"), repo().total()) << "the small file, too: its bytes have the git SHA-1";
}

TEST_F(ModelScope, ANamesakeIsAskedOnlyWhenNobodyElseIsLeft) {
  world_.AddScopeRepo(repo(), "org/model");
  ExpectDone();
  EXPECT_EQ(std::count(scope_.asked.begin(), scope_.asked.end(), "/api/v1/models/org/model/repo"), 1) << "the weights";
}

TEST_F(ModelScope, ANamesakeWithOtherBytesIsNoLie) {
  FakeRepo& other = world_.AddScopeRepo(repo(), "org/model");
  FileOf(other, 1).content = FakeContent(77, 600);
  official_.Add({.kind = Kind::kStatus, .where = Where::kBytes, .status = 403});
  const auto pull = Finish(SpecOf(repo()));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_THAT(pull.error.message, HasSubstr("config.json"));
  EXPECT_EQ(world_.StateOf("modelscope"), "ok");
  EXPECT_EQ(world_.SourceList()[1].convictions, 0);
}

TEST_F(ModelScope, OneThatLiesAboutAHashIsConvicted) {
  world_.honest = false;
  world_.AddScopeRepo(repo(), "org/model");
  for (ByteCount at = 0; at < 40 * kMiB; at += kMiB) world_.DataHost("modelscope").Add({.kind = Kind::kFlip, .offset = at});
  const auto pull = Finish(SpecOf(repo()));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  world_.ExpectPublished(repo());
  EXPECT_EQ(world_.StateOf("modelscope"), "quarantined");
}

TEST_F(ModelScope, LinksThatHaveEndedAreRenewed) {
  world_.AddScopeRepo(repo(), "org/model");
  for (const char* name : {"official", "modelscope"}) world_.DataHost(name).connection_rate = 32 * kKiB;
  scope_.link_life = absl::Seconds(20);
  ExpectDone();
  EXPECT_GT(std::count(scope_.asked.begin(), scope_.asked.end(), "/api/v1/models/org/model/repo"), 1);
}

TEST_F(ModelScope, ThePrivateRepoOfAnotherHubIsNotNamedThere) {
  repo().is_private = true;
  repo().token = "hf_thistokenhasaccess";
  engine::PullSpec spec = SpecOf(repo());
  spec.token = Secret(repo().token);
  EXPECT_EQ(Finish(std::move(spec)).state, PullState::kDone);
  EXPECT_EQ(scope_.requests, 0);
}

TEST_F(ModelScope, TokensKeepToTheirRealm) {
  world_.AddScopeRepo(repo(), "org/model");
  engine::PullSpec spec = SpecOf(repo());
  spec.token = Secret("hf_mine");
  spec.modelscope_token = Secret(kToken);
  world_.internet.content.accounts = {"hf_mine"};
  EXPECT_EQ(Finish(std::move(spec)).state, PullState::kDone);
  EXPECT_EQ(scope_.tokens, std::set<std::string>{kToken});
  EXPECT_EQ(official_.tokens, std::set<std::string>{"hf_mine"});
  for (const char* name : {"official", "modelscope"}) EXPECT_TRUE(world_.DataHost(name).tokens.empty());
}

class ModelScopeAlone : public ModelScope {
 protected:
  ModelScopeAlone() : own_(world_.AddScopeRepo(repo(), "there/model")) {
    own_.Add("empty.txt", 0, /*lfs=*/false);
    world_.internet.content.repos.clear();
  }
  FakeRepo& own_;
};

TEST_F(ModelScopeAlone, IsPulledIntoItsOwnCache) {
  const auto pull = Finish(SpecOf(own_));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_EQ(pull.path, "/cache/modelscope/models/there--model/snapshots/master");
  EXPECT_EQ(pull.listing_source, "modelscope");
  world_.ExpectPublished(own_);
  world_.ExpectQuiet();
  EXPECT_EQ(official_.requests, 0);
  const auto again = Finish(SpecOf(own_));
  EXPECT_EQ(again.fetched, 0);
  EXPECT_EQ(again.commit, pull.commit);
}

TEST_F(ModelScopeAlone, LinksOfAMomentCostNoMoreThanTheirRenewal) {
  // So slow to answer that several connections have asked by an old link before the first is refused.
  world_.DataHost("modelscope").latency = absl::Milliseconds(800);
  world_.DataHost("modelscope").connection_rate = kMiB;
  scope_.link_life = absl::Seconds(3);
  const auto pull = world_.Finish(world_.Pull(SpecOf(own_)), absl::Seconds(45));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
}

TEST_F(ModelScopeAlone, GoesOnWhereItStoodAfterACrash) {
  world_.Pull(SpecOf(own_));
  ASSERT_TRUE(world_.RunUntil([&] { return world_.recorded() > 16 * kMiB; }));
  world_.Kill();
  world_.Start();
  const std::string weights = "/cache/modelscope/models/there--model/snapshots/master/weights.bin";
  ASSERT_TRUE(world_.RunUntil([&] { return world_.files.Exists(weights); }));
  world_.ExpectPublished(own_);
  EXPECT_LT(world_.received(), own_.total() + 24 * kMiB);
}

TEST_F(ModelScopeAlone, WhatHasMovedIsFetchedAndTheRestKept) {
  EXPECT_EQ(Finish(SpecOf(own_)).state, PullState::kDone);
  FileOf(own_, 1).content = FakeContent(88, 700);
  const auto pull = Finish(SpecOf(own_));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_EQ(pull.fetched, 700);
  EXPECT_EQ(world_.files.Content(pull.path + "/config.json").size(), 700u);
}

TEST_F(ModelScopeAlone, ARevisionThatIsNotThereIsNotAnEmptyRepo) {
  const auto pull = Finish(World::Spec(own_, "main"));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_EQ(pull.error.cause, ErrorCause::kNotFound);
  EXPECT_THAT(pull.error.message, AllOf(HasSubstr("\"main\""), HasSubstr("master")));
}

TEST_F(ModelScopeAlone, APrivateOneNeedsTheTokenOfItsRealm) {
  own_.is_private = true;
  own_.token = kToken;
  engine::PullSpec none = SpecOf(own_);
  none.token = Secret("hf_mine");
  const auto refused = Finish(std::move(none));
  EXPECT_EQ(refused.error.cause, ErrorCause::kNotFound);
  EXPECT_THAT(refused.error.message, HasSubstr("MODELSCOPE_API_TOKEN"));
  EXPECT_TRUE(scope_.tokens.empty());
  engine::PullSpec spec = SpecOf(own_);
  spec.modelscope_token = Secret(kToken);
  EXPECT_EQ(Finish(std::move(spec)).state, PullState::kDone);
  world_.config.find_modelscope_token = [] { return Secret(kToken); };
  ASSERT_TRUE(world_.Stop());
  world_.Kill();
  world_.Start();
  EXPECT_EQ(Finish(SpecOf(own_)).state, PullState::kDone) << "the daemon's own";
}

TEST_F(ModelScopeAlone, TheOnlySourceOfItsHubIsNeverEjected) {
  world_.DataHost("modelscope").Add({.kind = Kind::kRefuse, .times = 6});
  const absl::Time begin = world_.clock.Steady();
  const auto pull = Finish(SpecOf(own_));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_LT(world_.clock.Steady() - begin, absl::Seconds(25)) << "an ejection lasts 30 s";
}

TEST_F(ModelScope, NothingIsAskedForAPullThatHasEnded) {
  scope_.latency = absl::Seconds(15);
  repo().files[0].content = FakeContent(5, 2 * kMiB);
  EXPECT_EQ(Finish(SpecOf(repo())).state, PullState::kDone);
  world_.Run(absl::Seconds(1));
  world_.ExpectQuiet();
}

TEST_F(ModelScopeAlone, IsServedByModelScopeOnly) {
  scope_.Add({.kind = Kind::kRefuse, .where = Where::kAny});
  const auto pull = Finish(SpecOf(own_));
  EXPECT_EQ(pull.error.cause, ErrorCause::kNoSource);
  EXPECT_THAT(pull.error.message, HasSubstr("modelscope"));
  EXPECT_EQ(official_.requests, 0);
}

}  // namespace
}  // namespace hfget::testing
