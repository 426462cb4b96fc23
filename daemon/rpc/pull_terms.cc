#include "daemon/rpc/pull_terms.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "daemon/base/status.h"
#include "daemon/core/pull_terms.h"
#include "daemon/hub/path_check.h"
#include "daemon/hub/utf8.h"
#include "daemon/rpc/convert.h"

namespace hfget::rpc {
namespace {

constexpr size_t kMaxRequestId = 128;
constexpr int kMaxLabels = 32;
constexpr size_t kMaxKey = 63;
constexpr size_t kMaxValue = 255;

bool IsOf(absl::string_view text, absl::string_view marks) {
  return std::all_of(text.begin(), text.end(),
                     [marks](unsigned char c) { return absl::ascii_isalnum(c) || marks.find(c) != absl::string_view::npos; });
}

absl::Status CheckRequestId(const std::string& id) {
  if (id.size() <= kMaxRequestId && IsOf(id, "._:/-")) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the request id \"", hub::Printable(id, 40), "\" has to be up to ", kMaxRequestId,
                                                 " of A-Z a-z 0-9 . _ : / -"));
}

absl::StatusOr<absl::Time> DeadlineOf(const v1::PullRequest& request, absl::Time now) {
  if (!request.has_deadline()) return absl::InfiniteFuture();
  const auto& given = request.deadline();
  if (given.nanos() < 0 || given.nanos() > 999'999'999) return absl::InvalidArgumentError("the deadline is no time: nanos has to be 0 to 999,999,999");
  const absl::Time deadline = absl::FromUnixSeconds(given.seconds()) + absl::Nanoseconds(given.nanos());
  if (deadline > now) return std::min(deadline, now + absl::Hours(24 * 365 * 100));
  return absl::InvalidArgumentError(absl::StrCat("the deadline ", absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", deadline, absl::UTCTimeZone()),
                                                 " has passed: give one that is to come, or none"));
}

absl::Status CheckWait(const v1::PullRequest& request) {
  if (!v1::PullRequest::Wait_IsValid(request.wait())) return absl::InvalidArgumentError(absl::StrCat("unknown wait ", request.wait()));
  if (request.wait() == v1::PullRequest::WAIT_FILES && request.wait_files() < 1) {
    return absl::InvalidArgumentError("wait_files says how many files to wait for: 1 or more");
  }
  if (request.wait() != v1::PullRequest::WAIT_FILES && request.wait_files() != 0) {
    return absl::InvalidArgumentError("wait_files is for wait = WAIT_FILES: leave it out");
  }
  if (request.cancel_on_disconnect() && !Waits(request)) {
    return absl::InvalidArgumentError("cancel_on_disconnect is for a call that waits: set wait, or leave it out");
  }
  return absl::OkStatus();
}

}  // namespace

bool Waits(const v1::PullRequest& request) {
  return request.wait() == v1::PullRequest::WAIT_FILES || request.wait() == v1::PullRequest::WAIT_DONE;
}

absl::Status CheckLabels(const google::protobuf::Map<std::string, std::string>& labels) {
  if (labels.size() > kMaxLabels) {
    return absl::InvalidArgumentError(absl::StrCat(labels.size(), " labels are given, and a pull may have ", kMaxLabels));
  }
  for (const auto& [key, value] : labels) {
    if (key.empty() || key.size() > kMaxKey || !IsOf(key, "._/-")) {
      return absl::InvalidArgumentError(
          absl::StrCat("the label \"", hub::Printable(key, 40), "\" has to be 1 to ", kMaxKey, " of A-Z a-z 0-9 . _ / -"));
    }
    if (value.size() > kMaxValue) {
      return absl::InvalidArgumentError(absl::StrCat("the value of the label \"", key, "\" has ", value.size(), " bytes, and may have ", kMaxValue));
    }
  }
  return absl::OkStatus();
}

absl::Status SetTerms(const v1::PullRequest& request, absl::Time now, engine::PullSpec& spec) {
  HFGET_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  HFGET_RETURN_IF_ERROR(CheckLabels(request.labels()));
  HFGET_RETURN_IF_ERROR(CheckWait(request));
  if (std::abs(static_cast<int64_t>(request.priority())) > core::PullTerms::kHighest) {
    return absl::InvalidArgumentError(absl::StrCat("a priority of ", request.priority(), " cannot be: -", core::PullTerms::kHighest, " to ",
                                                   core::PullTerms::kHighest, ", higher is sooner"));
  }
  HFGET_ASSIGN_OR_RETURN(spec.terms.deadline, DeadlineOf(request, now));
  spec.terms.priority = request.priority();
  spec.terms.labels = core::Labels(request.labels().begin(), request.labels().end());
  spec.request_id = request.request_id();
  spec.bound = request.cancel_on_disconnect();
  return absl::OkStatus();
}

absl::StatusOr<core::PullFilter> ToFilter(const v1::PullFilter& asked) {
  HFGET_RETURN_IF_ERROR(CheckLabels(asked.labels()));
  core::PullFilter filter;
  filter.labels = core::Labels(asked.labels().begin(), asked.labels().end());
  filter.repo = asked.repo();
  for (const int state : asked.states()) {
    if (!v1::PullState_IsValid(state) || state == v1::PULL_STATE_UNSPECIFIED) {
      return absl::InvalidArgumentError(absl::StrCat("unknown state ", state, " in the filter"));
    }
    filter.states.push_back(static_cast<core::PullState>(state));
  }
  return filter;
}

}  // namespace hfget::rpc
