#include "daemon/engine/timers.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::engine {
namespace {

using ::testing::ElementsAre;

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(1);

TEST(Timers, RunsWhatIsDueInOrderOfTimeThenOfSetting) {
  Timers timers;
  std::vector<int> ran;
  timers.At(kNow + absl::Seconds(2), [&] { ran.push_back(3); });
  timers.At(kNow, [&] { ran.push_back(1); });
  timers.At(kNow, [&] { ran.push_back(2); });
  timers.At(kNow + absl::Seconds(9), [&] { ran.push_back(4); });
  timers.RunDue(kNow + absl::Seconds(2));
  EXPECT_THAT(ran, ElementsAre(1, 2, 3));
  EXPECT_EQ(timers.Next(), kNow + absl::Seconds(9));
}

TEST(Timers, HasNothingNextWhenEmpty) {
  Timers timers;
  EXPECT_EQ(timers.Next(), absl::InfiniteFuture());
  timers.RunDue(kNow);
}

TEST(Timers, NeverRunsWhatWasCancelled) {
  Timers timers;
  int ran = 0;
  const Timers::Id id = timers.At(kNow, [&] { ++ran; });
  timers.Cancel(id);
  timers.Cancel(id);
  timers.RunDue(kNow);
  EXPECT_EQ(ran, 0);
}

TEST(Timers, ATaskMaySetAndCancelOthers) {
  Timers timers;
  std::vector<int> ran;
  Timers::Id other;
  timers.At(kNow, [&] {
    ran.push_back(1);
    timers.Cancel(other);
    timers.At(kNow, [&] { ran.push_back(2); });
    timers.At(kNow + absl::Seconds(1), [&] { ran.push_back(3); });
  });
  other = timers.At(kNow, [&] { ran.push_back(9); });
  timers.RunDue(kNow);
  EXPECT_THAT(ran, ElementsAre(1, 2));
}

}  // namespace
}  // namespace hfget::engine
