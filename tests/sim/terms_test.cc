// On what terms pulls are wanted: names, priorities, deadlines, holding, and what a restart leaves of it.
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/status_matchers.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::ErrorCause;
using core::PullState;
using ::testing::HasSubstr;

// What is cut off in the midst of a piece is fetched again: of as many pieces as there are connections.
constexpr ByteCount kCutOff = 18 * kMiB;

class Terms : public ::testing::Test {
 protected:
  Terms() {
    for (const char* name : {"official", "tuna"}) {
      world_.AddSource(name);
      world_.DataHost(name).connection_rate = kMiB;
    }
    for (int i = 0; i < 3; ++i) world_.AddRepo(absl::StrCat("org/model", i)).Add("weights.bin", 200 * kMiB);
  }
  FakeRepo& repo(int i) { return world_.internet.content.repos[i]; }
  engine::PullSpec Spec(int i, int priority = 0, const std::string& request_id = "") {
    engine::PullSpec spec = World::Spec(repo(i));
    spec.terms.priority = priority;
    spec.request_id = request_id;
    return spec;
  }
  int ConnectionsOf(const std::string& id) {
    int sum = 0;
    for (const auto& share : world_.Get(id).shares) sum += share.connections;
    return sum;
  }
  engine::PullSnapshot Ask(absl::FunctionRef<void(engine::EngineApi::Answer<engine::PullSnapshot>)> call, absl::Status* status = nullptr) {
    absl::StatusOr<engine::PullSnapshot> answered = absl::UnknownError("no answer");
    bool there = false;
    call([&](absl::StatusOr<engine::PullSnapshot> pull) { answered = std::move(pull), there = true; });
    EXPECT_TRUE(world_.RunUntil([&] { return there; }));
    if (status != nullptr) *status = answered.status();
    return answered.value_or(engine::PullSnapshot());
  }
  engine::PullSnapshot Pause(const std::string& id, absl::Status* status = nullptr) {
    return Ask([&](auto answer) { world_.engine().PausePull(id, std::move(answer)); }, status);
  }
  engine::PullSnapshot Resume(const std::string& id, absl::Status* status = nullptr) {
    return Ask([&](auto answer) { world_.engine().ResumePull(id, std::move(answer)); }, status);
  }
  engine::PullSnapshot Retry(const std::string& id, absl::Status* status = nullptr) {
    return Ask([&](auto answer) { world_.engine().RetryPull(id, std::move(answer)); }, status);
  }
  // In the queue, of those that have not ended; of one that is under way 0.
  std::map<std::string, int> Positions() {
    std::map<std::string, int> positions;
    bool there = false;
    engine::PullQuery query;
    query.active_only = query.brief = true;
    world_.engine().ListPulls(query, [&](absl::StatusOr<engine::PullPage> page) {
      for (const auto& pull : page->pulls) positions[pull.id] = pull.queue_position;
      there = true;
    });
    EXPECT_TRUE(world_.RunUntil([&] { return there; }));
    return positions;
  }
  void Restart() {
    ASSERT_TRUE(world_.Stop());
    world_.Kill();
    world_.Start();
  }

  World world_;
};

TEST_F(Terms, AWaitingUrgentPullHasNineTenthsOfTheConnectionsWithinASecond) {
  const std::string low = world_.Pull(Spec(0));
  world_.Run(absl::Seconds(4));
  ASSERT_GE(ConnectionsOf(low), 4);
  const std::string high = world_.Pull(Spec(1, 10));
  ASSERT_TRUE(world_.RunUntil([&] { return world_.engine().racer().open_transfers() >= 2 && !world_.Get(high).files.empty(); }));
  world_.Run(absl::Seconds(1));
  const int mine = ConnectionsOf(high), others = ConnectionsOf(low);
  EXPECT_GE(mine * 10, (mine + others) * 9) << mine << " and " << others;
  EXPECT_EQ(world_.Finish(high).state, PullState::kDone);
  EXPECT_EQ(world_.Finish(low).state, PullState::kDone);
  world_.ExpectPublished(repo(0));
  world_.ExpectPublished(repo(1));
  // What made way is fetched again from the piece on that it was at.
  EXPECT_LE(world_.received(), 400 * kMiB + kCutOff);
}

