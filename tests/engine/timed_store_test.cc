#include "daemon/engine/timed_store.h"

#include "gtest/gtest.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_store.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::engine {
namespace {

class TimedStoreTest : public ::testing::Test {
 protected:
  // The answer, as it comes to who committed.
  absl::Status Commit() {
    store::Batch batch;
    batch.puts.emplace_back("k", "v");
    absl::Status answer = absl::UnknownError("none came");
    timed_.Commit(std::move(batch), store::Durability::kProgress, [&answer](absl::Status status) { answer = std::move(status); });
    clock_.Advance(absl::Seconds(1));
    mailbox_.Drain();
    return answer;
  }

  testing::FakeClock clock_;
  testing::FakeRecords records_;
  int wakes_ = 0;
  Mailbox mailbox_{[this] { ++wakes_; }};
  testing::FakeStore store_{clock_, mailbox_, records_};
  Counters counters_;
  TimedStore timed_{store_, clock_, counters_};
};

TEST_F(TimedStoreTest, ACommitIsPassedOnAndItsTimeTaken) {
  EXPECT_OK(Commit());
  EXPECT_EQ(records_.all().count("k"), 1u);
  EXPECT_EQ(counters_.store_time.count(), 1);
  EXPECT_NEAR(counters_.store_time.sum_seconds(), 1, 0.01);  // until the answer is here, not until it was given
  EXPECT_EQ(counters_.store_failures, 0);
}

TEST_F(TimedStoreTest, AFailedCommitIsCounted) {
  store_.failure = absl::ResourceExhaustedError("full");
  EXPECT_EQ(Commit(), store_.failure);
  EXPECT_EQ(counters_.store_failures, 1);
  EXPECT_EQ(counters_.store_time.count(), 1);
}

}  // namespace
}  // namespace hfget::engine
