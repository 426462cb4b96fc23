// Content-Range and Content-Length.
#include <limits>

#include "absl/strings/str_cat.h"
#include "daemon/hub/headers.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {

FUZZ(input) {
  if (const auto length = hub::ParseContentLength(input)) HOLDS(*length >= 0);
  const auto range = hub::ParseContentRange(input);
  if (!range) return;
  HOLDS(range->first >= 0 && range->first <= range->last);
  HOLDS(range->last < std::numeric_limits<int64_t>::max());
  HOLDS(range->total == -1 || range->last < range->total);
  const std::string total = range->total < 0 ? "*" : absl::StrCat(range->total);
  const auto again =
      hub::ParseContentRange(absl::StrCat("bytes ", range->first, "-", range->last, "/", total));
  HOLDS(again && again->first == range->first && again->last == range->last && again->total == range->total);
}

}  // namespace hfget::fuzz
