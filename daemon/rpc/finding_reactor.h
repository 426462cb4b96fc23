// One open Diagnose stream: every finding goes out, in order.
#ifndef HFGET_DAEMON_RPC_FINDING_REACTOR_H_
#define HFGET_DAEMON_RPC_FINDING_REACTOR_H_

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "daemon/engine/api.h"
#include "daemon/rpc/client_ledger.h"
#include "grpcpp/support/server_callback.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::rpc {

// gRPC's rules that it keeps: as WatchReactor. A diagnosis has some dozens of findings, so what waits needs no bound. A server
// that drains cancels the call. Thread: the sink's methods from any, the reactions from gRPC's.
class FindingReactor final : public grpc::ServerWriteReactor<v1::DiagnoseResponse>, public engine::FindingSink {
 public:
  // Keeps itself alive until OnDone; the engine holds it weakly.
  static std::shared_ptr<FindingReactor> New();

  // Its place among the client's slow calls, held as long as this lives. Before the first of the others.
  void Hold(ClientLedger::Ticket ticket) { ticket_ = std::move(ticket); }

  // The first message.
  void Begin(const std::map<std::string, std::string>& environment);
  void OnFinding(const hub::Finding& finding) override;
  void OnEnd() override { Close(absl::OkStatus()); }

  // Ends the stream with `status` when what waits is out.
  void Close(const absl::Status& status);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  FindingReactor() = default;

  void Abandon() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);  // nobody reads any more
  void Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  ClientLedger::Ticket ticket_;
  std::shared_ptr<FindingReactor> self_;  // set by New, dropped by OnDone

  absl::Mutex mu_;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;   // a write is under way; `current_` is gRPC's
  bool closing_ ABSL_GUARDED_BY(mu_) = false;   // what waits is all that comes
  bool finished_ ABSL_GUARDED_BY(mu_) = false;  // Finish was called
  absl::Status status_ ABSL_GUARDED_BY(mu_);
  std::deque<v1::DiagnoseResponse> waiting_ ABSL_GUARDED_BY(mu_);
  v1::DiagnoseResponse current_ ABSL_GUARDED_BY(mu_);
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_FINDING_REACTOR_H_
