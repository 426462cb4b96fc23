// One open WatchPull stream: the newest snapshot goes out when the one before is through, and the
// terminal one is last.
#ifndef HFGET_DAEMON_RPC_WATCH_REACTOR_H_
#define HFGET_DAEMON_RPC_WATCH_REACTOR_H_

#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "daemon/engine/api.h"
#include "daemon/rpc/client_ledger.h"
#include "daemon/rpc/closable.h"
#include "daemon/rpc/postman.h"
#include "daemon/rpc/snapshot_bytes.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"

namespace hfget::rpc {

// A machine of four flags. gRPC's rules that it keeps: one write at a time, its message untouched
// until OnWriteDone; Finish exactly once, also after a cancellation; no Finish while a write is
// under way; nothing started after Finish. Source: reference/codebases.md §4.1. Thread: OnSnapshot
// and Close from any, the reactions from gRPC's, Deliver from the postman's, which alone encodes and
// writes. A caller holds a shared_ptr during the call, because OnDone may come, on another thread, as
// soon as Finish has been called.
class WatchReactor final : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                           public engine::Watcher,
                           public Closable,
                           public Postman::Reader,
                           public std::enable_shared_from_this<WatchReactor> {
 public:
  // Keeps itself alive until OnDone; others hold it weakly, and the postman as long as something waits. `postman` outlives the call.
  static std::shared_ptr<WatchReactor> New(Postman& postman);

  // A newer snapshot replaces one that still waits. Nothing after a terminal one is sent.
  void OnSnapshot(std::shared_ptr<const engine::PullSnapshot> snapshot) override;

  // Whose it is, and its place among their watches, held as long as this lives; and the last change that they know of, which is not told
  // again (0: none). Before the first of the others.
  void Hold(ClientLedger::Ticket ticket, core::Caller caller, int64_t known = 0) {
    ticket_ = std::move(ticket);
    caller_ = std::move(caller);
    known_ = known;
  }

  // Ends the stream with `status` as soon as the write under way allows. A terminal snapshot that
  // waits still goes out.
  void Close(const absl::Status& status) override;

  void Deliver(SnapshotBytes& bytes) override;

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  explicit WatchReactor(Postman& postman) : postman_(postman) {}

  void Abandon() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);  // nobody reads any more
  void Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  Postman& postman_;
  // Set by New, dropped by OnDone, which is alone and last.
  std::shared_ptr<WatchReactor> self_;
  ClientLedger::Ticket ticket_;
  core::Caller caller_;
  int64_t known_ = 0;

  absl::Mutex mu_;
  bool called_ ABSL_GUARDED_BY(mu_) = false;    // the postman comes
  bool writing_ ABSL_GUARDED_BY(mu_) = false;   // a write is under way; `current_` is its
  bool closing_ ABSL_GUARDED_BY(mu_) = false;   // what waits is the last
  bool finished_ ABSL_GUARDED_BY(mu_) = false;  // Finish was called
  bool begun_ ABSL_GUARDED_BY(mu_) = false;     // a snapshot has come
  absl::Status status_ ABSL_GUARDED_BY(mu_);    // what to finish with
  std::shared_ptr<const engine::PullSnapshot> waiting_ ABSL_GUARDED_BY(mu_);
  grpc::ByteBuffer current_;  // touched by whoever has set writing_
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_WATCH_REACTOR_H_
