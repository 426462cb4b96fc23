// The API's door: who comes in, under which name, and what is made of a request because of it.
#ifndef HFGET_DAEMON_RPC_DOOR_H_
#define HFGET_DAEMON_RPC_DOOR_H_

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "daemon/core/access.h"
#include "daemon/engine/api.h"
#include "daemon/rpc/client_ledger.h"
#include "daemon/rpc/door_config.h"
#include "daemon/rpc/peer_table.h"
#include "daemon/rpc/target_check.h"
#include "grpcpp/server_context.h"

namespace hfget::rpc {

// The decisions are core/access's. Thread: any.
class Door {
 public:
  explicit Door(DoorConfig config);

  const DoorConfig& config() const { return config_; }
  const TargetCheck& targets() const { return targets_; }

  // A connection of the Unix socket, before gRPC has seen a byte of it. The descriptor to hand over. Errors: a stranger, too many
  // connections; `fd` is closed then.
  absl::StatusOr<int> Admit(int fd);

  // Who makes this call; it is counted. Errors: UNAUTHENTICATED when it is not known, RESOURCE_EXHAUSTED when it comes too soon.
  absl::StatusOr<core::Caller> Enter(const grpc::CallbackServerContext& context);

  absl::StatusOr<ClientLedger::Ticket> Take(const core::Caller& caller, ClientLedger::Kind kind);

  // Makes it the caller's: owner, target, whose token. May block, see TargetCheck. Errors: PERMISSION_DENIED.
  absl::Status Own(const core::Caller& caller, engine::PullSpec& spec) const;
  absl::Status Own(const core::Caller& caller, engine::DiagnoseSpec& spec) const;

 private:
  absl::StatusOr<core::Caller> NameOf(const grpc::CallbackServerContext& context) const;
  void NoteRefused(const absl::Status& why) ABSL_LOCKS_EXCLUDED(mu_);

  const DoorConfig config_;
  const TargetCheck targets_;
  PeerTable peers_;
  ClientLedger ledger_;

  absl::Mutex mu_;
  absl::Time next_note_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_DOOR_H_
