// How keys are spelled: "<kind>/<escaped id>[/<number, 8 digits>]".
#ifndef HFGET_DAEMON_STORE_KEYS_H_
#define HFGET_DAEMON_STORE_KEYS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace hfget::store {

constexpr absl::string_view kSchemaKey = "m/schema";
constexpr absl::string_view kDigestKeyKey = "m/digest_key";
constexpr absl::string_view kPullPrefix = "p/";
constexpr absl::string_view kTransferPrefix = "t/";
constexpr absl::string_view kSourcePrefix = "s/";
constexpr absl::string_view kBenchPrefix = "b/";
constexpr absl::string_view kProvenancePrefix = "l/";

// '%', '/' and control characters as "%XX", so that an id is one part of a key whatever is in it.
std::string EscapeKey(absl::string_view id);
// The id of an escaped part; nullopt when EscapeKey could not have made it.
std::optional<std::string> UnescapeKey(absl::string_view part);

// The first key that no key beginning with `prefix` reaches. REQUIRES: `prefix` ends with "/".
std::string PrefixEnd(absl::string_view prefix);

// The number that ends a ProvenanceKey; nullopt when there is none.
std::optional<int64_t> NumberOf(absl::string_view key);

}  // namespace hfget::store

#endif  // HFGET_DAEMON_STORE_KEYS_H_
