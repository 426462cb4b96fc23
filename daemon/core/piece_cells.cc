#include "daemon/core/piece_cells.h"

#include <algorithm>
#include <utility>

namespace hfget::core {
namespace {

// Bytes by source. A handful of sources: looking along a row is faster than a tree.
class Tally {
 public:
  void Add(SourceIndex source, ByteCount bytes) {
    for (auto& [known, sum] : sums_) {
      if (known == source) return void(sum += bytes);
    }
    sums_.emplace_back(source, bytes);
  }
  bool empty() const { return sums_.empty(); }
  SourceIndex Leader() const {
    const auto leads = [](const auto& a, const auto& b) { return a.second != b.second ? a.second < b.second : a.first > b.first; };
    const auto leader = std::max_element(sums_.begin(), sums_.end(), leads);
    return leader == sums_.end() ? Provenance::kUnknown : leader->first;
  }

 private:
  std::vector<std::pair<SourceIndex, ByteCount>> sums_;
};

struct Sum {
  ByteCount size = 0;
  ByteCount done = 0;
  Tally brought;
  Tally coming;
};

bool IsThere(const PieceMap& pieces, PieceIndex piece) {
  const PieceMap::State state = pieces.state(piece);
  return state == PieceMap::State::kWritten || state == PieceMap::State::kDurable;
}

int Percent(const Sum& sum) {
  if (sum.done == sum.size) return 100;
  return sum.done == 0 ? 0 : std::clamp(static_cast<int>(100 * sum.done / sum.size), 1, 99);
}

PieceCell CellOf(const Sum& sum) {
  const bool in_flight = !sum.coming.empty();
  return {Percent(sum), in_flight, in_flight ? sum.coming.Leader() : sum.brought.Leader()};
}

}  // namespace

std::vector<PieceCell> PieceCells(const PieceMap& pieces, const Provenance& provenance, const std::vector<const Flight*>& flights,
                                  int most) {
  const PieceIndex count = pieces.count();
  std::vector<Sum> sums(std::min<PieceIndex>(count, most));
  // The last cell that begins at or before the piece.
  const auto sum_of = [&](PieceIndex piece) -> Sum& { return sums[((piece + 1) * static_cast<PieceIndex>(sums.size()) - 1) / count]; };
  for (PieceIndex piece = 0; piece < count; ++piece) {
    Sum& sum = sum_of(piece);
    const ByteCount bytes = pieces.BytesIn(piece);
    sum.size += bytes;
    if (!IsThere(pieces, piece)) continue;
    sum.done += bytes;
    if (provenance.at(piece).source != Provenance::kUnknown) sum.brought.Add(provenance.at(piece).source, bytes);
  }
  for (const Flight* flight : flights) {
    for (PieceIndex piece = flight->position / kPieceBytes; piece < flight->pieces.end; ++piece) {
      if (!IsThere(pieces, piece)) sum_of(piece).coming.Add(flight->source, pieces.BytesIn(piece));
    }
  }
  std::vector<PieceCell> cells;
  for (const Sum& sum : sums) cells.push_back(CellOf(sum));
  return cells;
}

}  // namespace hfget::core