TEST_F(Terms, AnUrgentPullBeginsThoughAsManyAsMayAreUnderWay) {
  world_.config.max_active_pulls = 1;
  world_.Pull(Spec(0));
  const std::string equal = world_.Pull(Spec(1));
  const std::string high = world_.Pull(Spec(2, 1));
  EXPECT_EQ(world_.Finish(high).state, PullState::kDone);
  EXPECT_EQ(world_.Get(equal).state, PullState::kQueued);
  EXPECT_EQ(world_.Get(equal).queue_position, 1);
}

TEST_F(Terms, EqualsShareTheConnections) {
  const std::string first = world_.Pull(Spec(0));
  world_.Run(absl::Seconds(10));
  const std::string second = world_.Pull(Spec(1));
  world_.Run(absl::Seconds(10));
  const int a = ConnectionsOf(first), b = ConnectionsOf(second);
  EXPECT_LE(std::abs(a - b), 1 + (a + b) / 8) << a << " and " << b;
}

TEST_F(Terms, AnEqualRequestRaisesThePriority) {
  const std::string first = world_.Pull(Spec(0));
  const std::string second = world_.Pull(Spec(1));
  world_.Run(absl::Seconds(10));
  EXPECT_EQ(world_.Pull(Spec(1, 5)), second);
  world_.Run(absl::Seconds(1));
  EXPECT_GE(ConnectionsOf(second), 9 * ConnectionsOf(first));
  EXPECT_EQ(world_.Get(second).terms.priority, 5);
}

TEST_F(Terms, TheSameNameIsTheSamePullWhateverHasBecomeOfIt) {
  const std::string id = world_.Pull(Spec(0, 0, "job-1"));
  EXPECT_EQ(world_.Pull(Spec(0, 0, "job-1")), id);
  world_.Cancel(id, false);
  const auto again = world_.StartPull(Spec(0, 0, "job-1"));
  ASSERT_OK(again);
  EXPECT_EQ(again->pull.id, id);
  EXPECT_TRUE(again->joined);
  EXPECT_EQ(again->pull.state, PullState::kCancelled);
  EXPECT_NE(world_.Pull(Spec(0, 0, "job-2")), id);
}

TEST_F(Terms, ANameHoldsOverARestartForADayAndForItsClientAlone) {
  const std::string id = world_.Pull(Spec(0, 0, "job-1"));
  EXPECT_EQ(world_.Pull(Spec(0, 0, "job-2")), id);  // joined: the second name stands for it too
  world_.Cancel(id, false);
  Restart();
  EXPECT_EQ(world_.StartPull(Spec(0, 0, "job-1"))->pull.id, id);
  EXPECT_EQ(world_.StartPull(Spec(0, 0, "job-2"))->pull.id, id);
  engine::PullSpec guest = Spec(0, 0, "job-1");
  guest.owner = "user 7";
  EXPECT_NE(world_.StartPull(guest)->pull.id, id);
  world_.Run(absl::Hours(25));
  EXPECT_NE(world_.StartPull(Spec(0, 0, "job-1"))->pull.id, id);
}

TEST_F(Terms, AJoinedNameIsDurableWhenItIsAnswered) {
  const std::string id = world_.Pull(Spec(0, 0, "job-1"));
  EXPECT_EQ(world_.Pull(Spec(0, 0, "job-2")), id);
  world_.Kill(MemoryFileSystem::Lose::kUnsyncedEverything);
  world_.Start();
  const auto again = world_.StartPull(Spec(0, 0, "job-2"));
  ASSERT_OK(again);
  EXPECT_EQ(again->pull.id, id);
}

