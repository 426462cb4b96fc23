// Pulls on a net where all goes well.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::PullState;

FakeRepo& AddMixedRepo(World& world) {
  FakeRepo& repo = world.AddRepo();
  repo.Add("config.json", 700, /*lfs=*/false);
  repo.Add("empty", 0, /*lfs=*/false);
  repo.Add("one-byte", 1, /*lfs=*/false);
  repo.Add("weights/one.safetensors", 20 * kMiB + 5);
  repo.Add("weights/exact.bin", kMiB);
  return repo;
}

TEST(CleanPull, PublishesEveryFileOfTheRepo) {
  World world;
  world.AddSource("official");
  const FakeRepo& repo = AddMixedRepo(world);
  const auto pull = world.Finish(world.Pull(repo));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_EQ(pull.done, repo.total());
  EXPECT_EQ(pull.fetched, repo.total());
  EXPECT_EQ(pull.wasted, 0);
  world.ExpectPublished(repo);
  world.ExpectNoPartials();
  world.ExpectQuiet();
}

TEST(CleanPull, AsksOnceForEachSmallFileAndOnceForTheListing) {
  World world;
  FakeHost& hub = world.AddSource("official");
  FakeRepo& repo = world.AddRepo();
  for (int i = 0; i < 40; ++i) repo.Add(absl::StrCat("part-", i, ".bin"), 1000 + i);
  EXPECT_EQ(world.Finish(world.Pull(repo)).state, PullState::kDone);
  EXPECT_EQ(hub.listings, 2);
  EXPECT_EQ(hub.requests, 42);
  EXPECT_EQ(world.DataHost("official").requests, 40);
}

TEST(CleanPull, EndsWithManyFilesOfNoBytes) {
  World world;
  world.AddSource("official");
  FakeRepo& repo = world.AddRepo();
  for (int i = 0; i < 200; ++i) repo.Add(absl::StrCat("empty-", i), 0, /*lfs=*/i % 2);
  EXPECT_EQ(world.Finish(world.Pull(repo)).state, PullState::kDone);
  world.ExpectPublished(repo);
  world.ExpectQuiet();
}

TEST(CleanPull, EndsWithTwoBuffers) {
  World world;
  world.buffers = 2;
  world.AddSource("official");
  world.AddSource("tuna");
  const FakeRepo& repo = AddMixedRepo(world);
  const auto pull = world.Finish(world.Pull(repo), absl::Minutes(2));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  world.ExpectPublished(repo);
  world.ExpectQuiet();
}

TEST(CleanPull, WaitsForASlowDiskAndTakesNoMoreMemory) {
  World world;
  world.buffers = 4;
  world.pace.write = absl::Milliseconds(400);
  world.AddSource("official");
  const FakeRepo& repo = AddMixedRepo(world);
  const auto pull = world.Finish(world.Pull(repo), absl::Minutes(2));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_EQ(pull.wasted, 0);
  world.ExpectPublished(repo);
  world.ExpectQuiet();
}

TEST(CleanPull, FetchesEqualContentOnce) {
  World world;
  world.AddSource("official");
  FakeRepo& repo = world.AddRepo();
  repo.files.push_back({"a.bin", FakeContent(7, 5 * kMiB), true});
  repo.files.push_back({"b/copy-of-a.bin", FakeContent(7, 5 * kMiB), true});
  const auto pull = world.Finish(world.Pull(repo));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  EXPECT_EQ(world.DataHost("official").sent, 5 * kMiB);
  EXPECT_EQ(pull.fetched, 5 * kMiB);
  EXPECT_EQ(pull.done_files, 2);
  world.ExpectPublished(repo);
}

TEST(CleanPull, FollowsThePagesOfTheListingOnTheSourceThatWasAsked) {
  World world;
  FakeHost& hub = world.AddSource("official");
  hub.page_rows = 7;
  FakeRepo& repo = world.AddRepo();
  for (int i = 0; i < 23; ++i) repo.Add(absl::StrCat("f", i), 10 + i, /*lfs=*/false);
  EXPECT_EQ(world.Finish(world.Pull(repo)).state, PullState::kDone);
  EXPECT_EQ(hub.listings, 5);
  world.ExpectPublished(repo);
}

