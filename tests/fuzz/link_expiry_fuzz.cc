// When a signed link stops working.
#include "daemon/hub/headers.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {

FUZZ(input) {
  const auto expiry = hub::LinkExpiry(input);
  if (!expiry) return;
  HOLDS(*expiry != absl::InfiniteFuture() && *expiry != absl::InfinitePast());
  // It is compared with the time now, and goes into records as milliseconds.
  HOLDS(absl::FromUnixMillis(absl::ToUnixMillis(*expiry)) <= *expiry);
  HOLDS(*expiry - absl::UnixEpoch() < absl::Hours(24) * 366 * 20'000);
}

}  // namespace hfget::fuzz
