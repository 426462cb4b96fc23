#include <csignal>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_split.h"
#include "tests/cli/bench_samples.h"
#include "tests/cli/command_fixture.h"

namespace hfget::cli {
namespace {

using ::testing::AllOf;
using testing::CommandFixture;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using testing::SampleBench;
using testing::SampleBenchStream;

using Writer = grpc::ServerWriter<v1::BenchSourcesResponse>;

class BenchCommandTest : public CommandFixture {
 protected:
  void Tell(const std::vector<v1::BenchSourcesResponse>& stream, const grpc::Status& status = grpc::Status::OK) {
    daemon_.on_bench = [=](int, Writer* writer) {
      for (const v1::BenchSourcesResponse& response : stream) writer->Write(response);
      return status;
    };
  }
  void StartTelling(const BenchRun& run) {
    Tell(SampleBenchStream(run));
    daemon_.Start();
  }
  static std::vector<std::string> Lines(const std::string& text) { return absl::StrSplit(text, '\n', absl::SkipEmpty()); }
  std::string Page(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

TEST_F(BenchCommandTest, SaysWhatWasMeasuredAndRecommended) {
  StartTelling(SampleBench());
  EXPECT_EQ(Run({"bench", "org/model/weights/a.bin", "--sources", "tuna,official", "--size", "8MiB", "--connections", "1,4", "--rounds",
                 "2",
                 "--duration", "5s", "--max-bytes", "1GiB", "--revision", "v2", "--type", "dataset", "--token", "hf_x"}),
            0);
  ASSERT_THAT(daemon_.benches, SizeIs(1));
  const v1::BenchSourcesRequest& asked = daemon_.benches[0];
  EXPECT_EQ(asked.repo(), "org/model");
  EXPECT_EQ(asked.file(), "weights/a.bin");
  EXPECT_THAT(asked.sources(), ElementsAre("tuna", "official"));
  EXPECT_THAT(asked.connections(), ElementsAre(1, 4));
  EXPECT_EQ(asked.size_bytes(), 8 << 20);
  EXPECT_EQ(asked.max_bytes(), 1 << 30);
  EXPECT_EQ(asked.rounds(), 2);
  EXPECT_EQ(asked.revision(), "v2");
  EXPECT_EQ(asked.token(), "hf_x");
  EXPECT_THAT(out(), AllOf(HasSubstr("1  tuna"), HasSubstr("pai: connection refused"), HasSubstr("Use tuna first"),
                           Not(HasSubstr("\x1b"))));
  EXPECT_THAT(err(), HasSubstr("--token can be seen"));
}

TEST_F(BenchCommandTest, ATokenThatWasFoundIsAmbient) {
  env_["HF_TOKEN"] = "hf_found";
  StartTelling(SampleBench());
  EXPECT_EQ(Run({"bench"}), 0);
  EXPECT_EQ(daemon_.benches[0].token(), "hf_found");
  EXPECT_TRUE(daemon_.benches[0].token_is_ambient());
  // The request has no place for a ModelScope token: none of another realm takes it.
  EXPECT_EQ(Run({"bench", "modelscope://org/model"}), 0);
  EXPECT_EQ(daemon_.benches[1].token(), "");
  EXPECT_EQ(Run({"bench", "modelscope://org/model", "--token", "x"}), 2);
  EXPECT_THAT(err(), HasSubstr("it measures what is public there"));
}

TEST_F(BenchCommandTest, OnATerminalTheTableIsDrawnWhileItRuns) {
  terminal_ = {.draws = true, .color = false, .unicode = true, .size = [] { return TerminalSize{100, 30}; }};
  out_terminal_ = terminal_;
  StartTelling(SampleBench());
  EXPECT_EQ(Run({"bench"}), 0);
  EXPECT_THAT(err(), HasSubstr("\x1b[?25h"));
  EXPECT_THAT(out(), AllOf(HasSubstr("━━━"), HasSubstr("Use tuna first")));
}

TEST_F(BenchCommandTest, NoticesOfThePlanAreSaid) {
  BenchRun run = SampleBench();
  run.plan.add_notices("the file is smaller than a sample");
  StartTelling(run);
  EXPECT_EQ(Run({"bench"}), 0);
  EXPECT_THAT(err(), HasSubstr("note: the file is smaller than a sample"));
  EXPECT_EQ(Run({"bench", "--quiet"}), 0);
  EXPECT_EQ(err(), "");
}

TEST_F(BenchCommandTest, AnObjectForPrograms) {
  StartTelling(SampleBench());
  EXPECT_EQ(Run({"bench", "--json"}), 0);
  EXPECT_THAT(Lines(out()), SizeIs(1));
  EXPECT_THAT(out(), AllOf(StartsWith(R"({"plan":{)"), HasSubstr(R"("curve_bytes_per_sec":[)")));
  EXPECT_EQ(err(), "");
}

TEST_F(BenchCommandTest, ALineASampleForSpreadsheets) {
  StartTelling(SampleBench());
  EXPECT_EQ(Run({"bench", "--csv"}), 0);
  EXPECT_THAT(Lines(out()), SizeIs(61));
  EXPECT_THAT(out(), StartsWith("at,repo,"));
}

TEST_F(BenchCommandTest, APageBesideTheTableOrInItsPlace) {
  StartTelling(SampleBench());
  const std::string file = temp_.path() + "/page.html";
  EXPECT_EQ(Run({"bench", "--html", file}), 0);
  EXPECT_THAT(Page(file), AllOf(StartsWith("<!DOCTYPE html>"), HasSubstr("Use tuna first"), HasSubstr("</html>")));
  EXPECT_THAT(out(), HasSubstr("Use tuna first"));
  EXPECT_THAT(err(), HasSubstr("page: " + file));
  EXPECT_EQ(Run({"bench", "--html", "-"}), 0);
  EXPECT_THAT(out(), StartsWith("<!DOCTYPE html>"));
}

TEST_F(BenchCommandTest, WhenNoSourceBroughtBytesTheExitCodeSaysSo) {
  BenchRun run = SampleBench();
  run.samples = {testing::SampleOf(testing::BenchedSources()[4], 1, 1)};
  run.report.set_bytes(0);
  run.report.mutable_rows()->DeleteSubrange(0, 4);
  run.report.clear_recommendation();
  StartTelling(run);
  EXPECT_EQ(Run({"bench"}), 5);
  EXPECT_THAT(out(), HasSubstr("pai: connection refused"));
  EXPECT_THAT(err(), HasSubstr("no source has brought bytes"));
}

TEST_F(BenchCommandTest, WhatTheHubSaysDecidesTheExitCode) {
  v1::Error error;
  error.set_cause(v1::ERROR_CAUSE_NOT_FOUND);
  v1::RichStatus rich;
  rich.add_details()->PackFrom(error);
  Tell({}, {grpc::StatusCode::NOT_FOUND, "org/model does not exist", rich.SerializeAsString()});
  daemon_.Start();
  EXPECT_EQ(Run({"bench", "org/model"}), 3);
  EXPECT_EQ(err(), "hfget: org/model does not exist\n");
  EXPECT_EQ(out(), "");
}

TEST_F(BenchCommandTest, ADaemonThatKnowsNoBenchIsSaidToBeOld) {
  Tell({}, {grpc::StatusCode::UNIMPLEMENTED, ""});
  daemon_.Start();
  EXPECT_EQ(Run({"bench"}), 1);
  EXPECT_THAT(err(), HasSubstr("is older than this command"));
}

TEST_F(BenchCommandTest, AStreamThatBreaksLeavesWhatItTold) {
  std::vector<v1::BenchSourcesResponse> stream = SampleBenchStream(SampleBench());
  stream.resize(11);
  Tell(stream);
  daemon_.Start();
  EXPECT_EQ(Run({"bench"}), 1);
  EXPECT_THAT(out(), HasSubstr("1  tuna"));
  EXPECT_THAT(err(), HasSubstr("ended the bench early"));
}

TEST_F(BenchCommandTest, CtrlCPrintsWhatThereIs) {
  daemon_.on_bench = [](int, Writer* writer) {
    const std::vector<v1::BenchSourcesResponse> stream = SampleBenchStream(SampleBench());
    for (int i = 0; i < 11; ++i) writer->Write(stream[i]);
    while (writer->Write(stream[1])) {  // progress, until the caller has gone away
    }
    return grpc::Status::CANCELLED;
  };
  daemon_.Start();
  for (const auto& [signal, code] : {std::pair(SIGINT, 130), std::pair(SIGTERM, 143)}) {
    int looks = 0;  // at the clock: one a message, and a few more
    now_ = [&, signal = signal] {
      if (++looks == 60) inbox_.PutSignal(signal);
      return absl::FromUnixSeconds(1767225600);
    };
    const std::string file = temp_.path() + "/page.html";
    EXPECT_EQ(Run({"bench", "--quiet", "--html", file}), code);
    EXPECT_THAT(out(), AllOf(HasSubstr("1  tuna"), HasSubstr("Use tuna first")));
    EXPECT_EQ(err(), "hfget: interrupted: that is what 5 of 60 samples say\n");
    EXPECT_THAT(Page(file), HasSubstr("Interrupted: this is what 5 of 60 samples say"));
  }
}

TEST_F(BenchCommandTest, WatchGoesOnWithALineARound) {
  int64_t clock = 1767225600;
  now_ = [&clock] { return absl::FromUnixSeconds(clock += 3600); };  // every wait is over at once
  daemon_.on_bench = [this](int call, Writer* writer) {
    if (call == 3) return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "a bench runs already");
    if (call == 4) {
      inbox_.PutSignal(SIGINT);
      return grpc::Status::CANCELLED;
    }
    for (const v1::BenchSourcesResponse& response : SampleBenchStream(SampleBench())) writer->Write(response);
    return grpc::Status::OK;
  };
  daemon_.Start();
  EXPECT_EQ(Run({"bench", "--watch", "15m"}), 130);
  const std::vector<std::string> lines = Lines(out());
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[0], MatchesRegex("20..-..-.. ..:..:..  tuna [0-9.]+ MiB/s ×8 · .* · pai: down"));
  EXPECT_THAT(err(), HasSubstr("a bench runs already"));
}

TEST_F(BenchCommandTest, AWatchWhoseFirstRoundFailsEnds) {
  Tell({}, {grpc::StatusCode::INVALID_ARGUMENT, "no source is named x"});
  daemon_.Start();
  EXPECT_EQ(Run({"bench", "--watch", "15m", "--sources", "x"}), 2);
  EXPECT_THAT(daemon_.benches, SizeIs(1));
}

TEST_F(BenchCommandTest, BadInputIsOneLineBeforeAnythingBegins) {
  StartTelling(SampleBench());
  const std::vector<std::vector<std::string>> cases = {
      {"--size", "0"},         {"--size", "64XB"},       {"--size", "-1MiB"},   {"--max-bytes", "x"},     {"--connections", "0"},
      {"--connections", "1,x"}, {"--connections", "2,2"}, {"--rounds", "0"},     {"--rounds", "101"},      {"--duration", "x"},
      {"--duration", "0s"},    {"--json", "--csv"},      {"--watch", "30s"},    {"--watch", "x"},         {"--html", temp_.path()},
      {"--html", "/absent/x"}, {"--html", "-", "--csv"}, {"--sources", "a,,b"}, {"--size", "99999999TiB"}, {"--nope"}};
  for (std::vector<std::string> words : cases) {
    words.insert(words.begin(), "bench");
    EXPECT_EQ(Run(words), 2) << words[1] << " " << words.back();
    EXPECT_THAT(Lines(err()), SizeIs(1)) << err();
  }
  EXPECT_THAT(daemon_.benches, IsEmpty());
}

TEST_F(BenchCommandTest, HistoryIsDrawnCountedOrExported) {
  daemon_.bench_points = testing::SampleBenchHistory(3);
  daemon_.Start();
  EXPECT_EQ(Run({"bench", "history", "--since", "7d", "--sources", "tuna,pai"}), 0);
  EXPECT_TRUE(daemon_.asked_history.has_since());
  EXPECT_THAT(daemon_.asked_history.sources(), ElementsAre("tuna", "pai"));
  EXPECT_THAT(out(), AllOf(HasSubstr("MEDIAN"), HasSubstr("tuna")));
  EXPECT_EQ(Run({"bench", "history", "--json"}), 0);
  EXPECT_THAT(out(), StartsWith(R"([{"at":"2026-01-01T00:00:00.000Z","source":"tuna")"));
  EXPECT_FALSE(daemon_.asked_history.has_since());
  EXPECT_EQ(Run({"bench", "history", "--csv"}), 0);
  EXPECT_THAT(Lines(out()), SizeIs(16));
  EXPECT_EQ(Run({"bench", "history", "--html", "-"}), 0);
  EXPECT_THAT(out(), StartsWith("<!DOCTYPE html>"));
  EXPECT_EQ(Run({"bench", "history", "--since", "x"}), 2);
  EXPECT_EQ(Run({"bench", "history", "--json", "--csv"}), 2);
}

}  // namespace
}  // namespace hfget::cli
