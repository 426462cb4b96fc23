#include "cli/bench_request.h"

#include "gmock/gmock.h"

namespace hfget::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::BenchSourcesRequest RequestFor(const std::string& what) {
  Options options;
  options.bench.what = what;
  return MakeBenchRequest(options).value();
}

std::string Refusal(const std::function<void(Options*)>& set) {
  Options options;
  set(&options);
  const absl::StatusOr<v1::BenchSourcesRequest> request = MakeBenchRequest(options);
  if (!request.ok()) return std::string(request.status().message());
  const absl::StatusOr<absl::Duration> every = BenchInterval(options);
  if (!every.ok()) return std::string(every.status().message());
  return std::string(CheckBenchOutputs(options).message());
}

TEST(BenchRequestTest, AFileStandsAfterItsRepo) {
  struct Case {
    const char* what;
    const char* repo;
    const char* file;
  };
  for (const Case& c : {Case{"org/name", "org/name", ""}, Case{"org/name/a.bin", "org/name", "a.bin"},
                        Case{"org/name/dir/a.bin", "org/name", "dir/a.bin"},
                        Case{"gpt2", "gpt2", ""}, Case{"", "", ""}, Case{"datasets/org/name/a/b.bin", "datasets/org/name", "a/b.bin"},
                        Case{"datasets/org/name", "datasets/org/name", ""}, Case{"org/name/", "org/name", ""},
                        Case{"hf://datasets/org/name@v1/a/b.bin", "hf://datasets/org/name@v1/a/b.bin", ""},
                        Case{"modelscope://org/name/a.bin", "modelscope://org/name/a.bin", ""}}) {
    EXPECT_EQ(RequestFor(c.what).repo(), c.repo) << c.what;
    EXPECT_EQ(RequestFor(c.what).file(), c.file) << c.what;
  }
}

TEST(BenchRequestTest, ListsAndSpansAreTaken) {
  Options options;
  options.bench.sources = "tuna, official";
  options.bench.connections = "1,4,64";
  options.bench.duration = "1.5s";
  options.pull.type = "dataset";
  options.pull.revision = "v2";
  const v1::BenchSourcesRequest request = MakeBenchRequest(options).value();
  EXPECT_THAT(request.sources(), ElementsAre("tuna", "official"));
  EXPECT_THAT(request.connections(), ElementsAre(1, 4, 64));
  EXPECT_EQ(request.sample_duration().seconds(), 1);
  EXPECT_EQ(request.sample_duration().nanos(), 500000000);
  EXPECT_EQ(request.type(), v1::REPO_TYPE_DATASET);
  EXPECT_EQ(request.revision(), "v2");
}

TEST(BenchRequestTest, WhatCannotBeIsSaidWithWhatToWrite) {
  for (const char* connections : {"0", "1,x", "1,,2", "65", "-1", "1;2"}) {
    EXPECT_THAT(Refusal([&](Options* options) { options->bench.connections = connections; }), HasSubstr("1,2,4,8")) << connections;
  }
  EXPECT_THAT(Refusal([](Options* options) { options->bench.connections = "1,2,1"; }), HasSubstr("names 1 twice"));
  EXPECT_THAT(Refusal([](Options* options) { options->bench.sources = "a,b,a"; }), HasSubstr("names a twice"));
  EXPECT_THAT(Refusal([](Options* options) { options->bench.sources = "a,,b"; }), HasSubstr("empty name"));
  for (const char* span : {"x", "20", "d", "-1s", "0s", "99999d", "inf"}) {
    EXPECT_THAT(Refusal([&](Options* options) { options->bench.duration = span; }), HasSubstr("--duration")) << span;
  }
  EXPECT_THAT(Refusal([](Options* options) { options->bench.watch = "59s"; }), HasSubstr("give 1m or more"));
  EXPECT_EQ(Refusal([](Options* options) { options->bench.watch = "1m"; }), "");
}

TEST(BenchRequestTest, StandardOutputIsOne) {
  const auto refusal = [](bool json, bool csv, const char* html, const char* watch) {
    return Refusal([=](Options* options) {
      options->json = json;
      options->bench.csv = csv;
      options->bench.html = html;
      options->bench.watch = watch;
    });
  };
  EXPECT_THAT(refusal(true, true, "", ""), HasSubstr("--json and --csv"));
  EXPECT_THAT(refusal(true, false, "-", ""), HasSubstr("standard output is one"));
  EXPECT_THAT(refusal(false, true, "-", ""), HasSubstr("standard output is one"));
  EXPECT_THAT(refusal(false, false, "-", "15m"), HasSubstr("needs a file"));
  EXPECT_EQ(refusal(true, false, "page.html", "15m"), "");
}

TEST(BenchRequestTest, HistoryIsAskedForFromAMomentOn) {
  BenchOptions options;
  options.since = "7d";
  options.sources = "tuna";
  const v1::GetBenchHistoryRequest request = MakeBenchHistoryRequest(options, absl::FromUnixSeconds(1000000)).value();
  EXPECT_EQ(request.since().seconds(), 1000000 - 7 * 86400);
  EXPECT_THAT(request.sources(), ElementsAre("tuna"));
  EXPECT_FALSE(MakeBenchHistoryRequest({}, absl::UnixEpoch()).value().has_since());
  options.since = "never";
  EXPECT_THAT(MakeBenchHistoryRequest(options, absl::UnixEpoch()).status().message(), HasSubstr("--since"));
}

}  // namespace
}  // namespace hfget::cli
