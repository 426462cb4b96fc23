// One open BenchSources stream.
#ifndef HFGET_DAEMON_RPC_BENCH_REACTOR_H_
#define HFGET_DAEMON_RPC_BENCH_REACTOR_H_

#include <memory>

#include "daemon/engine/api.h"
#include "daemon/rpc/queue_reactor.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::rpc {

class BenchReactor final : public QueueReactor<v1::BenchSourcesResponse, engine::BenchSink> {
 public:
  static std::shared_ptr<BenchReactor> New() { return Keep(new BenchReactor); }

  void OnPlan(const engine::BenchPlan& plan) override;
  void OnProgress(const engine::BenchProgress& progress) override;
  void OnSample(const engine::BenchSample& sample, const engine::BenchReport& report) override;
  void OnReport(const engine::BenchReport& report) override;
  void OnError(const engine::PullError& error) override { End(ToGrpc(error)); }

 private:
  BenchReactor() = default;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_BENCH_REACTOR_H_
