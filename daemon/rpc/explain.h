// Why a source stands where it stands, as lines for people: the figures, the arithmetic, the evidence.
#ifndef HFGET_DAEMON_RPC_EXPLAIN_H_
#define HFGET_DAEMON_RPC_EXPLAIN_H_

#include <vector>

#include "absl/time/time.h"
#include "daemon/engine/api.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::rpc {

std::vector<v1::Explanation> Explain(const engine::SourceSnapshot& source, absl::Time wall);

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_EXPLAIN_H_
