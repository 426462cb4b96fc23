// A Pull call that answers when so many files are in place, or the pull has ended.
#ifndef HFGET_DAEMON_RPC_WAITING_PULL_H_
#define HFGET_DAEMON_RPC_WAITING_PULL_H_

#include <functional>
#include <limits>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "daemon/engine/api.h"
#include "daemon/rpc/client_ledger.h"
#include "daemon/rpc/closable.h"
#include "grpcpp/support/server_callback.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::rpc {

// Finished exactly once: by what it waits for, by Close, or by the caller's end. Thread: any.
class WaitingPull final : public grpc::ServerUnaryReactor, public engine::Watcher, public Closable {
 public:
  static constexpr int kAll = std::numeric_limits<int>::max();
  // Called with the pull's id, at most once, when the caller has gone before the answer.
  using Release = std::function<void(const std::string& id)>;

  // Keeps itself alive until OnDone. `files`: so many in place, or kAll: its end.
  static std::shared_ptr<WaitingPull> New(ClientLedger::Ticket ticket, core::Caller caller, int files, v1::PullResponse* response,
                                          Release release);

  // The pull is there. False: the caller has gone meanwhile.
  bool Begin(const std::string& id, bool joined);
  void OnSnapshot(std::shared_ptr<const engine::PullSnapshot> snapshot) override;
  void Close(const absl::Status& status) override;

  void OnCancel() override;
  void OnDone() override;

 private:
  WaitingPull(ClientLedger::Ticket ticket, core::Caller caller, int files, v1::PullResponse* response, Release release);

  const ClientLedger::Ticket ticket_;
  const core::Caller caller_;
  const int files_;
  const Release release_;
  std::shared_ptr<WaitingPull> self_;

  absl::Mutex mu_;
  v1::PullResponse* const response_ ABSL_PT_GUARDED_BY(mu_);
  std::string id_ ABSL_GUARDED_BY(mu_);       // empty: it is not there yet
  bool joined_ ABSL_GUARDED_BY(mu_) = false;
  bool over_ ABSL_GUARDED_BY(mu_) = false;    // Finish was called
  bool gone_ ABSL_GUARDED_BY(mu_) = false;    // by the caller's end
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_WAITING_PULL_H_
