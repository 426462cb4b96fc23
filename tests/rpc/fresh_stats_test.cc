#include "daemon/rpc/fresh_stats.h"

#include <thread>

#include "gtest/gtest.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_engine_api.h"
#include "tests/fakes/status_matchers.h"
#include "tests/rpc/stats_samples.h"

namespace hfget::rpc {
namespace {

using ::hfget::testing::StatusIs;
using ::testing::HasSubstr;

class FreshStatsTest : public ::testing::Test {
 protected:
  testing::FakeEngineApi engine_;
  testing::FakeClock clock_;
};

TEST_F(FreshStatsTest, TheEngineIsAskedAgainOnlyWhenTheAnswerHasAged) {
  engine_.SetStats(SomeStats());
  FreshStats stats(engine_, clock_, absl::InfiniteDuration());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(stats.Get()->open_files, 8);
  EXPECT_EQ(engine_.asked_stats(), 1);
  clock_.Advance(FreshStats::kFresh);
  EXPECT_OK(stats.Get());
  EXPECT_EQ(engine_.asked_stats(), 2);
}

TEST_F(FreshStatsTest, AnEngineThatDoesNotAnswerIsWaitedForNoLongerAndAskedOnce) {
  FreshStats stats(engine_, clock_, absl::Milliseconds(1));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(stats.Get(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("does not answer")));
  }
  EXPECT_EQ(engine_.asked_stats(), 1);
}

TEST_F(FreshStatsTest, ALateAnswerCountsForTheNextOne) {
  FreshStats stats(engine_, clock_, absl::Milliseconds(1));
  EXPECT_FALSE(stats.Get().ok());
  engine_.AnswerStats(SomeStats());
  EXPECT_EQ(stats.Get()->open_files, 8);
  EXPECT_EQ(engine_.asked_stats(), 1);
}

TEST_F(FreshStatsTest, AnAnswerThatComesWhenNobodyIsThereHarmsNobody) {
  {
    FreshStats stats(engine_, clock_, absl::Milliseconds(1));
    EXPECT_FALSE(stats.Get().ok());
  }
  engine_.AnswerStats(SomeStats());
}

TEST_F(FreshStatsTest, WhoWaitsIsLetGoByClose) {
  FreshStats stats(engine_, clock_, absl::InfiniteDuration());
  absl::Status got;
  std::thread waiting([&] { got = stats.Get().status(); });
  stats.Close();
  waiting.join();
  EXPECT_THAT(got, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("shutting down")));
  EXPECT_FALSE(stats.Get().ok());
}

}  // namespace
}  // namespace hfget::rpc
