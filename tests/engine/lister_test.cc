#include "daemon/engine/lister.h"

#include <memory>
#include <optional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/engine_fixture.h"

namespace hfget::engine {
namespace {

using core::ErrorCause;
using testing::FakeHost;
using testing::FakeRepo;
using testing::Fault;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using Kind = Fault::Kind;
using Where = Fault::Where;

class ListerTest : public testing::EngineFixture {
 protected:
  ListerTest() : tuna_(AddSource("tuna")), official_(AddSource("official")) {
    FakeRepo& repo = internet.content.repos.emplace_back();
    for (int i = 0; i < 5; ++i) repo.Add(absl::StrCat("f", i), 100 * i, i % 2);
    Build();
  }

  void Pin(Lister::Options options = {}) {
    options.repo = {hub::RepoType::kModel, "org/model"};
    if (options.revision.empty()) options.revision = "main";
    lister_ = std::make_unique<Lister>(*context, std::move(options));
    lister_->Pin([this](Pinned pinned) { pinned_ = std::move(pinned); }, [this](PullError error) { error_ = std::move(error); });
    ASSERT_TRUE(RunUntil([this] { return pinned_ || error_; }));
  }
  void List() {
    ASSERT_TRUE(pinned_);
    lister_->List(
        *pinned_,
        [this](Listing listing) {
          parts_.push_back({listing.manifest->files.size(), listing.anew});
          if (listing.complete) manifest_ = *listing.manifest;
        },
        [this](PullError error) { error_ = std::move(error); });
    ASSERT_TRUE(RunUntil([this] { return manifest_ || error_; }));
  }