TEST(CleanPull, WorksThroughAMirrorBelowAPrefix) {
  World world;
  engine::SourceConfig source;
  source.name = "pai";
  source.endpoint = "https://mirror.test/pai-hub";
  world.config.sources.push_back(source);
  FakeHost& hub = world.internet.AddHub(source.endpoint);
  hub.page_rows = 2;
  const FakeRepo& repo = AddMixedRepo(world);
  EXPECT_EQ(world.Finish(world.Pull(repo)).state, PullState::kDone);
  world.ExpectPublished(repo);
}

TEST(CleanPull, LaysFilesIntoALocalFolder) {
  World world;
  world.AddSource("official");
  const FakeRepo& repo = AddMixedRepo(world);
  engine::PullSpec spec = World::Spec(repo);
  spec.local_dir = "/local";
  const auto pull = world.Finish(world.Pull(spec));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  for (const FakeFile& file : repo.files) {
    EXPECT_TRUE(file.content.Matches(0, world.files.Content("/local/" + file.path))) << file.path;
  }
  world.ExpectNoPartials();
  world.ExpectQuiet();
}

TEST(CleanPull, NeedsNoNetworkWhenAllIsThere) {
  World world;
  world.AddSource("official");
  const FakeRepo& repo = AddMixedRepo(world);
  world.Finish(world.Pull(repo));
  const int requests = world.Hub("official").requests;
  const absl::Time begin = world.clock.Steady();
  const std::string id = world.Pull(World::Spec(repo, repo.commit));
  ASSERT_TRUE(world.RunUntil([&] { return core::IsTerminal(world.Get(id).state); }));
  const auto pull = world.Get(id);
  EXPECT_EQ(pull.state, PullState::kDone);
  EXPECT_EQ(pull.reused, repo.total());
  EXPECT_EQ(world.Hub("official").requests, requests);
  EXPECT_LT(world.clock.Steady() - begin, absl::Milliseconds(50));
}

TEST(CleanPull, SaysInADryRunWhatItWouldFetch) {
  World world;
  world.AddSource("official");
  const FakeRepo& repo = AddMixedRepo(world);
  engine::PullSpec spec = World::Spec(repo);
  spec.dry_run = true;
  const auto pull = world.Finish(world.Pull(spec));
  EXPECT_EQ(pull.state, PullState::kDone);
  EXPECT_EQ(pull.plan.size(), repo.files.size());
  EXPECT_THAT(world.files.Tree(), ::testing::IsEmpty());
}

TEST(CleanPull, JoinsAnEqualPull) {
  World world;
  world.AddSource("official");
  const FakeRepo& repo = AddMixedRepo(world);
  const std::string first = world.Pull(repo);
  const auto second = world.StartPull(World::Spec(repo));
  ASSERT_TRUE(second.ok());
  EXPECT_TRUE(second->joined);
  EXPECT_EQ(second->pull.id, first);
  EXPECT_EQ(world.Finish(first).state, PullState::kDone);
  EXPECT_EQ(world.DataHost("official").sent + 0, 21 * kMiB + 5);
}

// Two commits with one large blob in common: it comes once, whichever pull asks first.
TEST(CleanPull, SharesABlobBetweenTwoPulls) {
  for (const int head_start_ms : {0, 50, 500, 2000, 4000}) {
    World world;
    world.AddSource("official");
    FakeRepo old_repo = world.AddRepo();
    old_repo.files.push_back({"big.bin", FakeContent(3, 9 * kMiB), true});
    old_repo.files.push_back({"readme.md", FakeContent(4, 100), false});
    FakeRepo new_repo = world.AddRepo();
    new_repo.files.push_back({"renamed.bin", FakeContent(3, 9 * kMiB), true});
    new_repo.files.push_back({"readme.md", FakeContent(5, 120), false});
    world.internet.content.repos = {old_repo, new_repo};
    const std::string first = world.Pull(World::Spec(old_repo, old_repo.commit));
    world.Run(absl::Milliseconds(head_start_ms));
    const std::string second = world.Pull(World::Spec(new_repo));
    EXPECT_EQ(world.Finish(first).state, PullState::kDone);
    EXPECT_EQ(world.Finish(second).state, PullState::kDone);
    EXPECT_EQ(world.DataHost("official").sent, 9 * kMiB) << "head start " << head_start_ms << " ms";
    world.ExpectPublished(new_repo);
    world.ExpectNoPartials();
    world.ExpectQuiet();
  }
}

