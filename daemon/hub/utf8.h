// Code points out of UTF-8 that nobody has checked yet. Private to hub/.
#ifndef HFGET_DAEMON_HUB_UTF8_H_
#define HFGET_DAEMON_HUB_UTF8_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace hfget::hub {

// Reads the code point that begins at `pos` and moves `pos` behind it. False, with `pos` untouched, for what is not UTF-8:
// stray and missing continuation bytes, overlong forms, surrogates, beyond U+10FFFF. REQUIRES: pos < text.size().
bool NextCodePoint(absl::string_view text, size_t& pos, char32_t& out);

bool IsUtf8(absl::string_view text);

// C0, DEL and C1: what a terminal may obey instead of showing.
inline bool IsControl(char32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0); }

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_UTF8_H_
