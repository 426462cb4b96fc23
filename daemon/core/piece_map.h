// Which pieces of one file are missing, on their way, written, checked in and durable.
#ifndef HFGET_DAEMON_CORE_PIECE_MAP_H_
#define HFGET_DAEMON_CORE_PIECE_MAP_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "daemon/base/types.h"

namespace hfget::core {

// A piece goes missing -> claimed -> writing -> written -> durable. "Written" means that it came in an answer that was
// checked, that pwrite took all of it, and that its digest is in the provenance ledger; "durable" that a sync which began
// after that has ended and was recorded. Only durable pieces are believed after a restart (libtorrent's "have" against
// "flushed"). Thread: the engine.
class PieceMap {
 public:
  enum class State : uint8_t { kMissing, kClaimed, kWriting, kWritten, kDurable };

  explicit PieceMap(ByteCount file_size);

  ByteCount file_size() const { return file_size_; }
  PieceIndex count() const { return static_cast<PieceIndex>(states_.size()); }
  State state(PieceIndex piece) const { return states_[piece]; }
  ByteCount BytesIn(PieceIndex piece) const { return BytesOf({piece, piece + 1}, file_size_).size(); }

  PieceIndex missing() const { return missing_; }
  ByteCount written_bytes() const { return written_bytes_; }  // written or durable
  bool all_written() const { return landed_ == count(); }
  // Pieces that are written and not yet durable.
  bool has_undurable() const { return undurable_ > 0; }

  // The first run of missing pieces at or after `from`, cut to `max_pieces`. Empty when there is none.
  PieceRange FirstMissing(PieceIndex max_pieces, PieceIndex from = 0) const;

  // REQUIRES: all of `pieces` missing.
  void Claim(PieceRange pieces);
  // Claimed pieces become missing again; others stay as they are.
  void Release(PieceRange pieces);
  // REQUIRES: claimed, or missing (a duplicate that outlived its rival's release).
  void BeginWrite(PieceIndex piece);
  void WriteFailed(PieceIndex piece);
  void Written(PieceIndex piece);
  // Blame: written or durable becomes missing.
  void Forget(PieceIndex piece);

  // The pieces that are written now and will be durable by a sync that begins now: ask only when it does.
  std::vector<PieceIndex> Undurable();
  // A sync that covered the piece has ended. A piece that was written anew since then stays undurable.
  void Durable(PieceIndex piece);
  // Likewise all written pieces before `end`, whenever they were asked for: the sync began after they had been written. Those that
  // were not durable before.
  std::vector<PieceIndex> DurableBefore(PieceIndex end);

  // Piece 0 is the lowest bit of byte 0. Only durable pieces.
  std::string DurableBitmap() const;
  // Marks as durable what `bitmap` claims; bits beyond the end and a bitmap of another length are ignored.
  void LoadDurable(absl::string_view bitmap);
  // The same claims as runs of pieces.
  static std::vector<PieceRange> DurableRuns(absl::string_view bitmap, ByteCount file_size);

  // Counts again from the states; for tests and debug assertions.
  bool Consistent() const;

 private:
  void Set(PieceIndex piece, State to);

  const ByteCount file_size_;
  std::vector<State> states_;
  std::vector<bool> covered_;  // written before the last sync began
  PieceIndex missing_ = 0;
  PieceIndex landed_ = 0;      // written or durable
  PieceIndex undurable_ = 0;   // written, not durable
  ByteCount written_bytes_ = 0;
  mutable PieceIndex first_missing_hint_ = 0;  // nothing before it is missing
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_PIECE_MAP_H_