// More files than are open at once: what one pull has published meanwhile, the other does not fetch again.
TEST(CleanPull, SharesManySmallBlobsBetweenTwoPulls) {
  World world;
  world.AddSource("official");
  FakeRepo repo = world.AddRepo();
  for (uint32_t i = 0; i < 300; ++i) repo.files.push_back({absl::StrCat("f", i), FakeContent(i, 3000), true});
  FakeRepo later = repo;
  later.commit = std::string(40, 'b');
  world.internet.content.repos = {repo, later};
  const std::string first = world.Pull(World::Spec(repo, repo.commit));
  const std::string second = world.Pull(World::Spec(later));
  EXPECT_EQ(world.Finish(first).state, PullState::kDone);
  EXPECT_EQ(world.Finish(second).state, PullState::kDone);
  EXPECT_EQ(world.DataHost("official").sent, 300 * 3000);
  world.ExpectPublished(later);
}

TEST(CleanPull, WaitsItsTurnBehindTheOthers) {
  World world;
  world.config.max_active_pulls = 1;
  world.AddSource("official");
  world.AddRepo("org/a").Add("a", 3 * kMiB);
  world.AddRepo("org/b").Add("b", 3 * kMiB);
  const std::string first = world.Pull(world.internet.content.repos[0]);
  const std::string second = world.Pull(world.internet.content.repos[1]);
  world.Run(absl::Milliseconds(50));
  EXPECT_EQ(world.Get(second).state, PullState::kQueued);
  EXPECT_EQ(world.Finish(first).state, PullState::kDone);
  EXPECT_EQ(world.Finish(second).state, PullState::kDone);
}

class Recorder final : public engine::Watcher {
 public:
  void OnSnapshot(std::shared_ptr<const engine::PullSnapshot> snapshot) override { seen.push_back(*snapshot); }
  std::vector<engine::PullSnapshot> seen;
};

// The one that was asked for first takes longest: it is remembered, and of those that are not, a reader that was away hears.
TEST(CleanPull, ForgetsFirstWhoEndedFirst) {
  World world;
  world.AddSource("official").connection_rate = 8 * kMiB;
  world.config.remembered_pulls = 2;
  FakeRepo& slow = world.AddRepo("org/slow");
  slow.Add("big.bin", 200 * kMiB);
  const std::string first = world.Pull(slow);
  std::vector<std::string> quick;
  for (int i = 0; i < 4; ++i) {
    FakeRepo& repo = world.AddRepo(absl::StrCat("org/quick", i));
    repo.Add("f", 10);
    quick.push_back(world.Pull(repo));
    world.Finish(quick.back());
  }
  const int64_t change = world.Get(quick.back()).change;
  EXPECT_EQ(world.Finish(first).state, core::PullState::kDone);
  world.Run(absl::Seconds(3));
  EXPECT_EQ(world.Get(first).state, core::PullState::kDone);
  const auto incomplete = [&world](int64_t after) {
    std::optional<bool> answer;
    world.engine().WatchAll({}, after, std::make_shared<Recorder>(), [&](absl::StatusOr<engine::WatchBegun> begun) { answer = begun->incomplete; });
    EXPECT_TRUE(world.RunUntil([&] { return answer.has_value(); }));
    return answer.value_or(false);
  };
  EXPECT_TRUE(incomplete(1));
  EXPECT_FALSE(incomplete(change));
  world.Stop();
  world.Start();
  EXPECT_TRUE(incomplete(1));
  EXPECT_FALSE(incomplete(change));
}

TEST(CleanPull, TellsWatchersTenTimesASecondAndTheEndLast) {
  World world;
  world.AddSource("official").connection_rate = kMiB;
  FakeRepo& repo = world.AddRepo();
  repo.Add("big.bin", 20 * kMiB);
  world.DataHost("official").connection_rate = kMiB;
  const std::string id = world.Pull(repo);
  auto watcher = std::make_shared<Recorder>();
  const absl::Time begin = world.clock.Steady();
  world.engine().Watch(id, watcher, [](absl::StatusOr<bool> there) { EXPECT_TRUE(there.ok()); });
  world.Finish(id);
  ASSERT_FALSE(watcher->seen.empty());
  EXPECT_EQ(watcher->seen.back().state, PullState::kDone);
  for (size_t i = 1; i < watcher->seen.size(); ++i) EXPECT_LE(watcher->seen[i - 1].done, watcher->seen[i].done);
  EXPECT_LE(watcher->seen.size(), 10 * absl::ToDoubleSeconds(world.clock.Steady() - begin) + 10);
}

}  // namespace
}  // namespace hfget::testing
