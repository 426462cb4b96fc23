// One open stream whose messages all go out, in order.
#ifndef HFGET_DAEMON_RPC_QUEUE_REACTOR_H_
#define HFGET_DAEMON_RPC_QUEUE_REACTOR_H_

#include <deque>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "daemon/rpc/client_ledger.h"
#include "daemon/rpc/convert.h"
#include "grpcpp/support/server_callback.h"

namespace hfget::rpc {

// gRPC's rules that it keeps: as WatchReactor. What waits needs no bound here, because the asked thing is finite: what is large is made when its
// turn comes (Maker), or is not told of any faster than it goes out (waiting). A server that drains cancels the call. `Sink`: what the engine tells; it holds that weakly, so that a call that has
// gone is not worked for. Thread: Push and End from any, the reactions from gRPC's.
template <typename Response, typename Sink>
class QueueReactor : public grpc::ServerWriteReactor<Response>, public Sink {
 public:
  // Fills the next message. False: it was its last.
  using Maker = absl::AnyInvocable<bool(Response& out)>;

  // The place among the client's slow calls, held as long as this lives. Before the first of the others.
  void Hold(ClientLedger::Ticket ticket) { ticket_ = std::move(ticket); }

  // Ends the stream when what waits is out.
  void End(grpc::Status status) ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    if (closing_) return;
    closing_ = true;
    status_ = std::move(status);
    Advance();
  }
  void Close(const absl::Status& status) { End(ToGrpc(status)); }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mu_);
    writing_ = false;
    if (!ok) Abandon();
    Advance();
  }
  void OnCancel() override {
    absl::MutexLock lock(&mu_);
    Abandon();
    Advance();
  }
  void OnDone() override {
    // Moved out first: with the last reference gone, `this` is gone at the end of the scope.
    const std::shared_ptr<QueueReactor> self = std::move(self_);
  }

 protected:
  QueueReactor() = default;

  // Keeps it alive until OnDone; others hold it weakly.
  template <typename Reactor>
  static std::shared_ptr<Reactor> Keep(Reactor* reactor) {
    std::shared_ptr<Reactor> kept(reactor);
    kept->self_ = kept;
    return kept;
  }

  void Push(Response response) {
    PushMany([response = std::move(response)](Response& out) mutable {
      out = std::move(response);
      return false;
    });
  }
  // Messages, at least.
  size_t waiting() const ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    return waiting_.size();
  }
  void PushMany(Maker maker) ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    if (closing_) return;
    waiting_.push_back(std::move(maker));
    Advance();
  }

 private:
  // Nobody reads any more.
  void Abandon() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    closing_ = true;
    status_ = ToGrpc(absl::CancelledError("the call was cancelled, or the daemon is shutting down"));
    waiting_.clear();
  }

  // StartWrite and Finish with the lock held, as in WatchReactor.
  void Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (writing_ || finished_) return;
    if (!waiting_.empty()) {
      current_.Clear();
      if (!waiting_.front()(current_)) waiting_.pop_front();
      writing_ = true;
      this->StartWrite(&current_);
    } else if (closing_) {
      finished_ = true;
      this->Finish(status_);
    }
  }

  ClientLedger::Ticket ticket_;
  std::shared_ptr<QueueReactor> self_;  // set by Keep, dropped by OnDone

  mutable absl::Mutex mu_;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;   // a write is under way; `current_` is gRPC's
  bool closing_ ABSL_GUARDED_BY(mu_) = false;   // what waits is all that comes
  bool finished_ ABSL_GUARDED_BY(mu_) = false;  // Finish was called
  grpc::Status status_ ABSL_GUARDED_BY(mu_);
  std::deque<Maker> waiting_ ABSL_GUARDED_BY(mu_);
  Response current_ ABSL_GUARDED_BY(mu_);
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_QUEUE_REACTOR_H_
