// What is on a machine is read and compared with what a repo has, and repaired.
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/status_matchers.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::ErrorCause;
using core::PullState;
using engine::FileVerdict;
using ::testing::HasSubstr;
using Verdict = FileVerdict::Verdict;

class Told final : public engine::VerifySink {
 public:
  void OnManifest(engine::ManifestAnswer answer) override { manifest = std::move(answer); }
  void OnError(const engine::PullError& failure) override {
    error = failure;
    over = true;
  }
  void OnVerdicts(std::vector<FileVerdict> verdicts) override {
    for (const FileVerdict& verdict : verdicts) {
      ++files;
      if (verdict.verdict != Verdict::kGood) bad[verdict.file->path] = verdict.verdict;
    }
  }
  void OnProgress(const engine::VerifyProgress&) override {}
  bool Behind() const override { return behind; }
  void OnSummary(const engine::VerifySummary& last) override {
    summary = last;
    over = true;
  }

  std::optional<engine::ManifestAnswer> manifest;
  engine::PullError error;
  std::map<std::string, Verdict> bad;
  int files = 0;
  bool behind = false;
  engine::VerifySummary summary;
  bool over = false;
};

class Verify : public ::testing::Test {
 protected:
  Verify() {
    world_.AddSource("official");
    world_.AddSource("mirror");
    FakeRepo& repo = world_.AddRepo();
    repo.Add("config.json", 700, /*lfs=*/false);
    repo.Add("empty", 0, /*lfs=*/false);
    repo.Add("a.safetensors", 40 * kMiB + 5);
    repo.Add("b.safetensors", 3 * kMiB);
    for (int i = 0; i < 300; ++i) repo.Add(absl::StrCat("small/", i), 10 + i, /*lfs=*/false);
    repo_ = repo;
  }
  std::shared_ptr<Told> Run(bool repair = false) { return Run(repair, World::Spec(repo_)); }
  std::shared_ptr<Told> Run(bool repair, engine::PullSpec spec) {
    auto told = std::make_shared<Told>();
    world_.engine().Verify(std::move(spec), repair, told);
    EXPECT_TRUE(world_.RunUntil([&] { return told->over; }));
    return told;
  }
  std::string Blob(const std::string& path) const {
    return absl::StrCat(World::kCache, "/models--org--model/blobs/", repo_.Find(path)->hash().hex);
  }
  // Twice: as it was. What a test leaves spoilt breaks the world's rule at its end.
  void Spoil(const std::string& path) {
    std::string content = world_.files.Content(Blob(path));
    content[content.size() / 2] ^= 1;
    world_.files.Put(Blob(path), content);
  }

  World world_;
  FakeRepo repo_;  // as it is when it is pulled
};

TEST_F(Verify, WhatWasPulledIsAsListed) {
  world_.Finish(world_.Pull(repo_));
  const ByteCount before = world_.received();
  const auto told = Run();
  EXPECT_EQ(told->error.message, "");
  EXPECT_TRUE(told->bad.empty());
  EXPECT_EQ(told->files, 304);
  EXPECT_EQ(told->summary.good, 304);
  EXPECT_EQ(told->summary.bad, 0);
  EXPECT_EQ(told->summary.checked, repo_.total());
  EXPECT_EQ(told->manifest->pull.commit, repo_.commit);
  EXPECT_EQ(world_.received(), before) << "no hub was asked";
}

TEST_F(Verify, FindsTheOneBitAndRepairsThatFileAlone) {
  world_.Finish(world_.Pull(repo_));
  Spoil("a.safetensors");
  ASSERT_OK(world_.files.Remove(Blob("small/7")));
  auto told = Run();
  EXPECT_EQ(told->bad, (std::map<std::string, Verdict>{{"a.safetensors", Verdict::kCorrupt}, {"small/7", Verdict::kMissing}}));
  EXPECT_FALSE(told->summary.repair.has_value());
  const ByteCount before = world_.received();
  told = Run(/*repair=*/true);
  ASSERT_TRUE(told->summary.repair.has_value()) << told->summary.repair_status;
  EXPECT_EQ(world_.Finish(told->summary.repair->id).state, PullState::kDone);
  EXPECT_LT(world_.received() - before, 45 * kMiB);
  world_.ExpectPublished(repo_);
  EXPECT_EQ(Run()->summary.bad, 0);
}

