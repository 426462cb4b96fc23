// Who fetches what next: the tail of a range that holds up the hash (unblock), then fresh ranges, then the tail of somebody's
// range (steal), then the rest of a slow one's last piece (take over), then a race for one piece (duplicate).
#ifndef HFGET_DAEMON_CORE_SCHEDULER_H_
#define HFGET_DAEMON_CORE_SCHEDULER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "daemon/base/types.h"
#include "daemon/core/piece_map.h"
#include "daemon/core/rate_meter.h"

namespace hfget::core {

using FileId = uint64_t;
using FlightId = uint64_t;
using SourceIndex = int;
using GroupId = int64_t;

// One range on its way from one source. A duplicate owns no piece: its one piece is claimed by its rival.
struct Flight {
  FlightId id = 0;
  FileId file = 0;
  SourceIndex source = 0;
  PieceRange pieces;        // end moves down when it is stolen from
  ByteCount position = 0;   // next byte that will arrive
  FlightId rival = 0;       // the other one of a race; 0: none
  bool duplicate = false;   // came second into the race
  RateMeter rate;           // from its first byte on
  double offered_rate = 0;  // what its source promised. Units: bytes per second; 0: unknown
  absl::Duration latency;   // likewise
  absl::Time started;
  absl::Time last_byte = absl::InfinitePast();
};

// A source with a free connection.
struct Offer {
  SourceIndex source = 0;
  double rate = 0;           // of one connection. Units: bytes per second; 0: unknown
  absl::Duration latency;    // to the first byte
};

struct Assignment {
  enum class Kind { kFresh, kSteal, kTakeOver, kDuplicate };
  Kind kind = Kind::kFresh;
  FlightId flight = 0;
  FlightId victim = 0;  // kSteal: ends earlier now; kTakeOver: is to end now, and what it has stays; kDuplicate: the rival
};

// Pure: no clock, no thread; told by the engine what happens, asked what to do. Thread: the engine.
// Source: aria2's split, libtorrent's endgame, libzypp's competition (reference/codebases.md §3, mirrors.md §5).
class Scheduler {
 public:
  // What the scheduler must know of the world when it chooses.
  class World {
   public:
    virtual ~World() = default;
    // Whether `source` may be asked for this file now.
    virtual bool MayServe(FileId file, SourceIndex source) const = 0;
    // Whether pieces of it may be asked for twice to gain time: no use where a limit of the user's is what takes the time.
    virtual bool MayRace(FileId file) const { return true; }
  };

  explicit Scheduler(const World& world) : world_(world) {}

  // Groups (pulls) share the connections evenly: the one with the fewest comes next. The files of a group are served in the order in
  // which they were added; small ones (up to kSmallFile) take about a quarter of the connections while there are large ones.
  // REQUIRES: `pieces` outlives the file here.
  static constexpr ByteCount kSmallFile = 4 * kMiB;
  void AddFile(FileId file, PieceMap* pieces, GroupId group = 0);
  void SetGroup(FileId file, GroupId group);
  // REQUIRES: no flight of this file is left.
  void RemoveFile(FileId file);
  bool empty() const { return files_.empty(); }

  // Hands a file and its flights over to another scheduler of the same world.
  void MoveFile(FileId file, Scheduler& to);
  // Flights begun from here on have this number and higher ones. REQUIRES: higher than any that there is.
  void CountFrom(FlightId next) { next_flight_ = next; }
  FlightId next_flight() const { return next_flight_; }

  // The next thing to do for a source, or nothing. The new flight is registered and its pieces are claimed.
  std::optional<Assignment> Next(const Offer& offer, absl::Time now);
  // The same, but only what nobody has been asked for yet.
  std::optional<Assignment> NextFresh(const Offer& offer, absl::Time now) { return Fresh(AsSeen(offer, now), now); }

  // Bytes of a flight arrived, up to `position`.
  void OnBytes(FlightId flight, ByteCount position, absl::Time now);
  // The flight is over, well or not: its claimed pieces that were not written are missing again; a race is dissolved.
  void End(FlightId flight);

  const Flight* Find(FlightId flight) const;
  const std::map<FlightId, Flight>& flights() const { return flights_; }
  int FlightsOf(SourceIndex source) const;
  int FlightsOfFile(FileId file) const;
  // Bytes of known files that nobody has asked for.
  ByteCount MissingBytes() const;
  bool HasMissing() const;

  // For tests: claims agree with flights, no piece owned twice outside a race.
  bool Consistent() const;

 private:
  static constexpr double kNever = 1e9;  // Units: seconds

  struct Entry {
    FileId id;
    PieceMap* pieces;
    GroupId group;
    bool small() const { return pieces->file_size() <= kSmallFile; }
  };

  // A source is as fast as its connections are now, whatever it was when the last of them ended.
  Offer AsSeen(Offer offer, absl::Time now) const;
  std::optional<Assignment> Fresh(const Offer& offer, absl::Time now);
  std::optional<Assignment> FreshOf(bool small, const Offer& offer, absl::Time now);
  // The files with something missing, those of the groups with the fewest flights first.
  std::vector<const Entry*> InTurn() const;
  // A file is hashed from its front: who is at the front shall not be there for more than half of the time that is left, or
  // what lies behind is hashed when all the rest is over.
  std::optional<Assignment> Unblock(const Offer& offer, absl::Time now);
  std::optional<Assignment> Steal(const Offer& offer, absl::Time now);
  // The tail of a flight, so that both end together; nothing when that gains too little.
  std::optional<Assignment> Split(Flight& victim, const Offer& offer, absl::Time now);
  std::optional<Assignment> TakeOver(const Offer& offer, absl::Time now);
  std::optional<Assignment> Duplicate(const Offer& offer, absl::Time now);

  PieceMap* PiecesOf(FileId file) const;
  Flight& Register(FileId file, const Offer& offer, PieceRange pieces, absl::Time now);
  // Whether its pace can be told: bytes have come for a while, or none came where they should have.
  bool Judged(const Flight& flight, absl::Time now) const;
  // Seconds until the flight would be through at its present pace; 0 when that cannot be told yet.
  double SecondsLeft(const Flight& flight, absl::Time now) const;
  double SecondsToFirstByte(const Flight& flight, absl::Time now) const;
  // Measured, or as offered while it cannot be told.
  double RateOf(const Flight& flight, absl::Time now) const;
  double TotalRate(absl::Time now) const;
  // Whether what takes so long would end after those others who may serve this file too could have done all that is left.
  // Asked before anything is taken, so that nobody slow stands in the way of who will be free soon.
  bool TooSlowForTheRest(FileId file, SourceIndex source, double seconds, absl::Time now) const;
  ByteCount BytesLeft(const Flight& flight) const;
  // Whether a race that the newcomer is expected to win in `seconds` keeps within the budget of wasted bytes.
  bool MayWaste(const Flight& rival, PieceIndex piece, double seconds, absl::Time now);

  const World& world_;
  std::vector<Entry> files_;
  absl::flat_hash_map<FileId, PieceMap*> pieces_of_;  // the same files
  std::map<FlightId, Flight> flights_;
  FlightId next_flight_ = 1;
  // Since there was nothing to do: bytes of all files that were missing, and what races were expected to throw away.
  ByteCount total_bytes_ = 0;
  double raced_bytes_ = 0;
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_SCHEDULER_H_
