// What is asked of benches.
#include <memory>
#include <utility>

#include "daemon/base/status.h"
#include "daemon/rpc/bench_request.h"
#include "daemon/rpc/service.h"

namespace hfget::rpc {

absl::Status HfgetService::BeginBench(const grpc::CallbackServerContext& context, const v1::BenchSourcesRequest& request,
                                      const std::shared_ptr<BenchReactor>& bench) {
  HFGET_ASSIGN_OR_RETURN(const core::Caller caller, EnterToManage(context));
  HFGET_ASSIGN_OR_RETURN(engine::BenchSpec spec, ToSpec(request));
  HFGET_ASSIGN_OR_RETURN(ClientLedger::Ticket ticket, door_.Take(caller, ClientLedger::Kind::kSlowCall));
  bench->Hold(std::move(ticket));
  engine_.BenchSources(std::move(spec), bench, [weak = std::weak_ptr<BenchReactor>(bench)](absl::StatusOr<bool> begun) {
    const auto bench = weak.lock();
    if (bench != nullptr && !begun.ok()) bench->Close(begun.status());
  });
  return absl::OkStatus();
}

grpc::ServerWriteReactor<v1::BenchSourcesResponse>* HfgetService::BenchSources(grpc::CallbackServerContext* context,
                                                                               const v1::BenchSourcesRequest* request) {
  const std::shared_ptr<BenchReactor> bench = BenchReactor::New();
  const absl::Status status = BeginBench(*context, *request, bench);
  if (!status.ok()) bench->Close(status);
  return bench.get();
}

absl::Status HfgetService::BeginHistory(const grpc::CallbackServerContext& context, const v1::GetBenchHistoryRequest& request,
                                        const std::shared_ptr<HistoryReactor>& history) {
  HFGET_RETURN_IF_ERROR(EnterToManage(context).status());
  const absl::Time since = request.has_since() ? absl::FromUnixSeconds(request.since().seconds()) : absl::InfinitePast();
  engine_.GetBenchHistory(since, {request.sources().begin(), request.sources().end()},
                          [weak = std::weak_ptr<HistoryReactor>(history)](absl::StatusOr<std::vector<engine::BenchPoint>> points) {
                            const auto history = weak.lock();
                            if (history != nullptr) points.ok() ? history->Give(*std::move(points)) : history->Close(points.status());
                          });
  return absl::OkStatus();
}

grpc::ServerWriteReactor<v1::GetBenchHistoryResponse>* HfgetService::GetBenchHistory(grpc::CallbackServerContext* context,
                                                                                     const v1::GetBenchHistoryRequest* request) {
  const std::shared_ptr<HistoryReactor> history = HistoryReactor::New();
  const absl::Status status = BeginHistory(*context, *request, history);
  if (!status.ok()) history->Close(status);
  return history.get();
}

}  // namespace hfget::rpc
