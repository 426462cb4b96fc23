// What a bench says, as messages.
#ifndef HFGET_DAEMON_RPC_BENCH_PROTO_H_
#define HFGET_DAEMON_RPC_BENCH_PROTO_H_

#include "daemon/engine/api.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::rpc {

v1::BenchPlan ToProto(const engine::BenchPlan& plan);
v1::BenchProgress ToProto(const engine::BenchProgress& progress);
v1::BenchSample ToProto(const engine::BenchSample& sample);
v1::BenchReport ToProto(const engine::BenchReport& report);
v1::BenchPoint ToProto(const engine::BenchPoint& point);

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_BENCH_PROTO_H_