TEST_F(Verify, NothingIsRemovedBeforeAllWasRead) {
  world_.Finish(world_.Pull(repo_));
  Spoil("config.json");
  const std::string spoilt = world_.files.Content(Blob("config.json"));
  auto told = std::make_shared<Told>();
  world_.engine().Verify(World::Spec(repo_), /*repair=*/true, told);
  ASSERT_TRUE(world_.RunUntil([&] { return !told->bad.empty(); }));
  ASSERT_FALSE(told->over);
  told.reset();  // Ctrl-C
  world_.Run(absl::Seconds(3));
  EXPECT_EQ(world_.files.Content(Blob("config.json")), spoilt);
  world_.ExpectQuiet();
  Spoil("config.json");
}

TEST_F(Verify, SaysWhichBadFileItCouldNotRemove) {
  world_.Finish(world_.Pull(repo_));
  Spoil("config.json");
  world_.files.Fail("Remove", Blob("config.json"), absl::PermissionDeniedError("remove config.json: Permission denied"));
  const auto told = Run(/*repair=*/true);
  EXPECT_THAT(told->summary.repair_status.message(), HasSubstr("remove config.json"));
  Spoil("config.json");
}

TEST_F(Verify, RepairsUnderItsNameWhatWasNeverPulledUnderIt) {
  world_.Start();
  const auto told = Run(/*repair=*/true);
  ASSERT_TRUE(told->summary.repair.has_value()) << told->summary.repair_status;
  EXPECT_EQ(world_.Finish(told->summary.repair->id).state, PullState::kDone);
  world_.ExpectPublished(repo_);
}

TEST_F(Verify, ToldNoFasterThanItIsTakenIn) {
  world_.Finish(world_.Pull(repo_));
  auto told = std::make_shared<Told>();
  told->behind = true;
  world_.engine().Verify(World::Spec(repo_), /*repair=*/false, told);
  world_.Run(absl::Seconds(5));
  EXPECT_EQ(told->files, 0);
  told->behind = false;
  ASSERT_TRUE(world_.RunUntil([&] { return told->over; }));
  EXPECT_EQ(told->summary.good, 304);
}

TEST_F(Verify, WhatOthersHavePulledIsListedToAGuestWhomTheHubLetsInAlone) {
  world_.Finish(world_.Pull(repo_));
  engine::PullSpec guest = World::Spec(repo_);
  guest.owner = "guest";
  EXPECT_EQ(Run(false, guest)->summary.good, 304);
  world_.internet.content.repos.clear();  // as a hub answers about a private one
  for (const std::string& revision : {std::string("main"), repo_.commit}) {
    guest.revision = revision;
    const auto told = Run(false, guest);
    EXPECT_FALSE(told->manifest.has_value()) << revision;
    EXPECT_EQ(told->error.cause, ErrorCause::kNotFound) << revision;
  }
  EXPECT_EQ(Run()->summary.good, 304) << "the daemon's own user has pulled it";
}

TEST_F(Verify, MeansTheCommitThatWasPulledAndNotWhatTheHubHasByNow) {
  world_.Finish(world_.Pull(repo_));
  FakeRepo& newer = world_.internet.content.repos.front();
  newer.commit = std::string(40, 'd');
  newer.Add("other", 5);
  const auto told = Run();
  EXPECT_EQ(told->manifest->pull.commit, repo_.commit);
  EXPECT_EQ(told->summary.good, 304);
}

