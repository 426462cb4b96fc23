// Verdicts on the answer to a ranged request for a file: whose bytes may be written, and where to go next.
// Source: design.md "The byte path" and "Manifest"; reference §2.2, §7; mirrors.md §1.5, §8.3; RFC 9110 §14, §15.4.
#ifndef HFGET_DAEMON_HUB_ANSWER_H_
#define HFGET_DAEMON_HUB_ANSWER_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/base/types.h"
#include "daemon/hub/address.h"
#include "daemon/hub/dialect.h"
#include "daemon/hub/headers.h"
#include "daemon/hub/hub_error.h"
#include "daemon/hub/manifest.h"
#include "daemon/hub/url.h"

namespace hfget::hub {

// What was asked for, and of whom.
struct Ask {
  Url url;
  ByteRange range;              // as sent in Range; the whole file for [0, size)
  bool at_data_host = false;    // after a redirect away from the hub's origin
  std::string commit;
  const ManifestFile* file = nullptr;
  int hops = 0;                 // redirects followed so far
  Zone answerer = Zone::kPublic;  // where the one is who answers
  Dialect dialect = Dialect::kHuggingFace;  // of the source
};

enum class AnswerKind {
  kBytes,       // take the body: bytes [skip…) of it are the range
  kRedirect,    // go to `next`
  kHubError,    // see `error` (a hub's answer)
  kLinkExpired, // 401, 403 (or 410) of a data host: resolve again
  kNotHere,     // 404, another commit, another size or hash in the headers: this source has not this file (yet)
  kWrong,       // an answer that may not be believed: 200 instead of 206, wrong Content-Range, HTML, …
  kWrongRegion, // 308 of resolve to another hub: this mirror serves only its own region
};

struct Answer {
  AnswerKind kind = AnswerKind::kWrong;
  ByteCount length = 0;        // kBytes: body bytes that will come
  std::optional<Url> next;     // kRedirect
  bool next_is_data_host = false;   // kRedirect: another origin than the source's own
  std::optional<absl::Time> expires;  // kRedirect: of the link, when it says
  HubError error;              // kHubError, kNotHere, kLinkExpired
  std::string why;             // one line for logs and for people; no URL query
};

// Rules for redirects: at most 10 hops; https never goes to http; nobody sends us to an address of a network that is
// nearer to us than he is (MayLead); only http and https; no user info. At the first answer of a hub X-Repo-Commit, X-Linked-Size and X-Linked-Etag are compared
// with the manifest where they are present. HTML, or JSON where the listing's file name does not say so, is never a file.
// ModelScope has no X-Repo-Commit; the path of its redirect names the sha256 of what is there, which is compared too. A
// file that it does not have is a 404, or a 200 with a little JSON: both are kNotHere.
Answer JudgeAnswer(const Ask& ask, int status, const HeaderFields& headers, absl::Time now);

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_ANSWER_H_
