// Keys of the store. Lines: an id; then another.
#include "daemon/store/keys.h"

#include "absl/strings/match.h"
#include "daemon/store/store.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {

FUZZ(input) {
  if (const auto id = store::UnescapeKey(input)) HOLDS(store::EscapeKey(*id) == input);
  store::NumberOf(input);
  const size_t middle = input.find('\n');
  const std::string a(input.substr(0, middle)), b(middle == input.npos ? "" : input.substr(middle + 1));
  HOLDS(store::UnescapeKey(store::EscapeKey(a)) == a);
  HOLDS((store::TransferKey(a) == store::TransferKey(b)) == (a == b));
  const std::string prefix = store::ProvenancePrefix(a), key = store::ProvenanceKey(b, 1024);
  HOLDS(absl::StartsWith(key, prefix) == (a == b));
  HOLDS((key >= prefix && key < store::PrefixEnd(prefix)) == (a == b));
  HOLDS(store::NumberOf(key) == 1024);
}

}  // namespace hfget::fuzz
