// Vocabulary of sizes and names that every layer shares.
#ifndef HFGET_DAEMON_BASE_TYPES_H_
#define HFGET_DAEMON_BASE_TYPES_H_

#include <algorithm>
#include <cstdint>
#include <string>

namespace hfget {

using ByteCount = int64_t;   // Units: bytes
using PieceIndex = int64_t;  // index of a 1 MiB piece within one file

constexpr ByteCount kKiB = 1024;
constexpr ByteCount kMiB = 1024 * kKiB;
constexpr ByteCount kGiB = 1024 * kMiB;

// The unit of the piece map and of provenance.
constexpr ByteCount kPieceBytes = kMiB;

// Pieces of a file of `size` bytes. A zero-byte file has none.
constexpr PieceIndex PieceCount(ByteCount size) { return (size + kPieceBytes - 1) / kPieceBytes; }

// A half-open byte range [begin, end) of one file.
struct ByteRange {
  ByteCount begin = 0;
  ByteCount end = 0;

  ByteCount size() const { return end - begin; }
  bool empty() const { return end <= begin; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

// A half-open run of pieces [begin, end) of one file.
struct PieceRange {
  PieceIndex begin = 0;
  PieceIndex end = 0;

  PieceIndex size() const { return end - begin; }
  bool empty() const { return end <= begin; }
  friend bool operator==(const PieceRange&, const PieceRange&) = default;
};

// The bytes that `pieces` cover in a file of `file_size` bytes (the last piece may be short).
constexpr ByteRange BytesOf(PieceRange pieces, ByteCount file_size) {
  return {pieces.begin * kPieceBytes, std::min(pieces.end * kPieceBytes, file_size)};
}

}  // namespace hfget

#endif  // HFGET_DAEMON_BASE_TYPES_H_
