// What each client has running, and how fast it calls.
#ifndef HFGET_DAEMON_RPC_CLIENT_LEDGER_H_
#define HFGET_DAEMON_RPC_CLIENT_LEDGER_H_

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "daemon/core/access.h"
#include "daemon/core/token_bucket.h"
#include "daemon/rpc/door_config.h"

namespace hfget::rpc {

// Thread: any.
class ClientLedger {
  struct Book;

 public:
  // Calls that ask hubs on the net: probes, diagnoses, WhoAmI.
  static constexpr int kSlowCalls = 16;

  enum class Kind { kWatch, kSlowCall };

  // A place that is taken, until it is destroyed. May outlive the ledger.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept = default;
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(book_, other.book_);
      std::swap(client_, other.client_);
      std::swap(kind_, other.kind_);
      return *this;
    }
    ~Ticket();

   private:
    friend class ClientLedger;
    std::shared_ptr<Book> book_;
    std::string client_;
    Kind kind_ = Kind::kWatch;
  };

  explicit ClientLedger(const ClientLimits& limits) : book_(std::make_shared<Book>(limits)) {}

  // One call. Errors: RESOURCE_EXHAUSTED when it comes too soon.
  absl::Status Count(const core::Caller& caller, absl::Time now);

  // Errors: RESOURCE_EXHAUSTED when the client has as many as it may.
  absl::StatusOr<Ticket> Take(const core::Caller& caller, Kind kind, absl::Time now);

 private:
  struct Entry {
    int running[2] = {0, 0};  // by Kind
    core::TokenBucket calls;
  };
  struct Book {
    explicit Book(const ClientLimits& l) : limits(l) {}
    Entry& At(const std::string& client, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);

    const ClientLimits limits;
    absl::Mutex mu;
    std::map<std::string, Entry> entries ABSL_GUARDED_BY(mu);
  };

  std::shared_ptr<Book> book_;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_CLIENT_LEDGER_H_
