// What is taken from others. Rules, in their order:
// - Unblock: while there is fresh work, the tail of the range at a file's front, when that range will take more than half of the
//   time that is left (1 to 10 s): the whole-file hash cannot pass it.
// - Steal: nothing fresh is left: the tail of the range that would end last, split by the two rates so that both halves end
//   together, at whole pieces. Not from who is through in 0.3 s, nor by who would end later than 0.9 of what it takes now.
// - Take over: of a range that is down to its last piece, the rest of that piece from where it stands, by who needs at most 0.7 of
//   the time (0.4: of the same source, which shares its line); the victim ends, and no byte comes twice.
// - Duplicate: the last piece of who is silent or cannot be relieved, once more from another source; the first whole copy counts. Races
//   may throw away 1.5 % of all bytes, or one piece.
// Nobody takes what he would bring after all others could have done all that is left.
// Source: aria2's split of segments, libtorrent's endgame, libzypp's competition (reference/codebases.md §3, mirrors.md §5); what may be
// thrown away: design.md "Racing".
#include <algorithm>

#include "daemon/core/scheduler.h"

namespace hfget::core {
namespace {

// Nobody is stolen from or raced who would be through in this time anyway.
constexpr double kLetItFinishSeconds = 0.3;
// Nobody is hurried at the front of a file who is through in this time; and however long the whole may still take, what waits
// for the hash shall not leave the page cache.
constexpr double kFrontLeastSeconds = 1;
constexpr double kFrontMostSeconds = 10;
// A piece that takes so much longer is worth a race with a source of which nothing is known: one, until something is.
constexpr double kTryAStrangerSeconds = 2;
// Who has brought nothing for so long may be broken, which its stall time-out finds out.
constexpr absl::Duration kSilence = absl::Seconds(1);
// A last piece is taken over by who needs so little of the time that is left; of the same source's, which mostly shares the
// line with it, by who needs still less.
constexpr double kTakeFromOthers = 0.7;
constexpr double kTakeFromOwn = 0.4;
// Races may throw away so much of all bytes, or one piece.
constexpr double kWasteShare = 0.015;

}  // namespace

std::optional<Assignment> Scheduler::Unblock(const Offer& offer, absl::Time now) {
  if (offer.rate <= 0 || !HasMissing()) return std::nullopt;  // with nothing fresh left, who is slowest goes first
  ByteCount left = MissingBytes();
  std::map<FileId, Flight*> front;
  for (auto& [id, flight] : flights_) {
    left += BytesLeft(flight);
    if (flight.duplicate) continue;
    Flight*& first = front[flight.file];
    if (first == nullptr || flight.pieces.begin < first->pieces.begin) first = &flight;
  }
  const double time_left = static_cast<double>(left) / std::max(TotalRate(now), 1.0);
  const double patience = std::clamp(time_left / 2, kFrontLeastSeconds, kFrontMostSeconds);
  for (const auto& [file, flight] : front) {
    const PieceMap* pieces = PiecesOf(file);
    if (pieces == nullptr) continue;
    if (pieces->missing() > 0 && pieces->FirstMissing(1).begin < flight->pieces.begin) continue;
    if (flight->pieces.end - flight->position / kPieceBytes < 2 || !Judged(*flight, now)) continue;
    if (SecondsLeft(*flight, now) <= patience || !world_.MayServe(file, offer.source)) continue;
    if (auto split = Split(*flight, offer, now)) return split;
  }
  return std::nullopt;
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
  return victim == nullptr ? std::nullopt : Split(*victim, offer, now);
}

std::optional<Assignment> Scheduler::Split(Flight& victim, const Offer& offer, absl::Time now) {
  // An unknown thief counts as the victim's equal.
  const double theirs = RateOf(victim, now);
  const double ours = offer.rate > 0 ? offer.rate : std::max(theirs, 1.0);
  const PieceIndex current = victim.position / kPieceBytes;
  const PieceIndex whole_left = victim.pieces.end - current;
  const PieceIndex taken = std::clamp<PieceIndex>(
      static_cast<PieceIndex>(whole_left * ours / (ours + theirs) + 0.5), 1, whole_left - 1);
  const double needed = absl::ToDoubleSeconds(offer.latency) + taken * kPieceBytes / ours;
  if (needed > SecondsLeft(victim, now) * 0.9 || TooSlowForTheRest(victim.file, offer.source, needed, now)) return std::nullopt;
  const PieceRange stolen = {victim.pieces.end - taken, victim.pieces.end};
  victim.pieces.end = stolen.begin;
  const FlightId victim_id = victim.id;
  Flight& flight = Register(victim.file, offer, stolen, now);
  return Assignment{Assignment::Kind::kSteal, flight.id, victim_id};
}

std::optional<Assignment> Scheduler::TakeOver(const Offer& offer, absl::Time now) {
  if (offer.rate <= 0) return std::nullopt;
  Flight* victim = nullptr;
  double longest = kLetItFinishSeconds;
  for (auto& [id, flight] : flights_) {
    // One that is silent may be about to go on, and ends by its stall time-out.
    if (flight.rival != 0 || now - flight.last_byte > kSilence || !Judged(flight, now)) continue;
    if (flight.pieces.end - flight.position / kPieceBytes != 1) continue;
    const double seconds = SecondsLeft(flight, now);
    if (seconds <= longest) continue;
    if (!world_.MayServe(flight.file, offer.source) || !world_.MayRace(flight.file)) continue;
    longest = seconds;
    victim = &flight;
  }
  if (victim == nullptr) return std::nullopt;
  const double needed = absl::ToDoubleSeconds(offer.latency) + static_cast<double>(BytesLeft(*victim)) / offer.rate;
  const double share = victim->source == offer.source ? kTakeFromOwn : kTakeFromOthers;
  if (needed > longest * share || TooSlowForTheRest(victim->file, offer.source, needed, now)) return std::nullopt;
  const PieceIndex piece = victim->pieces.end - 1;
  const FlightId victim_id = victim->id;
  const ByteCount position = victim->position;
  victim->pieces.end = std::max(victim->pieces.begin, piece);
  Flight& flight = Register(victim->file, offer, {piece, piece + 1}, now);
  flight.position = position;
  return Assignment{Assignment::Kind::kTakeOver, flight.id, victim_id};
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
  if (needed > longest * 0.7 || TooSlowForTheRest(rival->file, offer.source, needed, now)) return std::nullopt;
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

}  // namespace hfget::core
