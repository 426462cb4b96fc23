#include "cli/bench_json.h"

#include <nlohmann/json.hpp>

#include "gmock/gmock.h"
#include "tests/cli/bench_samples.h"

namespace hfget::cli {
namespace {

using nlohmann::json;

TEST(BenchJsonTest, OneObjectHasPlanSamplesAndReport) {
  const std::string text = BenchJson(testing::SampleBench());
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const json bench = json::parse(text);
  EXPECT_EQ(bench["plan"]["repo"], "org/model");
  EXPECT_EQ(bench["plan"]["sample_duration_seconds"], 20.0);
  EXPECT_EQ(bench["plan"]["started"], "2026-01-01T00:00:00.000Z");
  ASSERT_EQ(bench["samples"].size(), 60u);
  EXPECT_GT(bench["samples"][0]["curve_bytes_per_sec"].size(), 5u);
  EXPECT_EQ(bench["samples"][0]["curve_step_seconds"], 0.25);
  EXPECT_EQ(bench["report"]["rows"][0]["source"], "tuna");
  EXPECT_EQ(bench["report"]["rows"][0]["best_bytes_per_sec"]["count"], 3);
  EXPECT_EQ(bench["report"]["rows"][0]["samples"], 12);
  EXPECT_EQ(bench["report"]["rows"][0]["failed"], 0);
  EXPECT_EQ(bench["report"]["rows"][0]["lags"], false);
  EXPECT_EQ(bench["report"]["rows"][1]["quota_left"], 480);
  EXPECT_EQ(bench["report"]["rows"][4]["error"]["cause"], "unavailable");
  EXPECT_TRUE(bench["report"]["complete"]);
}

TEST(BenchJsonTest, WhatIsNotKnownIsNull) {
  const json bench = json::parse(BenchJson(BenchRun()));
  EXPECT_TRUE(bench["plan"]["started"].is_null());
  EXPECT_EQ(bench["samples"], json::array());
  BenchRun run;
  run.report.add_rows();
  const json row = json::parse(BenchJson(run))["report"]["rows"][0];
  for (const char* key : {"error", "best_bytes_per_sec", "hub", "quota_left", "lags",
                          "link_lifetime_seconds"}) EXPECT_TRUE(row[key].is_null()) << key;
}

TEST(BenchJsonTest, HistoryIsAnArray) {
  const json points = json::parse(BenchHistoryJson(testing::SampleBenchHistory(1)));
  ASSERT_EQ(points.size(), 5u);
  EXPECT_EQ(points[0]["source"], "tuna");
  EXPECT_EQ(points[4]["error"], "connection refused");
  EXPECT_EQ(BenchHistoryJson({}), "[]");
}

}  // namespace
}  // namespace hfget::cli
