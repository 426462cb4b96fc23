#include "daemon/engine/progress_hub.h"

#include <memory>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Recorder final : public Watcher {
 public:
  void OnSnapshot(std::shared_ptr<const PullSnapshot> snapshot) override { done.push_back(snapshot->done); }
  std::vector<ByteCount> done;
};

std::shared_ptr<const PullSnapshot> At(ByteCount done) {
  auto snapshot = std::make_shared<PullSnapshot>();
  snapshot->done = done;
  return snapshot;
}

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(1);

TEST(ProgressHub, TellsTheCurrentStateAtOnceAndTheEndLast) {
  ProgressHub hub;
  auto watcher = std::make_shared<Recorder>();
  hub.Watch("a", watcher, At(1), /*terminal=*/false);
  hub.Publish("a", At(2), false);
  hub.Publish("b", At(7), false);
  hub.Publish("a", At(3), /*terminal=*/true);
  hub.Publish("a", At(4), true);
  EXPECT_THAT(watcher->done, ElementsAre(1, 2, 3));
  EXPECT_FALSE(hub.Watched("a"));
}

TEST(ProgressHub, OfAnEndedPullTheFirstIsTheLast) {
  ProgressHub hub;
  auto watcher = std::make_shared<Recorder>();
  hub.Watch("a", watcher, At(5), /*terminal=*/true);
  EXPECT_FALSE(hub.Watched("a"));
  EXPECT_THAT(watcher->done, ElementsAre(5));
}

TEST(ProgressHub, ForgetsWatchersThatAreGone) {
  ProgressHub hub;
  auto watcher = std::make_shared<Recorder>();
  hub.Watch("a", watcher, At(1), false);
  watcher.reset();
  hub.Publish("a", At(2), false);
  EXPECT_FALSE(hub.Watched("a"));
  EXPECT_EQ(hub.NextTick(), absl::InfiniteFuture());
}

TEST(ProgressHub, AsksTenTimesASecondForWatchedPullsOnly) {
  ProgressHub hub;
  std::vector<std::string> asked;
  const auto publish = [&](const std::string& pull) { asked.push_back(pull); };
  hub.Tick(kNow, publish);
  EXPECT_THAT(asked, IsEmpty());
  auto watcher = std::make_shared<Recorder>();
  hub.Watch("a", watcher, At(1), false);
  for (int ms = 0; ms < 1000; ms += 5) hub.Tick(kNow + absl::Milliseconds(ms), publish);
  EXPECT_EQ(asked.size(), 10u);
  EXPECT_EQ(hub.NextTick(), kNow + absl::Seconds(1));
}

}  // namespace
}  // namespace hfget::engine
