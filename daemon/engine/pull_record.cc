#include "daemon/engine/pull_record.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/core/pull_state.h"
#include "daemon/core/pull_terms.h"
#include "daemon/hub/repo_id.h"

namespace hfget::engine {
namespace {

template <typename Enum>
bool IsUpTo(int number, Enum last) {
  return number >= 0 && number <= static_cast<int>(last);
}

absl::Status Unknown(absl::string_view what, int64_t number) {
  return absl::InvalidArgumentError(absl::StrCat("this hfgetd knows no ", what, " ", number));
}

}  // namespace

absl::Status CheckPullRecord(const records::v1::PullRecord& record) {
  if (record.id().empty()) return absl::InvalidArgumentError("it has no id");
  if (!IsUpTo(record.repo_type(), hub::RepoType::kSpace)) return Unknown("repo type", record.repo_type());
  if (!IsUpTo(record.hub(), hub::Hub::kModelScope)) return Unknown("hub", record.hub());
  if (!IsUpTo(record.state(), core::PullState::kPaused)) return Unknown("state", record.state());
  if (!IsUpTo(record.error_cause(), core::ErrorCause::kUnavailable)) return Unknown("cause", record.error_cause());
  HFGET_RETURN_IF_ERROR(hub::CheckRepoName(record.repo()));
  HFGET_RETURN_IF_ERROR(hub::CheckRevision(record.revision()));
  if (!record.commit().empty() && !hub::IsFullCommit(record.commit())) {
    return absl::InvalidArgumentError("its commit is none");
  }
  // Numbers that are counted on.
  for (const int64_t number : {record.sequence(), record.total_bytes(), record.fetched_bytes(), record.wasted_bytes(),
                               record.reused_bytes()}) {
    if (number < 0 || number > int64_t{1} << 62) return absl::InvalidArgumentError("a number in it cannot be");
  }
  if (std::abs(int64_t{record.priority()}) > core::PullTerms::kHighest) return absl::InvalidArgumentError("its priority cannot be");
  return absl::OkStatus();
}

}  // namespace hfget::engine
