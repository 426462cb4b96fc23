#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/rpc/rpc_fixture.h"

namespace hfget::rpc {
namespace {

using ::testing::HasSubstr;

class ServiceBenchTest : public RpcFixture {
 protected:
  std::vector<v1::BenchSourcesResponse> Bench(const v1::BenchSourcesRequest& request) {
    grpc::ClientContext context;
    const auto reader = stub().BenchSources(&context, request);
    std::vector<v1::BenchSourcesResponse> all;
    for (v1::BenchSourcesResponse response; reader->Read(&response);) all.push_back(response);
    status_ = reader->Finish();
    return all;
  }
  grpc::Status status_;
};

TEST_F(ServiceBenchTest, TellsPlanProgressSamplesAndTheReport) {
  engine::BenchPlan plan;
  plan.repo.name = "org/model";
  plan.spec.file = "f.bin";
  plan.samples = 12;
  engine::BenchSample sample;
  sample.source = "tuna";
  sample.rate_per_sec = 1e6;
  sample.limits = {"cpu"};
  sample.hub = engine::BenchLatency{"hub.test", "203.0.113.7:443", absl::Milliseconds(1), absl::Milliseconds(2), absl::ZeroDuration(), absl::Milliseconds(3)};
  engine::BenchReport report;
  engine::BenchRow& row = report.rows.emplace_back();
  row.source = "tuna";
  row.rank = 1;
  row.steps[4] = {{1, 2, 3, 4}, 6, 2};
  row.best = {1, 2, 3, 4};
  row.samples = 8;
  row.failed = 3;
  row.brief = 1;
  row.lag_known = true;
  row.quota_left = 7;
  row.proof = core::ProofVerdict::kForwards;
  report.recommendation = "Use tuna.";
  engine_.SetBench(plan, sample, report);
  v1::BenchSourcesRequest request;
  request.set_repo("org/model");
  const auto messages = Bench(request);
  ASSERT_TRUE(status_.ok()) << status_.error_message();
  ASSERT_EQ(messages.size(), 4u);
  EXPECT_EQ(messages[0].plan().repo(), "org/model");
  EXPECT_EQ(messages[0].plan().samples(), 12);
  EXPECT_EQ(messages[1].progress().source(), "tuna");
  EXPECT_EQ(messages[2].sample().limits(0), "cpu");
  EXPECT_EQ(messages[2].sample().hub().first_byte().nanos(), 3'000'000);
  EXPECT_FALSE(messages[2].report().complete());
  ASSERT_EQ(messages[3].report().rows_size(), 1);
  EXPECT_TRUE(messages[3].report().complete());
  const v1::BenchRow& told = messages[3].report().rows(0);
  EXPECT_EQ(told.steps(0).connections(), 4);
  EXPECT_EQ(told.steps(0).samples(), 6);
  EXPECT_EQ(told.steps(0).failed(), 2);
  EXPECT_EQ(told.samples(), 8);
  EXPECT_EQ(told.failed(), 3);
  EXPECT_EQ(told.brief(), 1);
  EXPECT_TRUE(told.lag_known());
  EXPECT_EQ(told.best().p90(), 3);
  EXPECT_FALSE(told.has_one_connection());
  EXPECT_TRUE(told.quota_known());
  EXPECT_EQ(told.quota_left(), 7);
  EXPECT_EQ(told.token_verdict(), v1::TOKEN_VERDICT_FORWARDS);
}

TEST_F(ServiceBenchTest, ASecondOneIsRefused) {
  engine_.RefuseBench(absl::ResourceExhaustedError("a bench runs already"));
  EXPECT_TRUE(Bench({}).empty());
  EXPECT_EQ(status_.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status_.error_message(), HasSubstr("runs already"));
}

TEST_F(ServiceBenchTest, WhatCannotBeDoesNotReachTheEngine) {
  v1::BenchSourcesRequest request;
  request.set_rounds(-1);
  EXPECT_TRUE(Bench(request).empty());
  EXPECT_EQ(status_.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(engine_.benched().empty());
}

TEST_F(ServiceBenchTest, HistoryComesOldestFirstInParts) {
  std::vector<engine::BenchPoint> points(1500);
  for (size_t i = 0; i < points.size(); ++i) points[i].at = absl::FromUnixSeconds(static_cast<int64_t>(i));
  engine_.SetHistory(points);
  v1::GetBenchHistoryRequest request;
  request.mutable_since()->set_seconds(100);
  grpc::ClientContext context;
  const auto reader = stub().GetBenchHistory(&context, request);
  std::vector<int> parts;
  for (v1::GetBenchHistoryResponse response; reader->Read(&response);) parts.push_back(response.points_size());
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(parts, (std::vector<int>{1000, 400}));
}

}  // namespace
}  // namespace hfget::rpc
