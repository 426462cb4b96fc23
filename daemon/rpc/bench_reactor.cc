#include "daemon/rpc/bench_reactor.h"

#include <utility>

#include "daemon/rpc/bench_proto.h"

namespace hfget::rpc {

void BenchReactor::OnPlan(const engine::BenchPlan& plan) {
  v1::BenchSourcesResponse response;
  *response.mutable_plan() = ToProto(plan);
  Push(std::move(response));
}

void BenchReactor::OnProgress(const engine::BenchProgress& progress) {
  v1::BenchSourcesResponse response;
  *response.mutable_progress() = ToProto(progress);
  Push(std::move(response));
}

void BenchReactor::OnSample(const engine::BenchSample& sample, const engine::BenchReport& report) {
  v1::BenchSourcesResponse response;
  *response.mutable_sample() = ToProto(sample);
  *response.mutable_report() = ToProto(report);
  Push(std::move(response));
}

void BenchReactor::OnReport(const engine::BenchReport& report) {
  v1::BenchSourcesResponse response;
  *response.mutable_report() = ToProto(report);
  Push(std::move(response));
  Close(absl::OkStatus());
}

}  // namespace hfget::rpc
