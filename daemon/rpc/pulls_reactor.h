// One open WatchPulls stream: of every pull the newest snapshot, in the order of their changes.
#ifndef HFGET_DAEMON_RPC_PULLS_REACTOR_H_
#define HFGET_DAEMON_RPC_PULLS_REACTOR_H_

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "daemon/engine/api.h"
#include "daemon/rpc/client_ledger.h"
#include "daemon/rpc/closable.h"
#include "grpcpp/support/server_callback.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::rpc {

// gRPC's rules that it keeps: as WatchReactor. A slow reader gets the last of each pull, so that what waits for it is at most one
// snapshot a pull; and since what changed first goes out first, a resume_token says that every change up to it was told.
// Thread: Begin, OnSnapshot and Close from any, the reactions from gRPC's.
class PullsReactor final : public grpc::ServerWriteReactor<v1::WatchPullsResponse>,
                           public engine::Watcher,
                           public Closable {
 public:
  // Keeps itself alive until OnDone; others hold it weakly.
  static std::shared_ptr<PullsReactor> New();

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

  void OnWriteDone(bool ok) override;
  void OnCancel() override { Close(absl::CancelledError("the watch was cancelled")); }
  void OnDone() override;

 private:
  PullsReactor() = default;

  void Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  std::shared_ptr<PullsReactor> self_;  // set by New, dropped by OnDone
  ClientLedger::Ticket ticket_;
  core::Caller caller_;

  absl::Mutex mu_;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;   // a write is under way; `current_` is gRPC's
  bool closing_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;  // Finish was called
  absl::Status status_ ABSL_GUARDED_BY(mu_);
  bool begins_ ABSL_GUARDED_BY(mu_) = false;    // `current_` is the first message, and has not gone out
  int64_t told_ ABSL_GUARDED_BY(mu_) = 0;       // the last change that was sent
  // By change; and under which change a pull waits.
  std::map<int64_t, std::shared_ptr<const engine::PullSnapshot>> waiting_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, int64_t> waits_ ABSL_GUARDED_BY(mu_);
  v1::WatchPullsResponse current_ ABSL_GUARDED_BY(mu_);
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_PULLS_REACTOR_H_
