// Content that is a function of its offset: any byte can be checked without a copy of the file.
#ifndef HFGET_TESTS_FAKES_PATTERN_H_
#define HFGET_TESTS_FAKES_PATTERN_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "daemon/base/types.h"

namespace hfget::testing {

// Repeats only after 16 MiB, so that a piece in another piece's place is seen.
inline char PatternByte(ByteCount offset) {
  const uint32_t mixed = (static_cast<uint32_t>(offset) & 0xffffff) * 2654435761u;
  return static_cast<char>(mixed >> 24);
}

inline std::string Pattern(ByteCount begin, ByteCount size) {
  std::string bytes(size, '\0');
  for (ByteCount i = 0; i < size; ++i) bytes[i] = PatternByte(begin + i);
  return bytes;
}

inline bool IsPattern(ByteCount begin, absl::string_view bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != PatternByte(begin + static_cast<ByteCount>(i))) return false;
  }
  return true;
}

}  // namespace hfget::testing

#endif  // HFGET_TESTS_FAKES_PATTERN_H_
