// What each source gives from here, measured on nets whose rates are known.
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::ErrorCause;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Told final : public engine::BenchSink {
 public:
  void OnPlan(const engine::BenchPlan& told) override { plan = told; }
  void OnProgress(const engine::BenchProgress&) override { ++progress; }
  void OnSample(const engine::BenchSample& sample, const engine::BenchReport&) override { samples.push_back(sample); }
  void OnReport(const engine::BenchReport& told) override {
    report = told;
    over = true;
  }
  void OnError(const engine::PullError& told) override {
    error = told;
    over = true;
  }

  engine::BenchPlan plan;
  int progress = 0;
  std::vector<engine::BenchSample> samples;
  engine::BenchReport report;
  engine::PullError error;
  bool over = false;
};

class Bench : public ::testing::Test {
 protected:
  Bench() {
    for (const auto& [name, rate] : {std::pair("official", 2), std::pair("fast", 20), std::pair("slow", 1)}) {
      world_.AddSource(name);
      world_.DataHost(name).connection_rate = rate * kMiB;
    }
    FakeRepo& repo = world_.AddRepo();
    repo.Add("config.json", 700, /*lfs=*/false);
    repo.Add("huge.safetensors", 900 * kMiB);
    repo.Add("fits.safetensors", 300 * kMiB);
    repo_ = repo;
    spec_.repo = repo.id;
    spec_.sample_bytes = 200 * kMiB;
    spec_.total_bytes = 20 * kGiB;
    spec_.sample_duration = absl::Seconds(5);
    spec_.rounds = 2;
    spec_.connections = {1, 4};
    world_.weightless = true;
    world_.Start();
  }
  std::shared_ptr<Told> Run() {
    auto told = std::make_shared<Told>();
    world_.engine().BenchSources(spec_, told, [told](absl::StatusOr<bool> begun) {
      if (!begun.ok()) told->error.message = std::string(begun.status().message()), told->over = true;
    });
    EXPECT_TRUE(world_.RunUntil([&] { return told->over; }));
    return told;
  }
  static const engine::BenchRow& Row(const Told& told, const std::string& source) {
    for (const engine::BenchRow& row : told.report.rows) {
      if (row.source == source) return row;
    }
    ADD_FAILURE() << source;
    return told.report.rows.front();
  }
  std::vector<engine::BenchPoint> History() {
    std::vector<engine::BenchPoint> points;
    bool came = false;
    world_.engine().GetBenchHistory(absl::InfinitePast(), {}, [&](auto answer) { points = *answer, came = true; });
    EXPECT_TRUE(world_.RunUntil([&] { return came; }));
    return points;
  }

  World world_;
  FakeRepo repo_;
  engine::BenchSpec spec_;
};

TEST_F(Bench, MeasuresWhatTheLineGivesAndPutsTheFastestFirst) {
  const auto told = Run();
  ASSERT_EQ(told->error.message, "");
  EXPECT_EQ(told->plan.spec.file, "fits.safetensors");
  EXPECT_EQ(told->plan.samples, 12);
  EXPECT_EQ(told->samples.size(), 12u);
  EXPECT_TRUE(told->report.complete);
  std::vector<std::string> order;
  for (const auto& row : told->report.rows) order.push_back(row.source);
  EXPECT_THAT(order, ElementsAre("fast", "official", "slow"));
  EXPECT_NEAR(Row(*told, "fast").one_connection.median / kMiB, 20, 1);
  EXPECT_NEAR(Row(*told, "official").one_connection.median / kMiB, 2, 0.1);
  EXPECT_NEAR(Row(*told, "slow").best.median / kMiB, 4, 0.2);
  EXPECT_EQ(Row(*told, "slow").best_connections, 4);
  EXPECT_THAT(told->report.recommendation, HasSubstr("Use fast, then official, then slow"));
  EXPECT_GT(told->progress, 20);
}

TEST_F(Bench, SourcesTakeTurns) {
  const auto told = Run();
  std::vector<std::string> turns;
  for (size_t i = 0; i < 6; ++i) turns.push_back(absl::StrCat(told->samples[i].source, told->samples[i].connections));
  EXPECT_THAT(turns, ElementsAre("official1", "fast1", "slow1", "official4", "fast4", "slow4"));
}

TEST_F(Bench, SaysHowEachLeadsToTheBytes) {
  const auto told = Run();
  const engine::BenchRow& row = Row(*told, "fast");
  EXPECT_TRUE(row.ranges);
  EXPECT_THAT(row.redirect, HasSubstr("to another host"));
  EXPECT_EQ(row.commit, repo_.commit);
  EXPECT_FALSE(row.lags);
  EXPECT_EQ(row.data_host.first_byte.count, 2) << "once a round";
  EXPECT_THAT(row.data_host_name, HasSubstr("fast"));
}

