// What each source gives from here, measured on nets whose rates are known.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::ErrorCause;
using ::testing::Contains;
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
  static std::optional<FakeReply> Refuse(const net::Request&, const hub::Url&) {
    FakeReply reply;
    reply.silence = FakeReply::Silence::kRefuse;
    return reply;
  }
  // The process begins anew with what `change` makes of the configuration and the records.
  void Restart(const std::function<void()>& change) {
    world_.Stop();
    change();
    world_.Start();
  }
  void Record(std::string key, std::string value) {
    store::Batch batch;
    batch.puts.emplace_back(std::move(key), std::move(value));
    world_.records.Apply(batch, store::Durability::kPromise);
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
  world_.Hub("fast").script = Refuse;
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
  EXPECT_GT(Row(*told, "fast").brief, 0);
  EXPECT_THAT(told->plan.notices, Contains(HasSubstr("60 MiB in all are about 5 MiB a sample: raise --max-bytes")));
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

TEST_F(Bench, WhatAMirrorRefusesIsItsRow) {
  for (const char* name : {"official", "fast"}) world_.DataHost(name).script = Refuse;
  world_.Hub("slow").Add({.kind = Fault::Kind::kStatus, .where = Fault::Where::kResolve, .status = 403});
  const auto told = Run();
  EXPECT_EQ(told->error.message, "");
  EXPECT_TRUE(told->report.complete);
  EXPECT_EQ(Row(*told, "slow").cause, ErrorCause::kUnauthorized);
}

TEST_F(Bench, WhoAsksToWaitIsLeftAlone) {
  world_.Hub("fast").Add(
      {.kind = Fault::Kind::kStatus, .where = Fault::Where::kResolve, .status = 429, .headers = {{"retry-after", "300"}}});
  const auto told = Run();
  EXPECT_EQ(Row(*told, "fast").rank, 0);
  EXPECT_THAT(Row(*told, "fast").error, HasSubstr("it asks to wait: 5m"));
  EXPECT_EQ(told->samples.size(), 9u) << "it is asked once";
  EXPECT_EQ(world_.StateOf("fast"), "resting") << "pulls wait, too";
  EXPECT_THAT(Row(*Run(), "fast").error, HasSubstr("it asks to wait: "));
}

TEST_F(Bench, ATinyFileIsNotAskedForAThousandTimes) {
  spec_.file = "config.json";
  spec_.connections = {1};
  spec_.rounds = 1;
  const auto told = Run();
  EXPECT_GT(Row(*told, "fast").best.count, 0) << Row(*told, "fast").why;
  EXPECT_LE(world_.Hub("fast").requests, 2 * 16 + 10);
}

TEST_F(Bench, ASourceIsMeasuredWithAsManyConnectionsAsItMayHave) {
  Restart([this] { world_.Config("fast").max_connections = 3; });
  const auto told = Run();
  std::vector<int> counts;
  for (const engine::BenchSample& sample : told->samples) {
    if (sample.source == "fast") counts.push_back(sample.connections);
  }
  EXPECT_THAT(counts, ElementsAre(1, 3, 1, 3));
  EXPECT_THAT(Row(*told, "fast").limits, ElementsAre("connection-limit"));
}

TEST_F(Bench, OneInQuarantineIsMeasuredByNameAloneAndNeverRecommended) {
  Restart([this] {
    records::v1::SourceRecord record;
    record.set_name("fast");
    record.add_convictions()->set_evidence("its bytes were wrong");
    Record(store::SourceKey("fast"), record.SerializeAsString());
  });
  auto told = Run();
  EXPECT_THAT(Row(*told, "fast").why, HasSubstr("its bytes were wrong"));
  EXPECT_EQ(Row(*told, "fast").rank, 0);
  EXPECT_EQ(world_.DataHost("fast").requests, 0);
  EXPECT_EQ(History().size(), 2u);
  spec_.sources = {"fast", "slow"};
  told = Run();
  EXPECT_NEAR(Row(*told, "fast").one_connection.median / kMiB, 20, 1);
  EXPECT_EQ(Row(*told, "fast").rank, 0);
  EXPECT_THAT(told->report.recommendation, HasSubstr("Use slow: "));
}

TEST_F(Bench, AModelScopeSourceThatDoesNotAnswerIsNotSaidToHaveNoRepo) {
  Restart([this] { world_.AddModelScope(); });
  EXPECT_EQ(Row(*Run(), "modelscope").cause, ErrorCause::kNotFound);
  spec_.file = "config.json";
  EXPECT_THAT(Row(*Run(), "modelscope").error, HasSubstr("no SHA-256 is listed of config.json"));
  spec_.file = "";
  world_.Hub("modelscope").script = Refuse;
  const auto told = Run();
  EXPECT_EQ(Row(*told, "modelscope").cause, ErrorCause::kNoSource);
  EXPECT_THAT(Row(*told, "modelscope").error, HasSubstr("connection refused"));
}

TEST_F(Bench, FindsOutWhetherATrustedMirrorPassesAuthorizationOn) {
  Restart([this] {
    world_.Config("fast").token_policy = core::TokenPolicy::kIfProven;
    world_.config.probe_repo = repo_.id;
  });
  EXPECT_EQ(Row(*Run(), "fast").proof, core::ProofVerdict::kForwards);
}

TEST_F(Bench, WhetherOneLagsIsOpenWhereNoAuthorityHasSpoken) {
  EXPECT_TRUE(Row(*Run(), "fast").lag_known);
  world_.Hub("official").script = Refuse;
  const auto told = Run();
  EXPECT_EQ(Row(*told, "fast").commit, repo_.commit);
  EXPECT_FALSE(Row(*told, "fast").lag_known);
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

TEST_F(Bench, TheFirstPullAfterwardsKnowsWhoIsSlowAndWhoFails) {
  world_.DataHost("slow").connection_rate = 100 * kKiB;
  world_.DataHost("official").script = Refuse;
  spec_.connections = {1};
  Run();
  EXPECT_NEAR(world_.SourceList()[2].score / kKiB, 100, 10);
  EXPECT_LT(world_.SourceList()[0].success, 1);
  EXPECT_EQ(world_.StateOf("official"), "ok") << "one failure ejects nobody";
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

TEST_F(Bench, AClockThatWasSetBackDoesNotMakeItRunWithoutEnd) {
  Restart([this] {
    world_.config.bench_every = absl::Hours(6);
    world_.config.bench_bytes = 100 * kMiB;
    world_.config.bench_repo = repo_.id;
    records::v1::BenchRecord record;
    record.set_source("fast");
    record.set_at_unix_ms(absl::ToUnixMillis(world_.clock.Wall() + absl::Hours(24 * 300)));
    Record(store::BenchKey(record.at_unix_ms(), "fast"), record.SerializeAsString());
  });
  world_.Run(absl::Hours(7));
  EXPECT_EQ(History().size(), 7u) << "two benches of three sources, and the one that lies ahead";
}

TEST_F(Bench, OneByTheConfigurationGivesWayToPulls) {
  Restart([this] {
    world_.config.bench_every = absl::Hours(6);
    world_.config.bench_bytes = 100 * kMiB;
    world_.config.bench_repo = repo_.id;
  });
  ASSERT_TRUE(world_.RunUntil([this] { return world_.DataHost("official").sent > 0; }));
  world_.Pull(repo_);
  world_.Run(absl::Minutes(3));
  EXPECT_THAT(History(), IsEmpty());
}

TEST_F(Bench, AfterwardsNothingIsLeft) {
  Run();
  world_.ExpectQuiet();
  world_.ExpectNoPartials();
  EXPECT_TRUE(world_.files.calls("OpenForWrite") == 0) << "it writes no file";
}

}  // namespace
}  // namespace hfget::testing
