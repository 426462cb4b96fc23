// One open WatchPulls stream: of every pull the newest snapshot, in the order of their changes.
#ifndef HFGET_DAEMON_RPC_PULLS_REACTOR_H_
#define HFGET_DAEMON_RPC_PULLS_REACTOR_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "daemon/engine/api.h"
#include "daemon/rpc/client_ledger.h"
#include "daemon/rpc/closable.h"
#include "daemon/rpc/postman.h"
#include "daemon/rpc/snapshot_bytes.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"

namespace hfget::rpc {

// gRPC's rules that it keeps: as WatchReactor. A slow reader gets the last of each pull, so that what waits for it is at most one
// snapshot a pull; and since of what is new what changed first goes out first, and mere progress last, a resume_token says that every change
// up to it was told.
// Thread: as WatchReactor; Begin from any.
class PullsReactor final : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                           public engine::Watcher,
                           public Closable,
                           public Postman::Reader,
                           public std::enable_shared_from_this<PullsReactor> {
 public:
  // As WatchReactor::New.
  static std::shared_ptr<PullsReactor> New(Postman& postman);

  // As WatchReactor's. Before the first of the others.
  void Hold(ClientLedger::Ticket ticket, core::Caller caller) {
    ticket_ = std::move(ticket);
    caller_ = std::move(caller);
  }

  // The first message.
  void Begin(const engine::WatchBegun& begun);
  void OnSnapshot(std::shared_ptr<const engine::PullSnapshot> snapshot) override;
  // What waits is not sent any more: the reader comes back with its resume_token.
  void Close(const absl::Status& status) override;

  void Deliver(SnapshotBytes& bytes) override;

  void OnWriteDone(bool ok) override;
  void OnCancel() override { Close(absl::CancelledError("the watch was cancelled")); }
  void OnDone() override;

 private:
  explicit PullsReactor(Postman& postman) : postman_(postman) {}

  using Snapshot = std::shared_ptr<const engine::PullSnapshot>;

  void Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Snapshot TakeFirst() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);  // REQUIRES: something waits

  Postman& postman_;
  std::shared_ptr<PullsReactor> self_;  // set by New, dropped by OnDone
  ClientLedger::Ticket ticket_;
  core::Caller caller_;

  absl::Mutex mu_;
  bool called_ ABSL_GUARDED_BY(mu_) = false;    // the postman comes
  bool writing_ ABSL_GUARDED_BY(mu_) = false;   // a write is under way; `current_` is its
  bool closing_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;  // Finish was called
  absl::Status status_ ABSL_GUARDED_BY(mu_);
  std::optional<engine::WatchBegun> begun_ ABSL_GUARDED_BY(mu_);  // what the first message says, as long as it has not gone out
  int64_t told_ ABSL_GUARDED_BY(mu_) = 0;       // the last change that was sent
  // By change; and under which change a pull waits.
  std::map<int64_t, Snapshot> waiting_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, int64_t> waits_ ABSL_GUARDED_BY(mu_);
  grpc::ByteBuffer current_;  // touched by whoever has set writing_
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_PULLS_REACTOR_H_
