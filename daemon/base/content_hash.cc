#include "daemon/base/content_hash.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace hfget {

ContentHash ContentHash::FromHex(absl::string_view hex) {
  const bool digits =
      std::all_of(hex.begin(), hex.end(), [](unsigned char c) { return absl::ascii_isxdigit(c); });
  if (!digits || (hex.size() != 40 && hex.size() != 64)) return {};
  return {hex.size() == 40 ? Kind::kGitSha1 : Kind::kSha256, absl::AsciiStrToLower(hex)};
}

}  // namespace hfget