  FakeHost& tuna_;
  FakeHost& official_;
  std::unique_ptr<Lister> lister_;
  std::optional<Pinned> pinned_;
  std::optional<hub::Manifest> manifest_;
  std::vector<std::pair<size_t, bool>> parts_;  // how many files there were, whether it was anew
  std::optional<PullError> error_;
};

TEST_F(ListerTest, PinsAndListsAtTheAuthority) {
  Pin();
  List();
  ASSERT_TRUE(manifest_);
  EXPECT_EQ(manifest_->files.size(), 5u);
  EXPECT_EQ(manifest_->commit, internet.content.repos[0].commit);
  EXPECT_EQ(official_.requests, 2);
  EXPECT_EQ(tuna_.requests, 0);
  EXPECT_EQ(lister_->listed_by(), 1);
}

TEST_F(ListerTest, BeginsThePagesAnewAtTheNextSource) {
  official_.page_rows = tuna_.page_rows = 2;
  Pin();
  official_.Add({.kind = Kind::kReset, .where = Where::kAny, .skip = 1, .after = 3});
  List();
  ASSERT_TRUE(manifest_);
  EXPECT_EQ(manifest_->files.size(), 5u);
  EXPECT_EQ(lister_->listed_by(), 0);
}

TEST_F(ListerTest, GivesThePagesAsTheyCome) {
  official_.page_rows = 2;
  Pin();
  List();
  EXPECT_THAT(parts_, ElementsAre(Pair(2, false), Pair(4, false), Pair(5, false)));
}

TEST_F(ListerTest, GoesOnWhereAnotherOneStopped) {
  official_.page_rows = 2;
  tuna_.page_rows = 3;
  Pin();
  official_.Add({.kind = Kind::kRefuse, .where = Where::kAny, .skip = 2});
  List();
  ASSERT_TRUE(manifest_);
  EXPECT_EQ(lister_->listed_by(), 0);
  EXPECT_THAT(parts_, ElementsAre(Pair(2, false), Pair(4, false), Pair(5, false)));
}

TEST_F(ListerTest, BeginsAnewWhenTheOtherListsOtherwise) {
  official_.page_rows = tuna_.page_rows = 2;
  tuna_.lists_backwards = true;
  Pin();
  official_.Add({.kind = Kind::kRefuse, .where = Where::kAny, .skip = 2});
  List();
  ASSERT_TRUE(manifest_);
  EXPECT_EQ(manifest_->files[0].path, "f4");
  EXPECT_THAT(parts_, ElementsAre(Pair(2, false), Pair(4, false), Pair(5, true)));
}

TEST_F(ListerTest, TakesNoPageOfAnotherListingWhileTheFirstIsRead) {
  official_.page_rows = 2;
  tuna_.page_rows = 3;
  tuna_.lists_backwards = true;
  Pin();
  official_.latency = absl::Milliseconds(2500);
  tuna_.latency = absl::Milliseconds(2000);
  List();
  ASSERT_TRUE(manifest_);
  for (size_t i = 0; i + 1 < parts_.size(); ++i) EXPECT_FALSE(parts_[i].second) << i;
}

TEST_F(ListerTest, TriesASecondRoundBeforeItGivesUp) {
  official_.Add({.kind = Kind::kRefuse, .where = Where::kAny, .times = 1});
  tuna_.Add({.kind = Kind::kRefuse, .where = Where::kAny});
  Pin();
  EXPECT_TRUE(pinned_);
  EXPECT_EQ(official_.requests, 2);
}

TEST_F(ListerTest, NamesEverySourceThatFailed) {
  official_.Add({.kind = Kind::kRefuse, .where = Where::kAny});
  tuna_.Add({.kind = Kind::kStatus, .where = Where::kAny, .status = 502});
  Pin();
  ASSERT_TRUE(error_);
  EXPECT_EQ(error_->cause, ErrorCause::kNoSource);
  EXPECT_THAT(error_->message, HasSubstr("official: connection refused"));
  EXPECT_THAT(error_->message, HasSubstr("tuna"));
  EXPECT_LE(official_.requests, 2);
}

TEST_F(ListerTest, WaitsForASourceThatRestsWhenNobodyElseAnswers) {
  tuna_.Add({.kind = Kind::kRefuse, .where = Where::kAny});
  official_.Add({.kind = Kind::kStatus, .where = Where::kAny, .times = 1, .status = 429, .headers = {{"retry-after", "30"}}});
  const absl::Time begin = clock.Steady();
  Pin();
  EXPECT_TRUE(pinned_);
  EXPECT_EQ(official_.requests, 2);
  EXPECT_GE(clock.Steady() - begin, absl::Seconds(30));
}

TEST_F(ListerTest, DoesNotAskASourceThatRests) {
  sources->at(1).health.Rest(absl::Minutes(4), clock.Steady());
  Pin();
  EXPECT_TRUE(pinned_);
  EXPECT_EQ(official_.requests, 0);
}

TEST_F(ListerTest, DoesNotWaitLongerThanAPullMayWait) {
  for (core::SourceIndex i : {0, 1}) sources->at(i).health.Rest(absl::Hours(2), clock.Steady());
  Pin();
  ASSERT_TRUE(error_);
  EXPECT_EQ(error_->cause, ErrorCause::kNoSource);
}

TEST_F(ListerTest, TheAuthoritysNoIsFinal) {
  official_.lags_until = absl::InfiniteFuture();
  Pin();
  ASSERT_TRUE(error_);
  EXPECT_EQ(error_->cause, ErrorCause::kNotFound);
  EXPECT_EQ(tuna_.requests, 0);
}

TEST_F(ListerTest, AMirrorsNoCountsOnlyWhenNobodySaysBetter) {
  official_.Add({.kind = Kind::kRefuse, .where = Where::kAny});
  tuna_.lags_until = absl::InfiniteFuture();
  Pin();
  ASSERT_TRUE(error_);
  EXPECT_EQ(error_->cause, ErrorCause::kNotFound);
  EXPECT_EQ(error_->source, "tuna");
}

TEST_F(ListerTest, ARedirectToAnotherHubSwitchesTheSourceOff) {
  official_.Add({.kind = Kind::kOtherHub, .where = Where::kAny});
  Pin();
  EXPECT_TRUE(pinned_);
  EXPECT_EQ(sources->at(1).health.Get(clock.Steady()), core::SourceHealth::State::kDisabled);
}

TEST_F(ListerTest, CanBeDestroyedAtAnyMoment) {
  for (int events = 0; events < 12; ++events) {
    Lister::Options options;
    options.repo = {hub::RepoType::kModel, "org/model"};
    options.revision = "main";
    lister_ = std::make_unique<Lister>(*context, options);
    lister_->Pin([](Pinned) {}, [](PullError) {});
    for (int i = 0; i < events; ++i) network.Poll(absl::Milliseconds(50));
    lister_.reset();
    EXPECT_EQ(network.running(), 0u);
  }
}

}  // namespace
}  // namespace hfget::engine
