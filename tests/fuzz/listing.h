// What must hold of files that a hub has listed, whatever it said.
#ifndef HFGET_TESTS_FUZZ_LISTING_H_
#define HFGET_TESTS_FUZZ_LISTING_H_

#include "daemon/hub/manifest.h"
#include "daemon/hub/path_check.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {

inline void CheckFile(const hub::ManifestFile& file) {
  HOLDS(hub::CheckPath(file.path).ok() && StaysBelow(file.path));
  HOLDS(file.size >= 0 && file.size <= ByteCount{1} << 53);
  HOLDS(file.hash.kind != ContentHash::Kind::kNone);
  HOLDS(ContentHash::FromHex(file.hash.hex) == file.hash);
  HOLDS(file.git_oid.empty() || ContentHash::FromHex(file.git_oid).kind == ContentHash::Kind::kGitSha1);
  HOLDS(file.xet_hash.empty() || ContentHash::FromHex(file.xet_hash).kind == ContentHash::Kind::kSha256);
}

}  // namespace hfget::fuzz

#endif  // HFGET_TESTS_FUZZ_LISTING_H_
