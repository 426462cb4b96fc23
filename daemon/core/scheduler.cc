#include "daemon/core/scheduler.h"

#include <algorithm>
#include <cassert>
#include <set>

#include "daemon/core/range_size.h"

namespace hfget::core {
namespace {

// Bytes that came for less than this, and one latency (the first round trips of TCP), say nothing about a flight's pace.
constexpr double kMeaningfulSeconds = 0.25;
constexpr double kAlwaysMeaningfulSeconds = 1;
// A flight is not slow because its first byte has not come within so many of its source's latencies.
constexpr double kPatientLatencies = 3;
// By so much a slow source may be misjudged at the tail before it is left out.
constexpr double kTailSlackSeconds = 0.25;

ByteCount MissingBytesOf(const PieceMap& pieces) {
  return std::min(pieces.missing() * kPieceBytes, pieces.file_size());
}

}  // namespace

void Scheduler::AddFile(FileId file, PieceMap* pieces, GroupId group) {
  if (files_.empty()) total_bytes_ = 0, raced_bytes_ = 0;
  files_.push_back({file, pieces, group});
  pieces_of_[file] = pieces;
  total_bytes_ += MissingBytesOf(*pieces);
}

void Scheduler::RemoveFile(FileId file) {
  assert(FlightsOfFile(file) == 0);
  std::erase_if(files_, [file](const Entry& e) { return e.id == file; });
  pieces_of_.erase(file);
}

void Scheduler::SetGroup(FileId file, GroupId group) {
  for (Entry& e : files_) {
    if (e.id == file) e.group = group;
  }
}

void Scheduler::MoveFile(FileId file, Scheduler& to) {
  const auto entry = std::find_if(files_.begin(), files_.end(), [file](const Entry& e) { return e.id == file; });
  if (entry == files_.end()) return;
  to.AddFile(file, entry->pieces, entry->group);
  for (auto it = flights_.begin(); it != flights_.end();) {
    const auto next = std::next(it);
    if (it->second.file == file) to.flights_.insert(flights_.extract(it));
    it = next;
  }
  RemoveFile(file);
}

PieceMap* Scheduler::PiecesOf(FileId file) const {
  const auto it = pieces_of_.find(file);
  return it == pieces_of_.end() ? nullptr : it->second;
}

std::optional<Assignment> Scheduler::Next(const Offer& asked, absl::Time now) {
  const Offer offer = AsSeen(asked, now);
  if (auto front = Unblock(offer, now)) return front;
  if (auto fresh = Fresh(offer, now)) return fresh;
  if (auto stolen = Steal(offer, now)) return stolen;
  if (auto taken = TakeOver(offer, now)) return taken;
  return Duplicate(offer, now);
}

Offer Scheduler::AsSeen(Offer offer, absl::Time now) const {
  double sum = 0;
  int judged = 0;
  for (const auto& [id, flight] : flights_) {
    if (flight.source != offer.source || !Judged(flight, now)) continue;
    sum += flight.rate.PerSecond(now);
    ++judged;
  }
  if (judged > 0) offer.rate = std::max(1.0, sum / judged);
  return offer;
}

std::optional<Assignment> Scheduler::Fresh(const Offer& offer, absl::Time now) {
  int small = 0, large = 0;
  for (const auto& [id, flight] : flights_) {
    if (flight.source != offer.source) continue;
    const PieceMap* pieces = PiecesOf(flight.file);
    ++(pieces != nullptr && pieces->file_size() <= kSmallFile ? small : large);
  }
  const bool small_first = small * 3 <= large;
  if (auto found = FreshOf(small_first, offer, now)) return found;
  return FreshOf(!small_first, offer, now);
}

std::optional<Assignment> Scheduler::FreshOf(bool small, const Offer& offer, absl::Time now) {
  for (const Entry* e : InTurn()) {
    if (e->small() != small || !world_.MayServe(e->id, offer.source)) continue;
    const double piece = offer.rate > 0 ? absl::ToDoubleSeconds(offer.latency) + kPieceBytes / offer.rate : 0;
    if (TooSlowForTheRest(e->id, offer.source, piece, now)) return std::nullopt;
    const PieceIndex most =
        RangePieces(offer.rate, TotalRate(now) + offer.rate, MissingBytes(), offer.latency);
    const PieceRange run = e->pieces->FirstMissing(most);
    Flight& flight = Register(e->id, offer, run, now);
    e->pieces->Claim(run);
    return Assignment{Assignment::Kind::kFresh, flight.id, 0};
  }
  return std::nullopt;
}

std::vector<const Scheduler::Entry*> Scheduler::InTurn() const {
  std::vector<const Entry*> turn;
  bool alone = true;
  for (const Entry& e : files_) {
    if (e.pieces->missing() == 0) continue;
    alone = alone && (turn.empty() || turn.front()->group == e.group);
    turn.push_back(&e);
  }
  if (alone) return turn;
  absl::flat_hash_map<FileId, GroupId> group_of;
  for (const Entry& e : files_) group_of[e.id] = e.group;
  absl::flat_hash_map<GroupId, int> flights;
  for (const auto& [id, flight] : flights_) {
    if (const auto of = group_of.find(flight.file); of != group_of.end()) ++flights[of->second];
  }
  std::stable_sort(turn.begin(), turn.end(),
                   [&flights](const Entry* a, const Entry* b) { return flights[a->group] < flights[b->group]; });
  return turn;
}

bool Scheduler::TooSlowForTheRest(FileId file, SourceIndex source, double seconds, absl::Time now) const {
  ByteCount left = MissingBytes();
  double others = 0, wait = kNever;  // nobody begins before a first byte has come
  for (const auto& [id, flight] : flights_) {
    if (flight.source == source || !world_.MayServe(file, flight.source)) continue;
    left += BytesLeft(flight);
    others += RateOf(flight, now);
    wait = std::min(wait, SecondsToFirstByte(flight, now));
  }
  return others > 0 && seconds > kTailSlackSeconds + wait + static_cast<double>(left) / others;
}

Flight& Scheduler::Register(FileId file, const Offer& offer, PieceRange pieces, absl::Time now) {
  const FlightId id = next_flight_++;
  Flight& flight = flights_[id];
  flight.id = id;
  flight.file = file;
  flight.source = offer.source;
  flight.pieces = pieces;
  flight.position = pieces.begin * kPieceBytes;
  flight.offered_rate = offer.rate;
  flight.latency = offer.latency;
  flight.started = now;
  return flight;
}

void Scheduler::OnBytes(FlightId id, ByteCount position, absl::Time now) {
  const auto it = flights_.find(id);
  if (it == flights_.end()) return;
  Flight& flight = it->second;
  // What is there when the clock starts took no time that we know of; part of it may be from an earlier flight.
  if (flight.rate.started()) {
    flight.rate.Add(position - flight.position, now);
  } else {
    flight.rate.Start(now);
  }
  flight.position = position;
  flight.last_byte = now;
}

void Scheduler::End(FlightId id) {
  const auto it = flights_.find(id);
  if (it == flights_.end()) return;
  const Flight flight = it->second;
  flights_.erase(it);
  PieceRange owned = flight.duplicate ? PieceRange{} : flight.pieces;
  if (const auto rival = flights_.find(flight.rival); rival != flights_.end()) {
    // The survivor of a race owns the piece from now on.
    rival->second.rival = 0;
    if (rival->second.duplicate) owned.end = rival->second.pieces.begin;
    rival->second.duplicate = false;
  }
  if (PieceMap* pieces = PiecesOf(flight.file)) pieces->Release(owned);
}

const Flight* Scheduler::Find(FlightId id) const {
  const auto it = flights_.find(id);
  return it == flights_.end() ? nullptr : &it->second;
}

int Scheduler::FlightsOf(SourceIndex source) const {
  return std::count_if(flights_.begin(), flights_.end(),
                       [source](const auto& f) { return f.second.source == source; });
}

int Scheduler::FlightsOfFile(FileId file) const {
  return std::count_if(flights_.begin(), flights_.end(),
                       [file](const auto& f) { return f.second.file == file; });
}

ByteCount Scheduler::MissingBytes() const {
  ByteCount bytes = 0;
  for (const Entry& e : files_) bytes += MissingBytesOf(*e.pieces);
  return bytes;
}

bool Scheduler::HasMissing() const {
  return std::any_of(files_.begin(), files_.end(),
                     [](const Entry& e) { return e.pieces->missing() > 0; });
}

ByteCount Scheduler::BytesLeft(const Flight& flight) const {
  const PieceMap* pieces = PiecesOf(flight.file);
  if (pieces == nullptr) return 0;
  return std::max<ByteCount>(0, BytesOf(flight.pieces, pieces->file_size()).end - flight.position);
}

bool Scheduler::Judged(const Flight& flight, absl::Time now) const {
  // Only a source that is known is given credit for its latency.
  const double latency = flight.offered_rate > 0 ? absl::ToDoubleSeconds(flight.latency) : 0;
  if (flight.rate.started()) {
    return flight.rate.Weight(now) >= std::min(kMeaningfulSeconds + latency, kAlwaysMeaningfulSeconds);
  }
  return absl::ToDoubleSeconds(now - flight.started) > kMeaningfulSeconds + kPatientLatencies * latency;
}

double Scheduler::RateOf(const Flight& flight, absl::Time now) const {
  if (flight.offered_rate > 0 && !Judged(flight, now)) return flight.offered_rate;
  return flight.rate.PerSecond(now);
}

double Scheduler::SecondsLeft(const Flight& flight, absl::Time now) const {
  const ByteCount bytes = BytesLeft(flight);
  const double rate = RateOf(flight, now);
  const bool judged = Judged(flight, now);
  if (bytes == 0 || (!judged && flight.offered_rate <= 0)) return 0;
  if (rate < 1) return kNever;
  return SecondsToFirstByte(flight, now) + static_cast<double>(bytes) / rate;
}

double Scheduler::SecondsToFirstByte(const Flight& flight, absl::Time now) const {
  if (flight.rate.started()) return 0;
  return std::max(0.0, absl::ToDoubleSeconds(flight.started + flight.latency - now));
}

double Scheduler::TotalRate(absl::Time now) const {
  double total = 0;
  for (const auto& [id, flight] : flights_) total += RateOf(flight, now);
  return total;
}

bool Scheduler::Consistent() const {
  std::map<FileId, std::set<PieceIndex>> owned;
  for (const auto& [id, flight] : flights_) {
    const PieceMap* pieces = PiecesOf(flight.file);
    if (pieces == nullptr) return false;
    if (flight.rival != 0) {
      const auto rival = flights_.find(flight.rival);
      if (rival == flights_.end() || rival->second.rival != id) return false;
      if (rival->second.duplicate == flight.duplicate) return false;
    }
    if (flight.duplicate) {
      if (flight.rival == 0) return false;
      continue;
    }
    for (PieceIndex p = flight.pieces.begin; p < flight.pieces.end; ++p) {
      if (!owned[flight.file].insert(p).second) return false;
    }
  }
  for (const Entry& e : files_) {
    for (PieceIndex p = 0; p < e.pieces->count(); ++p) {
      const bool claimed = e.pieces->state(p) == PieceMap::State::kClaimed;
      if (claimed && owned[e.id].count(p) == 0) return false;
    }
  }
  return true;
}

}  // namespace hfget::core
