// The store, with a watch: how long commits take and how many fail.
#ifndef HFGET_DAEMON_ENGINE_TIMED_STORE_H_
#define HFGET_DAEMON_ENGINE_TIMED_STORE_H_

#include <string>
#include <utility>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/engine/counters.h"
#include "daemon/store/store.h"

namespace hfget::engine {

// Borrows all three. The time is what the engine waits: queue, write, sync, and the way back. Thread: the engine.
class TimedStore final : public store::StateStore {
 public:
  TimedStore(store::StateStore& store, const Clock& clock, Counters& counters)
      : store_(store), clock_(clock), counters_(counters) {}

  void Commit(store::Batch batch, store::Durability durability, Done done) override;
  store::Contents Load() override { return store_.Load(); }
  void ReadProvenance(
      const std::string& transfer_key,
      absl::AnyInvocable<void(absl::StatusOr<std::vector<std::pair<int64_t, records::v1::ProvenanceRecord>>>)> done) override {
    store_.ReadProvenance(transfer_key, std::move(done));
  }
  const std::string& digest_key() const override { return store_.digest_key(); }

 private:
  store::StateStore& store_;
  const Clock& clock_;
  Counters& counters_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_TIMED_STORE_H_