TEST_F(Verify, NeedsNoHubForWhatWasPulled) {
  world_.Finish(world_.Pull(repo_));
  for (const char* name : {"official", "mirror"}) {
    world_.Hub(name).script = [](const net::Request&, const hub::Url&) {
      FakeReply reply;
      reply.silence = FakeReply::Silence::kRefuse;
      return std::optional<FakeReply>(reply);
    };
  }
  EXPECT_EQ(Run()->summary.good, 304);
}

TEST_F(Verify, OfWhatWasNeverPulledEverythingIsMissing) {
  world_.Start();
  const auto told = Run();
  EXPECT_EQ(told->summary.bad, 304);
  EXPECT_EQ(told->bad.at("config.json"), Verdict::kMissing);
}

TEST_F(Verify, WhatTheHubSaysAgainstItIsTheError) {
  world_.Start();
  FakeRepo nowhere;
  nowhere.id.name = "org/nowhere";
  const auto told = Run(false, World::Spec(nowhere));
  EXPECT_EQ(told->error.cause, ErrorCause::kNotFound);
  EXPECT_FALSE(told->manifest.has_value());
}

TEST_F(Verify, KeepsToTheFilters) {
  world_.Finish(world_.Pull(repo_));
  ASSERT_OK(world_.files.Remove(absl::StrCat(World::kCache, "/models--org--model/snapshots/", repo_.commit, "/a.safetensors")));
  engine::PullSpec spec = World::Spec(repo_);
  spec.filters.exclude = {"*.safetensors"};
  EXPECT_EQ(Run(false, spec)->summary.good, 302);
  spec.filters = {};
  spec.filters.files = {"nope"};
  EXPECT_THAT(Run(false, spec)->error.message, HasSubstr("has no file \"nope\""));
}

TEST_F(Verify, GivesUpWhenNobodyListens) {
  world_.Finish(world_.Pull(repo_));
  auto told = std::make_shared<Told>();
  world_.engine().Verify(World::Spec(repo_), false, told);
  ASSERT_TRUE(world_.RunUntil([&] { return told->manifest.has_value(); }));
  told.reset();
  world_.Run(absl::Seconds(3));
  world_.ExpectQuiet();
}

TEST_F(Verify, GoesOnBesideAPull) {
  world_.Finish(world_.Pull(repo_));
  FakeRepo& other = world_.AddRepo("org/other");
  other.Add("big.bin", 50 * kMiB);
  const std::string id = world_.Pull(other);
  EXPECT_EQ(Run()->summary.good, 304);
  EXPECT_EQ(world_.Finish(id).state, PullState::kDone);
}

class ManifestTold final : public engine::ManifestSink {
 public:
  void OnManifest(engine::ManifestAnswer answer) override { manifest = std::move(answer); }
  void OnError(const engine::PullError& failure) override { error = failure; }
  bool over() const { return manifest.has_value() || error.cause != ErrorCause::kNone; }

  std::optional<engine::ManifestAnswer> manifest;
  engine::PullError error;
};

TEST_F(Verify, AManifestIsWhatTheHubHasNowAndLeavesNothingBehind) {
  world_.Start();
  auto told = std::make_shared<ManifestTold>();
  world_.engine().ReadManifest(World::Spec(repo_), told);
  ASSERT_TRUE(world_.RunUntil([&] { return told->over(); }));
  ASSERT_TRUE(told->manifest.has_value()) << told->error.message;
  EXPECT_EQ(told->manifest->files.files.size(), 304u);
  EXPECT_EQ(told->manifest->files.files[2]->hash, repo_.Find("a.safetensors")->hash());
  EXPECT_EQ(told->manifest->pull.total, repo_.total());
  EXPECT_EQ(told->manifest->pull.listing_source, "official");
  EXPECT_EQ(world_.files.calls("Rename") + world_.files.calls("MakeDirectories"), 0);
  EXPECT_TRUE(world_.SourceList().size() == 2);
}

}  // namespace
}  // namespace hfget::testing
