#include "daemon/rpc/client_ledger.h"

#include "absl/strings/str_cat.h"

namespace hfget::rpc {
namespace {

constexpr absl::Duration kBurst = absl::Seconds(2);
// More clients than that have not been here for a while: users and certificates are few.
constexpr size_t kMaxEntries = 4096;

}  // namespace

ClientLedger::Entry& ClientLedger::Book::At(const std::string& client, absl::Time now) {
  const auto found = entries.find(client);
  if (found != entries.end()) return found->second;
  if (entries.size() >= kMaxEntries) {
    for (auto it = entries.begin(); it != entries.end();) {
      const bool idle = it->second.running[0] + it->second.running[1] == 0 && it->second.calls.OpenAt(now) <= now;
      it = idle ? entries.erase(it) : std::next(it);
    }
  }
  // Made full.
  return entries.emplace(client, Entry{{0, 0}, core::TokenBucket(limits.calls_per_sec, now - kBurst, kBurst)}).first->second;
}

absl::Status ClientLedger::Count(const core::Caller& caller, absl::Time now) {
  absl::MutexLock lock(&book_->mu);
  Entry& entry = book_->At(caller.name, now);
  if (entry.calls.OpenAt(now) > now) {
    return absl::ResourceExhaustedError(absl::StrCat("more than ", book_->limits.calls_per_sec,
                                                     " calls a second ([api] max_calls_per_second): wait a second, and watch "
                                                     "pulls with WatchPull instead of asking again and again"));
  }
  entry.calls.Take(1, now);
  return absl::OkStatus();
}

absl::StatusOr<ClientLedger::Ticket> ClientLedger::Take(const core::Caller& caller, Kind kind, absl::Time now) {
  absl::MutexLock lock(&book_->mu);
  int& running = book_->At(caller.name, now).running[static_cast<int>(kind)];
  if (kind == Kind::kWatch && running >= book_->limits.watches) {
    return absl::ResourceExhaustedError(absl::StrCat(book_->limits.watches,
                                                     " watches are open, as many as one client may have ([api] "
                                                     "max_watches_per_client): close some, or ask with GetPull"));
  }
  if (kind == Kind::kSlowCall && running >= kSlowCalls) {
    return absl::ResourceExhaustedError(absl::StrCat(
        kSlowCalls, " calls that ask hubs are running, as many as one client may have: wait until one has ended"));
  }
  ++running;
  Ticket ticket;
  ticket.book_ = book_;
  ticket.client_ = caller.name;
  ticket.kind_ = kind;
  return ticket;
}

ClientLedger::Ticket::~Ticket() {
  if (book_ == nullptr) return;
  absl::MutexLock lock(&book_->mu);
  const auto it = book_->entries.find(client_);
  if (it != book_->entries.end()) --it->second.running[static_cast<int>(kind_)];
}

}  // namespace hfget::rpc
