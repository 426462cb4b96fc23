// One open GetBenchHistory stream.
#ifndef HFGET_DAEMON_RPC_HISTORY_REACTOR_H_
#define HFGET_DAEMON_RPC_HISTORY_REACTOR_H_

#include <memory>
#include <utility>
#include <vector>

#include "daemon/engine/api.h"
#include "daemon/rpc/bench_proto.h"
#include "daemon/rpc/queue_reactor.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::rpc {

// Nothing more is told by the engine once it has answered.
struct NoSink {
  virtual ~NoSink() = default;
};

class HistoryReactor final : public QueueReactor<v1::GetBenchHistoryResponse, NoSink> {
 public:
  static constexpr size_t kPointsAtOnce = 1000;

  static std::shared_ptr<HistoryReactor> New() { return Keep(new HistoryReactor); }

  void Give(std::vector<engine::BenchPoint> points) {
    if (!points.empty()) {
      PushMany([points = std::move(points), next = size_t{0}](v1::GetBenchHistoryResponse& out) mutable {
        for (size_t i = 0; i < kPointsAtOnce && next < points.size(); ++i) *out.add_points() = ToProto(points[next++]);
        return next < points.size();
      });
    }
    Close(absl::OkStatus());
  }

 private:
  HistoryReactor() = default;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_HISTORY_REACTOR_H_
