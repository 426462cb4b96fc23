// The daemon's figures as the API tells them.
#ifndef HFGET_DAEMON_RPC_STATS_PROTO_H_
#define HFGET_DAEMON_RPC_STATS_PROTO_H_

#include "daemon/engine/stats.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::rpc {

v1::GetStatsResponse ToProto(const engine::Stats& stats);

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_STATS_PROTO_H_
