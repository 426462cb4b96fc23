// On what terms a PullRequest is meant, and which pulls a filter means.
#ifndef HFGET_DAEMON_RPC_PULL_TERMS_H_
#define HFGET_DAEMON_RPC_PULL_TERMS_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/engine/api.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::rpc {

// Whether the call is to be answered later than when the pull is recorded.
bool Waits(const v1::PullRequest& request);

// Sets terms, request_id and bound. Errors: INVALID_ARGUMENT, with the field and the rule.
absl::Status SetTerms(const v1::PullRequest& request, absl::Time now, engine::PullSpec& spec);

// Errors: INVALID_ARGUMENT.
absl::Status CheckLabels(const google::protobuf::Map<std::string, std::string>& labels);

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_PULL_TERMS_H_
