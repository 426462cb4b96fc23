#include "daemon/core/piece_map.h"

#include <algorithm>
#include <cassert>

namespace hfget::core {
namespace {

bool Landed(PieceMap::State s) { return s >= PieceMap::State::kWritten; }

}  // namespace

PieceMap::PieceMap(ByteCount file_size)
    : file_size_(file_size),
      states_(PieceCount(file_size), State::kMissing),
      covered_(states_.size()),
      missing_(count()) {}

PieceRange PieceMap::FirstMissing(PieceIndex max_pieces, PieceIndex from) const {
  if (missing_ == 0) return {};
  PieceIndex begin = std::max(from, first_missing_hint_);
  while (begin < count() && states_[begin] != State::kMissing) ++begin;
  if (from <= first_missing_hint_) first_missing_hint_ = begin;
  PieceIndex end = begin;
  while (end < count() && end - begin < max_pieces && states_[end] == State::kMissing) ++end;
  return {begin, end};
}

void PieceMap::Set(PieceIndex piece, State to) {
  State& state = states_[piece];
  const State from = state;
  if (from == to) return;
  missing_ += (to == State::kMissing) - (from == State::kMissing);
  landed_ += Landed(to) - Landed(from);
  undurable_ += (to == State::kWritten) - (from == State::kWritten);
  written_bytes_ += (Landed(to) - Landed(from)) * BytesIn(piece);
  state = to;
  covered_[piece] = false;
  if (to == State::kMissing) first_missing_hint_ = std::min(first_missing_hint_, piece);
}

void PieceMap::Claim(PieceRange pieces) {
  for (PieceIndex p = pieces.begin; p < pieces.end; ++p) {
    assert(states_[p] == State::kMissing);
    Set(p, State::kClaimed);
  }
}

void PieceMap::Release(PieceRange pieces) {
  for (PieceIndex p = pieces.begin; p < pieces.end; ++p) {
    if (states_[p] == State::kClaimed) Set(p, State::kMissing);
  }
}

void PieceMap::BeginWrite(PieceIndex piece) {
  assert(states_[piece] == State::kClaimed || states_[piece] == State::kMissing);
  Set(piece, State::kWriting);
}

void PieceMap::WriteFailed(PieceIndex piece) {
  if (states_[piece] == State::kWriting) Set(piece, State::kMissing);
}

void PieceMap::Written(PieceIndex piece) {
  assert(states_[piece] == State::kWriting);
  Set(piece, State::kWritten);
}

void PieceMap::Forget(PieceIndex piece) {
  if (Landed(states_[piece])) Set(piece, State::kMissing);
}

std::vector<PieceIndex> PieceMap::Undurable() {
  std::vector<PieceIndex> out;
  if (undurable_ == 0) return out;
  out.reserve(undurable_);
  for (PieceIndex p = 0; p < count(); ++p) {
    if (states_[p] != State::kWritten) continue;
    covered_[p] = true;
    out.push_back(p);
  }
  return out;
}

void PieceMap::Durable(PieceIndex piece) {
  if (states_[piece] == State::kWritten && covered_[piece]) Set(piece, State::kDurable);
}

std::vector<PieceIndex> PieceMap::DurableBefore(PieceIndex end) {
  std::vector<PieceIndex> out;
  for (PieceIndex p = 0; p < std::min(end, count()) && undurable_ > 0; ++p) {
    if (states_[p] != State::kWritten) continue;
    Set(p, State::kDurable);
    out.push_back(p);
  }
  return out;
}

std::string PieceMap::DurableBitmap() const {
  std::string bitmap((count() + 7) / 8, '\0');
  for (PieceIndex p = 0; p < count(); ++p) {
    if (states_[p] == State::kDurable) bitmap[p / 8] |= static_cast<char>(1 << (p % 8));
  }
  return bitmap;
}

void PieceMap::LoadDurable(absl::string_view bitmap) {
  if (bitmap.size() != static_cast<size_t>((count() + 7) / 8)) return;
  for (PieceIndex p = 0; p < count(); ++p) {
    if (bitmap[p / 8] & (1 << (p % 8))) Set(p, State::kDurable);
  }
}

std::vector<PieceRange> PieceMap::DurableRuns(absl::string_view bitmap, ByteCount file_size) {
  PieceMap map(file_size);
  map.LoadDurable(bitmap);
  std::vector<PieceRange> runs;
  for (PieceIndex p = 0; p < map.count(); ++p) {
    if (map.state(p) != State::kDurable) continue;
    if (runs.empty() || runs.back().end != p) runs.push_back({p, p});
    runs.back().end = p + 1;
  }
  return runs;
}

bool PieceMap::Consistent() const {
  PieceIndex missing = 0, landed = 0, undurable = 0;
  ByteCount bytes = 0;
  for (PieceIndex p = 0; p < count(); ++p) {
    missing += states_[p] == State::kMissing;
    landed += Landed(states_[p]);
    undurable += states_[p] == State::kWritten;
    if (Landed(states_[p])) bytes += BytesIn(p);
    if (p < first_missing_hint_ && states_[p] == State::kMissing) return false;
  }
  return missing == missing_ && landed == landed_ && undurable == undurable_ &&
         bytes == written_bytes_;
}

}  // namespace hfget::core