TEST_F(Bench, ASourceThatIsDownIsARow) {
  world_.Hub("fast").script = [](const net::Request&, const hub::Url&) {
    FakeReply reply;
    reply.silence = FakeReply::Silence::kRefuse;
    return std::optional<FakeReply>(reply);
  };
  const auto told = Run();
  EXPECT_EQ(told->report.rows.back().source, "fast");
  EXPECT_EQ(told->report.rows.back().rank, 0);
  EXPECT_THAT(told->report.rows.back().error, HasSubstr("refused"));
  EXPECT_EQ(told->report.rows.front().source, "official");
  EXPECT_EQ(told->samples.size(), 9u) << "it is asked once";
}

TEST_F(Bench, KeepsToTheBudget) {
  spec_.total_bytes = 60 * kMiB;
  const auto told = Run();
  EXPECT_EQ(told->samples.size(), 12u);
  // And a little that was on its way.
  EXPECT_LT(told->report.bytes, 62 * kMiB);
  EXPECT_LT(world_.received(), 64 * kMiB);
  EXPECT_TRUE(told->samples[1].brief);
}

TEST_F(Bench, OnlyTheSourcesThatAreNamed) {
  spec_.sources = {"slow", "fast"};
  const auto told = Run();
  EXPECT_EQ(told->report.rows.size(), 2u);
  spec_.sources = {"nobody"};
  EXPECT_THAT(Run()->error.message, HasSubstr("no source is named \"nobody\""));
}

TEST_F(Bench, AFileThatIsNotThereAndARepoThatIsNot) {
  spec_.file = "nope.bin";
  EXPECT_EQ(Run()->error.cause, ErrorCause::kNotFound);
  spec_.file = "";
  spec_.repo->name = "org/nowhere";
  EXPECT_EQ(Run()->error.cause, ErrorCause::kNotFound);
}

TEST_F(Bench, AGatedRepoIsNotTheLinesFault) {
  world_.internet.content.repos.front().gated = true;
  const auto told = Run();
  EXPECT_EQ(told->error.cause, ErrorCause::kUnauthorized) << told->report.recommendation;
  EXPECT_THAT(told->error.message, HasSubstr("a token that may read it"));
}

TEST_F(Bench, ALaggingSourceSaysSo) {
  world_.Hub("slow").lags_until = world_.clock.Wall() + absl::Hours(24);
  const auto told = Run();
  EXPECT_EQ(Row(*told, "slow").rank, 0);
  EXPECT_THAT(Row(*told, "slow").error, ::testing::Not(IsEmpty()));
}

TEST_F(Bench, TwoWouldMeasureEachOther) {
  auto first = std::make_shared<Told>();
  world_.engine().BenchSources(spec_, first, [](auto) {});
  EXPECT_THAT(Run()->error.message, HasSubstr("a bench runs already"));
  first.reset();
  world_.Run(absl::Seconds(3));
  EXPECT_EQ(Run()->error.message, "") << "nobody listens to the first any more";
}

TEST_F(Bench, TheFirstPullAfterwardsKnowsWhoIsFast) {
  Run();
  EXPECT_EQ(world_.SourceList()[1].name, "fast");
  EXPECT_GT(world_.SourceList()[1].score, 5 * world_.SourceList()[0].score);
}

TEST_F(Bench, WhatWasMeasuredOutlivesTheProcess) {
  Run();
  EXPECT_EQ(History().size(), 3u);
  world_.Run(absl::Seconds(2));
  world_.Kill();
  world_.Start();
  const auto points = History();
  ASSERT_EQ(points.size(), 3u);
  EXPECT_EQ(points[0].repo, "org/model");
  EXPECT_GT(world_.SourceList()[1].score, 5 * world_.SourceList()[0].score);
}

TEST_F(Bench, TheConfigurationLetsItRunByItself) {
  world_.Stop();
  world_.config.bench_every = absl::Hours(6);
  world_.config.bench_bytes = 100 * kMiB;
  world_.config.bench_repo = repo_.id;
  world_.Start();
  world_.Run(absl::Hours(7));
  const auto points = History();
  EXPECT_EQ(points.size(), 6u);
  EXPECT_TRUE(points[0].scheduled);
}

TEST_F(Bench, AfterwardsNothingIsLeft) {
  Run();
  world_.ExpectQuiet();
  world_.ExpectNoPartials();
  EXPECT_TRUE(world_.files.calls("OpenForWrite") == 0) << "it writes no file";
}

}  // namespace
}  // namespace hfget::testing
