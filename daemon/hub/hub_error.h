// What a hub means by an error answer, and the sentence that tells a person what to do.
// Source: reference/hf-hub-protocol.md §2.3 (order matters), §2.4.
#ifndef HFGET_DAEMON_HUB_HUB_ERROR_H_
#define HFGET_DAEMON_HUB_HUB_ERROR_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/hub/headers.h"
#include "daemon/hub/repo_id.h"

namespace hfget::hub {

enum class HubErrorKind {
  kNone,              // not an error (2xx, 3xx)
  kRevisionNotFound,
  kEntryNotFound,
  kGated,             // 401 or 403 GatedRepo
  kDisabled,          // "Access to this resource is disabled."
  kRepoNotFound,      // also: private, without (the right) token
  kInvalidToken,      // 401 "Invalid credentials in Authorization header"
  kUnauthorized,      // any other 401
  kForbidden,         // 403: token permissions, or a mirror's filter on this file
  kBadRequest,        // 400
  kRateLimited,       // 429
  kRangeNotSatisfiable,  // 416
  kUnavailable,       // 408, 5xx
  kUnexpected,        // anything else, e.g. HTML where JSON should be
};

struct HubError {
  HubErrorKind kind = HubErrorKind::kNone;
  int status = 0;
  std::string message;     // the hub's own words, one line, at most 300 bytes, no control characters; may be empty
  std::string request_id;  // x-request-id > x-amzn-trace-id > x-amz-cf-id
  std::optional<absl::Duration> retry_after;  // 429/503: from RateLimit (r=0: t + 1 s) or Retry-After
};

// What was asked for, as far as the mapping needs it.
struct AskedFor {
  RepoId repo;
  std::string revision;
  std::string path;         // empty for a listing
  std::string source;       // name, for messages
  bool token_sent = false;
  bool token_refused = false;  // none was sent, because the hub refuses the one that was found
  std::string account;      // whose token it is, when that is known
  std::string endpoint;     // base URL of the hub that a person can open and log in at
};

// `body` is the beginning of the body (at most 64 KiB); JSON error / errors[] / error_description is read from it.
HubError ClassifyError(int status, const HeaderFields& headers, absl::string_view body, bool is_repo_url, absl::Time now);

// One line for people: what was asked, what came back, what to do next (the page to accept terms on, the token to pass, …).
std::string Explain(const HubError& error, const AskedFor& asked);

// "topic; text" of X-HF-Warning, as one printable line; empty when absent.
std::string HubWarning(const HeaderFields& headers);

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_HUB_ERROR_H_
