// Who fetches what next when some pulls are more urgent than others: a scheduler a priority, asked from the highest down.
#ifndef HFGET_DAEMON_CORE_PRIORITY_SCHEDULER_H_
#define HFGET_DAEMON_CORE_PRIORITY_SCHEDULER_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "daemon/core/scheduler.h"

namespace hfget::core {

// Where a file stands among the others.
struct Standing {
  int priority = 0;   // higher first
  GroupId group = 0;  // those of one priority share evenly
  friend bool operator==(const Standing& a, const Standing& b) = default;
};

// Pure, as Scheduler. What is urgent does not wait for what is not: a source without a free connection gives it one of those that
// serve something less urgent (Displace). What is less urgent gets what is left over, and the tail of the urgent comes first.
// Thread: the engine.
class PriorityScheduler {
 public:
  explicit PriorityScheduler(const Scheduler::World& world) : world_(world) {}

  // As of Scheduler.
  void AddFile(FileId file, PieceMap* pieces, Standing standing);
  void SetStanding(FileId file, Standing standing);
  void RemoveFile(FileId file);
  std::optional<Assignment> Next(const Offer& offer, absl::Time now);
  void OnBytes(FlightId flight, ByteCount position, absl::Time now);
  void End(FlightId flight);
  const Flight* Find(FlightId flight) const;
  int FlightsOf(SourceIndex source) const;
  int FlightsOfFile(FileId file) const;
  bool Consistent() const;
  // In the order in which they began within a priority, the highest first. Invalid after the next change.
  std::vector<const Flight*> flights() const;

  struct Displacement {
    Assignment assignment;
    FlightId victim = 0;  // has to end: the connection is the other's
  };
  // For a source whose connections are all in use: fresh work that is more urgent than the least urgent of them, which is the victim;
  // of several the youngest, which has the least to lose.
  std::optional<Displacement> Displace(const Offer& offer, absl::Time now);

 private:
  using Levels = std::map<int, std::unique_ptr<Scheduler>, std::greater<int>>;

  Scheduler& LevelAt(int priority);
  Scheduler* LevelOf(FlightId flight) const;
  // Numbers of flights are never used twice, whatever level they are of.
  template <typename Call>
  std::optional<Assignment> Counted(Scheduler& level, Call call);

  const Scheduler::World& world_;
  Levels levels_;
  std::map<FileId, Standing> standings_;
  FlightId next_flight_ = 1;
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_PRIORITY_SCHEDULER_H_
