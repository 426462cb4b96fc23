// RateLimit and Retry-After: how long a hub makes us wait.
#include "daemon/hub/headers.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {

FUZZ(input) {
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  if (const auto wait = hub::ParseRetryAfter(input, now)) {
    HOLDS(*wait >= absl::ZeroDuration() && *wait <= absl::Hours(24));
  }
  if (const auto limit = hub::ParseRateLimit(input)) {
    HOLDS(!limit->bucket.empty() && limit->remaining >= 0);
    HOLDS(limit->reset >= absl::ZeroDuration() && limit->reset <= absl::Hours(24));
  }
}

}  // namespace hfget::fuzz