TEST_F(Terms, ANameThatStandsForAnotherPullIsRefused) {
  world_.Pull(Spec(0, 0, "job-1"));
  const auto other = world_.StartPull(Spec(1, 0, "job-1"));
  EXPECT_THAT(other, HasCode(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(other.status().message(), HasSubstr("org/model0"));
}

TEST_F(Terms, APullThatIsNotDoneByItsDeadlineFailsAndKeepsWhatHasCome) {
  engine::PullSpec spec = Spec(0);
  spec.max_bytes_per_sec = kMiB;
  spec.terms.deadline = world_.clock.Wall() + absl::Seconds(20);
  const auto pull = world_.Finish(world_.Pull(spec));
  EXPECT_EQ(pull.state, PullState::kFailed);
  EXPECT_EQ(pull.error.cause, ErrorCause::kDeadline);
  EXPECT_LE(pull.finished - spec.terms.deadline, absl::Seconds(2));
  const ByteCount before = world_.received();
  EXPECT_EQ(world_.Finish(world_.Pull(Spec(0))).state, PullState::kDone);
  EXPECT_LE(world_.received() - before, 190 * kMiB);
}

TEST_F(Terms, OfEqualsInTheQueueTheEarliestDeadlineBeginsFirst) {
  world_.config.max_active_pulls = 1;
  world_.Pull(Spec(0));
  const std::string without = world_.Pull(Spec(1));
  engine::PullSpec spec = Spec(2);
  spec.terms.deadline = world_.clock.Wall() + absl::Hours(5);
  const std::string with = world_.Pull(spec);
  EXPECT_EQ(world_.Get(with).queue_position, 1);
  EXPECT_EQ(world_.Get(without).queue_position, 2);
}

TEST_F(Terms, TwoHundredQueuedPullsKeepTheirOrderOverARestart) {
  world_.config.max_active_pulls = 1;
  for (int i = 0; i < 200; ++i) {
    engine::PullSpec spec = Spec(0, i % 3 == 0 ? 1 : 0);
    spec.filters.include = {"weights.bin", absl::StrCat("none", i)};
    world_.Pull(spec);
    world_.Run(absl::Milliseconds(1));
  }
  const std::map<std::string, int> before = Positions();
  ASSERT_EQ(before.size(), 200u);
  world_.Kill(MemoryFileSystem::Lose::kUnsyncedEverything);
  world_.Start();
  world_.Run(absl::Milliseconds(1));
  EXPECT_EQ(Positions(), before);
}

TEST_F(Terms, AHeldPullStandsStillUntilItIsResumedAlsoOverARestart) {
  const std::string id = world_.Pull(Spec(0));
  world_.Run(absl::Seconds(5));
  const auto held = Pause(id);
  EXPECT_EQ(held.state, PullState::kPaused);
  EXPECT_EQ(held.error.cause, ErrorCause::kNone);
  EXPECT_GT(held.done, 0);
  world_.Run(absl::Minutes(2));
  const ByteCount before = world_.received();
  Restart();
  world_.Run(absl::Minutes(2));
  EXPECT_EQ(world_.Get(id).state, PullState::kPaused);
  EXPECT_EQ(world_.received(), before);
  EXPECT_NE(Resume(id).state, PullState::kPaused);
  EXPECT_EQ(world_.Finish(id).state, PullState::kDone);
  world_.ExpectPublished(repo(0));
  EXPECT_LE(world_.received(), 200 * kMiB + kCutOff);
}

TEST_F(Terms, AQueuedPullCanBeHeldAndLetsOthersPass) {
  world_.config.max_active_pulls = 1;
  world_.Pull(Spec(0));
  const std::string second = world_.Pull(Spec(1));
  const std::string third = world_.Pull(Spec(2));
  EXPECT_EQ(Pause(second).state, PullState::kPaused);
  EXPECT_EQ(world_.Finish(third).state, PullState::kDone);
  EXPECT_EQ(world_.Get(second).state, PullState::kPaused);
}

// What was under way when it was held comes back into the next run of it, and must not be taken for that run's own.
TEST(TermsAtAnyMoment, APullIsHeldAndResumed) {
  for (int step = 0; step < 120; ++step) {
    SCOPED_TRACE(step);
    World world(step + 1);
    for (const char* name : {"official", "tuna"}) world.AddSource(name);
    world.pace.other = absl::Milliseconds(200);
    FakeRepo& repo = world.AddRepo();
    repo.Add("weights.bin", 6 * kMiB);
    repo.Add("config.json", 600, /*lfs=*/false);
    const std::string id = world.Pull(repo);
    for (int i = 0; i < step; ++i) world.Step();
    for (int again = 0; again < 2; ++again) {
      world.engine().PausePull(id, [](absl::StatusOr<engine::PullSnapshot>) {});
      if (again > 0) world.Step();
      world.engine().ResumePull(id, [](absl::StatusOr<engine::PullSnapshot>) {});
      world.Step();
    }
    ASSERT_EQ(world.Finish(id, absl::Minutes(5)).state, PullState::kDone);
    world.ExpectPublished(repo);
    world.ExpectQuiet();
  }
}

TEST_F(Terms, AnEqualRequestResumesAHeldPull) {
  const std::string id = world_.Pull(Spec(0));
  world_.Run(absl::Seconds(5));
  Pause(id);
  EXPECT_EQ(world_.Pull(Spec(0)), id);
  EXPECT_EQ(world_.Finish(id).state, PullState::kDone);
}

TEST_F(Terms, WhatHasEndedIsNeitherPausedNorResumed) {
  const std::string id = world_.Pull(Spec(0));
  world_.Cancel(id, false);
  absl::Status status;
  Pause(id, &status);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  Resume(id, &status);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  Pause("nope", &status);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
}

TEST_F(Terms, ACancelledPullIsBegunAgainUnderItsId) {
  const std::string id = world_.Pull(Spec(0));
  world_.Run(absl::Seconds(5));
  world_.Cancel(id, false);
  const ByteCount before = world_.received();
  ASSERT_GT(before, 10 * kMiB);
  EXPECT_EQ(Retry(id).id, id);
  EXPECT_EQ(world_.Finish(id).state, PullState::kDone);
  world_.ExpectPublished(repo(0));
  EXPECT_LE(world_.received(), 200 * kMiB + kCutOff);  // what had come stayed
  absl::Status status;
  Retry(id, &status);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("done"));
}

TEST_F(Terms, ARetryKeepsATokenThatCameInTheRequest) {
  FakeRepo& gated = world_.AddRepo("org/private");
  gated.token = "hf_secret";
  gated.is_private = true;
  gated.Add("w.bin", 30 * kMiB);
  engine::PullSpec spec = World::Spec(gated);
  spec.token = Secret("hf_secret");
  const std::string id = world_.Pull(spec);
  world_.Run(absl::Milliseconds(200));
  world_.Cancel(id, false);
  Retry(id);
  EXPECT_EQ(world_.Finish(id).state, PullState::kDone);
}

TEST_F(Terms, APullThatHasEndedIsForgottenOnDemandAlsoOverARestart) {
  const std::string id = world_.Pull(Spec(0));
  bool removed = false;
  absl::Status status;
  const auto remove = [&] {
    bool there = false;
    world_.engine().RemovePull(id, [&](absl::StatusOr<bool> answer) { status = answer.status(), there = true; });
    ASSERT_TRUE(world_.RunUntil([&] { return there; }));
    removed = status.ok();
  };
  remove();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(world_.Finish(id).state, PullState::kDone);
  remove();
  EXPECT_TRUE(removed);
  Restart();
  remove();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  world_.ExpectPublished(repo(0));
}

TEST_F(Terms, APullThatIsWantedOnlyWhileSomebodyIsThereEndsWithThem) {
  engine::PullSpec bound = Spec(0);
  bound.bound = true;
  const std::string id = world_.Pull(bound);
  EXPECT_EQ(world_.Pull(bound), id);
  world_.engine().ReleasePull(id);
  world_.Run(absl::Seconds(1));
  EXPECT_FALSE(core::IsTerminal(world_.Get(id).state));  // the other is still there
  world_.engine().ReleasePull(id);
  world_.Run(absl::Seconds(1));
  EXPECT_EQ(world_.Get(id).state, PullState::kCancelled);
}

TEST_F(Terms, AnybodyElseKeepsIt) {
  engine::PullSpec bound = Spec(0);
  bound.bound = true;
  const std::string id = world_.Pull(bound);
  EXPECT_EQ(world_.Pull(Spec(0)), id);
  world_.engine().ReleasePull(id);
  EXPECT_EQ(world_.Finish(id).state, PullState::kDone);
}

TEST_F(Terms, OfManyAllOrNone) {
  world_.config.max_pulls_per_client = 2;
  std::vector<absl::StatusOr<engine::PullStarted>> results;
  const auto start = [&](bool all_or_nothing) {
    engine::EngineApi::Specs specs = {Spec(0), Spec(0), Spec(1), Spec(2)};
    bool there = false;
    world_.engine().StartPulls(std::move(specs), all_or_nothing, [&](auto answer) { results = *std::move(answer), there = true; });
    ASSERT_TRUE(world_.RunUntil([&] { return there; }));
  };
  world_.Start();
  start(true);
  EXPECT_THAT(results[0], HasCode(absl::StatusCode::kCancelled));
  EXPECT_THAT(results[3], HasCode(absl::StatusCode::kResourceExhausted));
  start(false);
  ASSERT_OK(results[1]);
  EXPECT_TRUE(results[1]->joined);
  EXPECT_OK(results[2]);
  EXPECT_THAT(results[3], HasCode(absl::StatusCode::kResourceExhausted));
}

}  // namespace
}  // namespace hfget::testing
