// The response headers that carry decisions, parsed. Values from a hub are hostile until parsed here.
#ifndef HFGET_DAEMON_HUB_HEADERS_H_
#define HFGET_DAEMON_HUB_HEADERS_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/base/types.h"

namespace hfget::hub {

// Names in lower case. What hub/ sees of an answer, whoever fetched it.
using HeaderFields = std::vector<std::pair<std::string, std::string>>;
// The first value of `name`, or empty.
absl::string_view FindHeader(const HeaderFields& fields, absl::string_view name);

// "bytes 0-1023/4096"; total is -1 for "*". nullopt when malformed, first > last, or last >= total. Source: RFC 9110 §14.4.
struct ContentRange {
  ByteCount first = 0;
  ByteCount last = 0;  // inclusive
  ByteCount total = -1;
};
std::optional<ContentRange> ParseContentRange(absl::string_view value);

// Content-Length; nullopt when absent, negative, signed, or not all digits.
std::optional<ByteCount> ParseContentLength(absl::string_view value);

// The target of rel="next" in a Link header; empty when there is none. Source: RFC 8288.
std::string NextLink(absl::string_view value);
// The same, over all Link headers of an answer.
std::string NextLink(const HeaderFields& fields);

// RateLimit: "resolvers";r=2999;t=240  Source: reference §3.
struct RateLimit {
  std::string bucket;
  int64_t remaining = 0;
  absl::Duration reset;  // until the window begins anew
};
std::optional<RateLimit> ParseRateLimit(absl::string_view value);

// Retry-After: seconds, or an HTTP date read against `now`. Negative and beyond one day are clamped. nullopt: malformed.
std::optional<absl::Duration> ParseRetryAfter(absl::string_view value, absl::Time now);

// Whether the body comes compressed, or in any other form than its own bytes, by Content-Encoding or Transfer-Encoding.
// We ask for identity alone, so an honest server does not.
bool IsCoded(const HeaderFields& fields);

// An ETag without W/ and quotes.
std::string BareEtag(absl::string_view value);

// When a signed link stops working: Expires= (unix), X-Amz-Date + X-Amz-Expires, "auth_key=<unix>-…" (issue time, taken to
// live 15 min), Policy's DateLessThan where Expires is missing. nullopt: the link does not say.
std::optional<absl::Time> LinkExpiry(absl::string_view url);

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_HEADERS_H_
