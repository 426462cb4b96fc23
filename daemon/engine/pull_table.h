// All pulls that are remembered, and the orders in which they are looked for.
#ifndef HFGET_DAEMON_ENGINE_PULL_TABLE_H_
#define HFGET_DAEMON_ENGINE_PULL_TABLE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "daemon/core/pull_terms.h"
#include "daemon/engine/pull.h"

namespace hfget::engine {

// Ten thousand pulls may be queued and as many remembered, so that nothing that happens often looks through all of them. Thread: the engine.
// Owns: the pulls.
class PullTable {
 public:
  // Those who came first, first.
  struct ByAge {
    using is_transparent = void;
    bool operator()(const Pull* a, const Pull* b) const {
      return a->sequence() != b->sequence() ? a->sequence() < b->sequence() : a->id() < b->id();
    }
    bool operator()(const Pull* a, int64_t sequence) const { return a->sequence() < sequence; }
    bool operator()(int64_t sequence, const Pull* b) const { return sequence < b->sequence(); }
  };
  using Aged = std::set<Pull*, ByAge>;
  using Queue = std::map<std::pair<core::PullTurn, std::string>, Pull*>;

  // Null: there is none.
  Pull* Find(const std::string& id) const;
  // In the place of one with the same id, which is gone then.
  Pull& Put(std::unique_ptr<Pull> pull);
  void Erase(const std::string& id);
  // Its state, its turn or its names may have changed. One that is not in the table is left alone.
  void Refresh(Pull& pull);

  const Aged& all() const { return all_; }
  const Aged& open() const { return open_; }      // that have not ended
  const Aged& active() const { return active_; }  // Pull::active
  const Queue& queue() const { return queue_; }   // kQueued, in the order in which they begin
  size_t ended() const { return all_.size() - open_.size(); }
  int OpenOf(const std::string& owner) const;  // how many of them have not ended

  // One that was asked for under this name, which still holds. Null: none.
  Pull* FindNamed(const std::string& owner, const std::string& request_id) const;
  // One that has not ended and is the same. Null: none.
  Pull* FindOpen(const PullSpec& spec) const;
  // From the youngest that came before `before`, those that it is asked for: `most` at most (0: all), and whether there are more.
  std::pair<std::vector<Pull*>, bool> Newest(const PullQuery& query) const;
  // In the queue, from 1. REQUIRES: it is queued.
  int PositionOf(const Pull& pull) const;
  // Of those that are queued.
  absl::flat_hash_map<const Pull*, int> PositionsOf(const std::vector<Pull*>& pulls) const;

 private:
  using Name = std::pair<std::string, std::string>;  // owner, request id
  // A pull, and where it stands in the orders.
  struct Row {
    std::unique_ptr<Pull> pull;
    Queue::key_type turn;
    size_t likeness = 0;
    bool open = false;
    std::vector<Name> names;
  };

  void Place(Row& row);
  void Displace(Row& row);
  void PlaceNames(Row& row);
  void DisplaceNames(Row& row);

  std::unordered_map<std::string, Row> rows_;
  Aged all_, open_, active_;
  Queue queue_;
  std::unordered_multimap<size_t, Pull*> like_;  // those of open_, by Likeness
  std::map<std::string, int> open_of_;           // by owner
  std::map<Name, Pull*> named_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_PULL_TABLE_H_
