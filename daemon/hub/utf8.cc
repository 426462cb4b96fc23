#include "daemon/hub/utf8.h"

namespace hfget::hub {
namespace {

// Bytes of the sequence that `lead` begins; 0 when it begins none.
size_t SequenceLength(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;  // a continuation, or the start of an overlong form
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  return lead < 0xF5 ? 4 : 0;
}

bool IsScalar(char32_t c, size_t length) {
  if (length == 3) return c >= 0x800 && (c < 0xD800 || c > 0xDFFF);
  if (length == 4) return c >= 0x10000 && c <= 0x10FFFF;
  return true;
}

}  // namespace

bool NextCodePoint(absl::string_view text, size_t& pos, char32_t& out) {
  const unsigned char lead = text[pos];
  const size_t length = SequenceLength(lead);
  if (length == 0 || text.size() - pos < length) return false;
  char32_t c = length == 1 ? lead : lead & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    const unsigned char next = text[pos + i];
    if ((next & 0xC0) != 0x80) return false;
    c = (c << 6) | (next & 0x3F);
  }
  if (!IsScalar(c, length)) return false;
  pos += length;
  out = c;
  return true;
}

bool IsUtf8(absl::string_view text) {
  char32_t c;
  for (size_t pos = 0; pos < text.size();) {
    if (!NextCodePoint(text, pos, c)) return false;
  }
  return true;
}

}  // namespace hfget::hub
