// The ModelScope dialect: which URL to ask, and what the JSON that comes back says. Source: mirrors.md §1.3 – §1.5.
#ifndef HFGET_DAEMON_HUB_MS_DIALECT_H_
#define HFGET_DAEMON_HUB_MS_DIALECT_H_

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/hub/headers.h"
#include "daemon/hub/hub_error.h"
#include "daemon/hub/manifest.h"
#include "daemon/hub/repo_id.h"

namespace hfget::hub {

// The cookie in which its own SDK sends a token, beside Authorization.
constexpr absl::string_view kMsTokenCookie = "m_session_id";

// `base` is the source's endpoint without a trailing slash. The answer is the file, or a redirect to it.
std::string MsFileUrl(absl::string_view base, const RepoId& repo, absl::string_view revision,
                      absl::string_view path);

// What an error answer means; like ClassifyError, but ModelScope says it by a Code in JSON, with whatever HTTP status, also
// 200. A 200 with any other body is kNone.
HubError ClassifyMsError(int status, const HeaderFields& headers, absl::string_view body, absl::Time now);

struct MsReply;  // of a listing, read; ms_dialect.cc

// The listing of one repo at one revision, as a conversation: ask for NextUrl(), give the body of the 200 to Add(), until
// NextUrl() is empty. A model is listed in one reply, which the hub cuts at 3,000 rows without a word: one that is as long
// is dropped, and the repo walked folder by folder. A dataset comes in pages, of which a short one is the last.
class MsListing {
 public:
  // What a hub may make us do. The files are bounded by ManifestBuilder, to which the caller gives every batch.
  struct Limits {
    size_t requests = 10'000;
    size_t rows_per_reply = 200'000;
  };

  MsListing(std::string base, RepoId repo, std::string revision)
      : MsListing(std::move(base), std::move(repo), std::move(revision), Limits()) {}
  MsListing(std::string base, RepoId repo, std::string revision, Limits limits);

  std::string NextUrl() const;  // empty: the listing is complete

  // The files that this reply adds, in its order: path (checked by path_check.h), size and sha256; `git_oid` is empty.
  // After an error the listing is of no more use. REQUIRES: NextUrl() is not empty.
  // Errors: NOT_FOUND for no such repo, revision or access, and when there is no file at all; INVALID_ARGUMENT when it is
  // no answer of ModelScope, when it refuses with another Code (in its own words), for a row without a valid size or
  // sha256 or with a hostile path (the message names it); RESOURCE_EXHAUSTED for a folder as long as what one reply holds,
  // and beyond the limits above.
  absl::StatusOr<std::vector<ManifestFile>> Add(absl::string_view json);

 private:
  enum class Step { kWhole, kPage, kFolder, kDone };

  absl::Status CheckRefusal(const MsReply& reply) const;
  absl::Status Advance(MsReply& reply);
  absl::Status AdvanceInFolder(MsReply& reply);

  std::string base_;
  RepoId repo_;
  std::string revision_;
  Limits limits_;
  Step step_;
  size_t replies_ = 0;  // of pages: the number of the last one
  std::deque<std::string> folders_;  // kFolder: still to ask for, first the one of NextUrl(); "" is the repo itself
};

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_MS_DIALECT_H_
