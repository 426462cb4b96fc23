// What an error answer means, and the sentence for people. Lines: status, headers up to an empty line; then the body.
#include "daemon/hub/hub_error.h"

#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {

FUZZ(input) {
  Lines lines(input);
  const int status = lines.Number(0, 999);
  const hub::HeaderFields headers = TakeHeaders(lines);
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  hub::AskedFor asked;
  asked.repo.name = "org/name";
  asked.source = "mirror";
  asked.endpoint = "https://hub.example";
  for (const bool is_repo_url : {false, true}) {
    const hub::HubError error = hub::ClassifyError(status, headers, lines.Rest(), is_repo_url, now);
    HOLDS(error.message.size() <= 300 && IsOneLine(error.message));
    HOLDS(error.request_id.size() <= 100 && IsOneLine(error.request_id));
    HOLDS((error.kind == hub::HubErrorKind::kNone) == (status >= 200 && status < 400));
    if (error.retry_after) {
      HOLDS(*error.retry_after >= absl::ZeroDuration() && *error.retry_after <= absl::Hours(24) + absl::Seconds(1));
    }
    asked.token_sent = is_repo_url;
    HOLDS(IsOneLine(hub::Explain(error, asked)));
  }
  HOLDS(IsOneLine(hub::HubWarning(headers)));
}

}  // namespace hfget::fuzz
