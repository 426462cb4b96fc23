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
// Nobody is stolen from or raced who would be through in this time anyway.
constexpr double kLetItFinishSeconds = 0.3;
// A piece that takes so much longer is worth a race with a source of which nothing is known: one, until something is.
constexpr double kTryAStrangerSeconds = 2;
constexpr double kNeverSeconds = 1e9;
// By so much a slow source may be misjudged at the tail before it is left out.
constexpr double kTailSlackSeconds = 0.25;
// Races may throw away so much of all bytes, or one piece.
constexpr double kWasteShare = 0.015;

ByteCount MissingBytesOf(const PieceMap& pieces) {
  return std::min(pieces.missing() * kPieceBytes, pieces.file_size());
}

}  // namespace

void Scheduler::AddFile(FileId file, PieceMap* pieces) {
  if (files_.empty()) total_bytes_ = 0, raced_bytes_ = 0;
  files_.push_back({file, pieces});
  pieces_of_[file] = pieces;
  total_bytes_ += MissingBytesOf(*pieces);
}

void Scheduler::RemoveFile(FileId file) {
  assert(FlightsOfFile(file) == 0);
  std::erase_if(files_, [file](const Entry& e) { return e.id == file; });
  pieces_of_.erase(file);
}

PieceMap* Scheduler::PiecesOf(FileId file) const {
  const auto it = pieces_of_.find(file);
  return it == pieces_of_.end() ? nullptr : it->second;
}

std::optional<Assignment> Scheduler::Next(const Offer& offer, absl::Time now) {
  if (auto fresh = Fresh(offer, now)) return fresh;
  if (auto stolen = Steal(offer, now)) return stolen;
  return Duplicate(offer, now);
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
  for (const Entry& e : files_) {
    if (e.small() != small || e.pieces->missing() == 0) continue;
    if (!world_.MayServe(e.id, offer.source)) continue;
    if (TooSlowForTheRest(e.id, offer, now)) return std::nullopt;
    const PieceIndex most =
        RangePieces(offer.rate, TotalRate(now) + offer.rate, MissingBytes(), offer.latency);
    const PieceRange run = e.pieces->FirstMissing(most);
    Flight& flight = Register(e.id, offer, run, now);
    e.pieces->Claim(run);
    return Assignment{Assignment::Kind::kFresh, flight.id, 0};
  }
  return std::nullopt;
}

bool Scheduler::TooSlowForTheRest(FileId file, const Offer& offer, absl::Time now) const {
  if (offer.rate <= 0) return false;
  ByteCount left = MissingBytes();
  double others = 0;
  for (const auto& [id, flight] : flights_) {
    if (flight.source == offer.source || !world_.MayServe(file, flight.source)) continue;
    left += BytesLeft(flight);
    others += RateOf(flight, now);
  }
  if (others <= 0) return false;
  const double mine = absl::ToDoubleSeconds(offer.latency) + kPieceBytes / offer.rate;
  return mine > kTailSlackSeconds + static_cast<double>(left) / others;
}

std::optional<Assignment> Scheduler::Steal(const Offer& offer, absl::Time now) {
  Flight* victim = nullptr;
  double longest = kLetItFinishSeconds;
  for (auto& [id, flight] : flights_) {
    const PieceIndex current = flight.position / kPieceBytes;
    if (flight.duplicate || flight.pieces.end - current < 2) continue;
    if (offer.rate <= 0 && !Judged(flight, now)) continue;  // neither is known to be the better one
    const double seconds = SecondsLeft(flight, now);
    if (seconds > longest && world_.MayServe(flight.file, offer.source)) {
      longest = seconds;
      victim = &flight;
    }
  }
  if (victim == nullptr) return std::nullopt;
  // Split so that both end together; an unknown thief counts as the victim's equal.
  const double theirs = RateOf(*victim, now);
  const double ours = offer.rate > 0 ? offer.rate : std::max(theirs, 1.0);
  const PieceIndex current = victim->position / kPieceBytes;
  const PieceIndex whole_left = victim->pieces.end - current;
  const PieceIndex taken = std::clamp<PieceIndex>(
      static_cast<PieceIndex>(whole_left * ours / (ours + theirs) + 0.5), 1, whole_left - 1);
  const double needed = absl::ToDoubleSeconds(offer.latency) + taken * kPieceBytes / ours;
  if (needed > longest * 0.9) return std::nullopt;
  const PieceRange stolen = {victim->pieces.end - taken, victim->pieces.end};
  victim->pieces.end = stolen.begin;
  const FlightId victim_id = victim->id;
  Flight& flight = Register(victim->file, offer, stolen, now);
  return Assignment{Assignment::Kind::kSteal, flight.id, victim_id};
}

std::optional<Assignment> Scheduler::Duplicate(const Offer& offer, absl::Time now) {
  const bool unknown = offer.rate <= 0;
  if (unknown && FlightsOf(offer.source) > 0) return std::nullopt;
  Flight* rival = nullptr;
  double longest = unknown ? kTryAStrangerSeconds : kLetItFinishSeconds;
  for (auto& [id, flight] : flights_) {
    if (flight.rival != 0) continue;
    if (unknown && !Judged(flight, now)) continue;
    if (flight.pieces.end - flight.position / kPieceBytes != 1) continue;
    if (flight.source == offer.source) continue;  // the same line would only share its rate
    if (!world_.MayRace(flight.file)) continue;
    const double seconds = SecondsLeft(flight, now);
    if (seconds > longest && world_.MayServe(flight.file, offer.source)) {
      longest = seconds;
      rival = &flight;
    }
  }
  if (rival == nullptr) return std::nullopt;
  const PieceIndex piece = rival->pieces.end - 1;
  const double needed = unknown ? longest * 0.5
                                : absl::ToDoubleSeconds(offer.latency) + PiecesOf(rival->file)->BytesIn(piece) / offer.rate;
  if (needed > longest * 0.7) return std::nullopt;
  if (!MayWaste(*rival, piece, needed, now)) return std::nullopt;
  const FlightId rival_id = rival->id;
  Flight& flight = Register(rival->file, offer, {piece, piece + 1}, now);
  flight.duplicate = true;
  flight.rival = rival_id;
  rival->rival = flight.id;
  return Assignment{Assignment::Kind::kDuplicate, flight.id, rival_id};
}

bool Scheduler::MayWaste(const Flight& rival, PieceIndex piece, double seconds, absl::Time now) {
  const double received = static_cast<double>(rival.position - piece * kPieceBytes);
  const double receiving = std::max(0.0, seconds - SecondsToFirstByte(rival, now));
  const double lost = std::min<double>(kPieceBytes, received + RateOf(rival, now) * receiving);
  const double budget = std::max<double>(kPieceBytes, kWasteShare * static_cast<double>(total_bytes_));
  if (raced_bytes_ + lost > budget) return false;
  raced_bytes_ += lost;
  return true;
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
  if (rate < 1) return kNeverSeconds;
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
