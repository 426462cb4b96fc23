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

TEST(ProgressHub, AThousandWatchersAreToldLessOftenUntilTheyHaveGone) {
  ProgressHub hub;
  std::vector<std::shared_ptr<Recorder>> watchers;
  for (int i = 0; i < 1000; ++i) {
    watchers.push_back(std::make_shared<Recorder>());
    hub.Watch(i % 2 == 0 ? "a" : "b", watchers.back(), At(1), false);
  }
  int asked = 0;
  const auto publish = [&](const std::string& pull) {
    ++asked;
    hub.Publish(pull, At(2), false);
  };
  for (int ms = 0; ms < 4000; ms += 5) hub.Tick(kNow + absl::Milliseconds(ms), publish);
  EXPECT_EQ(asked, 2 * 10);  // 2,500 messages a second
  watchers.resize(1);
  for (int ms = 4000; ms < 6000; ms += 5) hub.Tick(kNow + absl::Milliseconds(ms), publish);
  asked = 0;
  for (int ms = 6000; ms < 7000; ms += 5) hub.Tick(kNow + absl::Milliseconds(ms), publish);
  EXPECT_EQ(asked, 10);
  EXPECT_FALSE(hub.Watched("b"));
}

TEST(ProgressHub, EachPullHasABeatOfItsOwn) {
  ProgressHub hub;
  std::vector<std::string> asked;
  const auto publish = [&](const std::string& pull) { asked.push_back(pull); };
  auto watcher = std::make_shared<Recorder>();
  hub.Watch("a", watcher, At(1), false);
  hub.Tick(kNow, publish);
  hub.Watch("b", watcher, At(1), false);
  hub.Tick(kNow + absl::Milliseconds(40), publish);
  hub.Tick(kNow + absl::Milliseconds(100), publish);
  EXPECT_THAT(asked, ElementsAre("a", "b", "a"));
  EXPECT_EQ(hub.NextTick(), kNow + absl::Milliseconds(140));
}

}  // namespace
}  // namespace hfget::engine
