// What a TCP client must show.
#ifndef HFGET_DAEMON_RPC_TCP_CREDENTIALS_H_
#define HFGET_DAEMON_RPC_TCP_CREDENTIALS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "daemon/rpc/door_config.h"
#include "grpcpp/security/server_credentials.h"

namespace hfget::rpc {

// Certificates and keys are read now, and once; the token's file is looked at with every call. Nobody comes in by a configuration
// without client_ca and token: that is an error here too, whatever the caller has checked. Without TLS a connection is taken from
// this machine only. Errors: FAILED_PRECONDITION, one line: which file, and what to do.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> TcpCredentials(const TcpConfig& config);

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_TCP_CREDENTIALS_H_
