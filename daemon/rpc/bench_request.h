// What a client wants measured, checked and made a spec.
#ifndef HFGET_DAEMON_RPC_BENCH_REQUEST_H_
#define HFGET_DAEMON_RPC_BENCH_REQUEST_H_

#include "absl/status/statusor.h"
#include "daemon/engine/api.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::rpc {

// Errors: INVALID_ARGUMENT with the rule that was broken. Whether a source of that name exists the engine knows.
absl::StatusOr<engine::BenchSpec> ToSpec(const v1::BenchSourcesRequest& request);

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_BENCH_REQUEST_H_
