#include "daemon/engine/change_hub.h"

#include <memory>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::engine {
namespace {

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(1);

class Deaf final : public Watcher {
 public:
  void OnSnapshot(std::shared_ptr<const PullSnapshot>) override {}
};

// How often it is time in so long.
int Turns(ChangeHub& hub, size_t moving, absl::Duration time) {
  int turns = 0;
  for (absl::Time now = kNow; now < kNow + time; now += absl::Milliseconds(1)) turns += hub.Due(now, moving);
  return turns;
}

TEST(ChangeHubTest, NobodyIsToldWhereNobodyWatchesOrNothingMoves) {
  ChangeHub hub;
  EXPECT_EQ(Turns(hub, 4, absl::Seconds(5)), 0);
  EXPECT_EQ(hub.NextTick(), absl::InfiniteFuture());
  const auto watcher = std::make_shared<Deaf>();
  hub.Watch({}, watcher);
  EXPECT_EQ(Turns(hub, 0, absl::Seconds(5)), 0);
  EXPECT_LT(hub.NextTick(), absl::InfiniteFuture());
}

TEST(ChangeHubTest, EachPullThatMovesHasATurnASecond) {
  ChangeHub hub;
  const auto watcher = std::make_shared<Deaf>();
  hub.Watch({}, watcher);
  EXPECT_EQ(Turns(hub, 1, absl::Seconds(5)), 5);
  ChangeHub other;
  other.Watch({}, watcher);
  EXPECT_EQ(Turns(other, 4, absl::Seconds(5)), 20);
}

TEST(ChangeHubTest, AThousandWatchersOfFiftyPullsAreToldLessOften) {
  ChangeHub hub;
  std::vector<std::shared_ptr<Deaf>> watchers;
  for (int i = 0; i < 1000; ++i) {
    watchers.push_back(std::make_shared<Deaf>());
    hub.Watch({}, watchers.back());
  }
  EXPECT_EQ(Turns(hub, 50, absl::Seconds(20)), 50);  // 2,500 messages a second: 50 pulls in 20 s
}

}  // namespace
}  // namespace hfget::engine
