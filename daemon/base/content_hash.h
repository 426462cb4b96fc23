// What a hub promises about a file's bytes: the git blob SHA-1 of a regular file, or the SHA-256 of an LFS/Xet file.
#ifndef HFGET_DAEMON_BASE_CONTENT_HASH_H_
#define HFGET_DAEMON_BASE_CONTENT_HASH_H_

#include <string>

#include "absl/strings/string_view.h"

namespace hfget {

struct ContentHash {
  enum class Kind { kNone, kGitSha1, kSha256 };

  Kind kind = Kind::kNone;
  std::string hex;  // lower case; 40 or 64 digits; empty for kNone

  // kNone unless `hex` is 40 or 64 hex digits; upper case is folded.
  static ContentHash FromHex(absl::string_view hex);

  friend bool operator==(const ContentHash&, const ContentHash&) = default;
};

}  // namespace hfget

#endif  // HFGET_DAEMON_BASE_CONTENT_HASH_H_
