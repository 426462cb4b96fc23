#include "daemon/engine/prober.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/engine_fixture.h"

namespace hfget::engine {
namespace {

using core::ProofVerdict;
using testing::FakeHost;
using testing::FakeRepo;
using testing::Fault;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = Fault::Kind;
using Where = Fault::Where;

class ProberTest : public testing::EngineFixture {
 protected:
  ProberTest() : official_(AddSource("official")), mirror_(AddSource("mirror")) {
    config.sources[1].token_policy = core::TokenPolicy::kIfProven;
    config.probe_repo = {hub::RepoType::kModel, "org/model"};
    FakeRepo& repo = internet.content.repos.emplace_back();
    repo.Add("config.json", 600, /*lfs=*/false);
    repo.Add("model.bin", 9000);
    Build();
    prober_ = std::make_unique<Prober>(*context);
  }

  void Prove() {
    bool done = false;
    prober_->ProveAll([&done] { done = true; });
    ASSERT_TRUE(RunUntil([&done] { return done; }));
  }
  void Probe(core::SourceIndex source) {
    bool done = false;
    prober_->Probe(source, [&done] { done = true; });
    ASSERT_TRUE(RunUntil([&done] { return done; }));
  }
  ProofVerdict Verdict() { return sources->at(1).proof.Get(clock.Wall()); }

  FakeHost& official_;
  FakeHost& mirror_;
  std::unique_ptr<Prober> prober_;
};

TEST_F(ProberTest, ProvesAMirrorThatPassesTheHeaderOn) {
  Prove();
  EXPECT_EQ(Verdict(), ProofVerdict::kForwards);
  EXPECT_TRUE(sources->MaySendToken(1));
  EXPECT_THAT(sources->at(1).proof.why(), HasSubstr("refusal"));
}

TEST_F(ProberTest, DoesNotTakeAStrippedHeaderForAForwardedOne) {
  mirror_.reads_token = false;
  Prove();
  EXPECT_EQ(Verdict(), ProofVerdict::kNotSeenToForward);
  EXPECT_FALSE(sources->MaySendToken(1));
}

TEST_F(ProberTest, ProvesNothingWhenTheOfficialHubNoLongerRefuses) {
  official_.reads_token = false;
  Prove();
  EXPECT_EQ(Verdict(), ProofVerdict::kUnknown);
}

TEST_F(ProberTest, ProvesByTheHubsWordsWhereTheOfficialHubCannotBeReached) {
  official_.Add({.kind = Kind::kRefuse, .where = Where::kAny});
  Prove();
  EXPECT_EQ(Verdict(), ProofVerdict::kForwards);
  EXPECT_THAT(sources->at(1).proof.why(), HasSubstr("not reachable"));
}

TEST_F(ProberTest, ProvesNothingFromOddAnswers) {
  mirror_.Add({.kind = Kind::kStatus, .where = Where::kAny, .status = 503});
  Prove();
  EXPECT_EQ(Verdict(), ProofVerdict::kUnknown);
}

TEST_F(ProberTest, AsksOnlyThoseThatWouldBeTrusted) {
  config.sources[1].token_policy = core::TokenPolicy::kNever;
  Build();
  prober_ = std::make_unique<Prober>(*context);
  Prove();
  EXPECT_EQ(mirror_.requests + official_.requests, 0);
}

TEST_F(ProberTest, AsksAgainOnlyWhenTheProofIsDue) {
  Prove();
  const int requests = mirror_.requests;
  Prove();
  EXPECT_EQ(mirror_.requests, requests);
  clock.Advance(core::Proof::kLife);
  Prove();
  EXPECT_GT(mirror_.requests, requests);
}

TEST_F(ProberTest, OneRoundAtATimeASource) {
  int done = 0;
  for (int i = 0; i < 3; ++i) prober_->ProveAll([&done] { ++done; });
  ASSERT_TRUE(RunUntil([&done] { return done == 3; }));
  EXPECT_EQ(mirror_.requests, 2);
}

TEST_F(ProberTest, NeverAsksTwiceForTheSameObject) {
  Prove();
  clock.Advance(core::Proof::kLife);
  Prove();
  ASSERT_EQ(mirror_.asked.size(), 4u);
  EXPECT_EQ(mirror_.asked[0], mirror_.asked[1]);
  EXPECT_NE(mirror_.asked[0], mirror_.asked[2]);
}

TEST_F(ProberTest, TheCanaryWasNeverIssuedAndIsNotKept) {
  Prove();
  ASSERT_EQ(mirror_.tokens.size(), 1u);
  const std::string canary = *mirror_.tokens.begin();
  EXPECT_EQ(canary.size(), 37u);
  EXPECT_THAT(canary, ::testing::StartsWith("hf_"));
  ASSERT_TRUE(RunUntil([this] { return !records.all().empty(); }));
  for (const auto& [key, value] : records.all()) EXPECT_EQ(value.find(canary), std::string::npos) << key;
}

TEST_F(ProberTest, AProbeSeesThatASourceSpeaksItsDialect) {
  EXPECT_FALSE(sources->at(1).verified);
  Probe(1);
  EXPECT_TRUE(sources->at(1).verified);
  EXPECT_EQ(Verdict(), ProofVerdict::kForwards);
  EXPECT_EQ(sources->Snapshot(clock.Steady())[1].state, "ok");
}

TEST_F(ProberTest, AProbeSeesWhoDoesNotSpeakIt) {
  mirror_.Add({.kind = Kind::kHtml, .where = Where::kAny});
  Probe(1);
  const SourceSnapshot mirror = sources->Snapshot(clock.Steady())[1];
  EXPECT_EQ(mirror.state, "unverified");
  EXPECT_THAT(mirror.reason, HasSubstr("does not answer as a hub does"));
  EXPECT_FALSE(sources->Usable(1, clock.Steady()));
  mirror_.faults.clear();
  Probe(1);
  EXPECT_TRUE(sources->Usable(1, clock.Steady()));
}

TEST_F(ProberTest, AProbeSeesWrongBytes) {
  mirror_.Add({.kind = Kind::kFlip, .where = Where::kBytes, .offset = 100});
  Probe(1);
  EXPECT_FALSE(sources->at(1).verified);
  EXPECT_THAT(sources->at(1).last_failure, HasSubstr("hash"));
}

TEST_F(ProberTest, CanBeDestroyedAtAnyMoment) {
  for (int events = 0; events < 20; ++events) {
    prober_ = std::make_unique<Prober>(*context);
    for (core::SourceIndex i : {0, 1}) prober_->Probe(i, [] {});
    for (int i = 0; i < events; ++i) network.Poll(absl::Milliseconds(50));
    prober_.reset();
    EXPECT_EQ(network.running(), 0u);
  }
}

}  // namespace
}  // namespace hfget::engine
