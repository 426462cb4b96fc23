// From what a client asked for to what the engine takes: everything that can be wrong with a
// request by itself is found here, before the engine hears of it.
#ifndef HFGET_DAEMON_RPC_PULL_REQUEST_H_
#define HFGET_DAEMON_RPC_PULL_REQUEST_H_

#include <string>

#include "absl/status/statusor.h"
#include "daemon/base/secret.h"
#include "daemon/engine/api.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::rpc {

// Equal wishes become equal specs ("a//b/" and "a/b", "main" and no revision), so that the engine
// can join them. Errors: INVALID_ARGUMENT with the rule that was broken: repo id, type against
// prefix, revision, filters, folders that are not absolute, two targets, a token that cannot be
// one.
absl::StatusOr<engine::PullSpec> ToSpec(const v1::PullRequest& request);

// The same rules for the same fields; no repo is no error.
absl::StatusOr<engine::DiagnoseSpec> ToSpec(const v1::DiagnoseRequest& request);

// A token as it can stand in a header; empty: none. Errors: INVALID_ARGUMENT, without a word of it.
absl::StatusOr<Secret> ToToken(const std::string& text);

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_PULL_REQUEST_H_
