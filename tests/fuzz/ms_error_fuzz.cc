// ModelScope's errors, which come with any status. Lines: status, headers up to an empty line; then the body.
#include "daemon/hub/ms_dialect.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {

FUZZ(input) {
  Lines lines(input);
  const int status = lines.Number(0, 999);
  const hub::HeaderFields headers = TakeHeaders(lines);
  const hub::HubError error =
      hub::ClassifyMsError(status, headers, lines.Rest(), absl::FromUnixSeconds(1'700'000'000));
  HOLDS(error.message.size() <= 300 && IsOneLine(error.message));
  HOLDS(error.kind != hub::HubErrorKind::kNone || (status >= 200 && status < 400));
}

}  // namespace hfget::fuzz
