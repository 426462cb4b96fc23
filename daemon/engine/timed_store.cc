#include "daemon/engine/timed_store.h"

namespace hfget::engine {

void TimedStore::Commit(store::Batch batch, store::Durability durability, Done done) {
  store_.Commit(std::move(batch), durability,
                [this, begun = clock_.Steady(), done = std::move(done)](absl::Status status) mutable {
                  counters_.store_time.Observe(clock_.Steady() - begun);
                  counters_.store_failures += !status.ok();
                  done(std::move(status));
                });
}

}  // namespace hfget::engine
