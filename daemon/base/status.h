// Small helpers around absl::Status. Status text is for people: what was being done, to what, what came back, what next.
#ifndef HFGET_DAEMON_BASE_STATUS_H_
#define HFGET_DAEMON_BASE_STATUS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace hfget {

// The same code, with "context: " in front of the message. OK stays OK.
inline absl::Status Annotate(const absl::Status& status, absl::string_view context) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(context, ": ", status.message()));
}

// An error for a failed system call: "<what> <path>: <strerror>". ENOSPC and EDQUOT become RESOURCE_EXHAUSTED, ENOENT
// NOT_FOUND, EACCES, EPERM and EROFS PERMISSION_DENIED, EEXIST ALREADY_EXISTS, EIO DATA_LOSS, ENAMETOOLONG and EFBIG
// INVALID_ARGUMENT, ENOTDIR, EISDIR and ELOOP FAILED_PRECONDITION, the rest INTERNAL.
absl::Status ErrnoStatus(int error, absl::string_view what, absl::string_view path);

}  // namespace hfget

#define HFGET_CONCAT_INNER_(a, b) a##b
#define HFGET_CONCAT_(a, b) HFGET_CONCAT_INNER_(a, b)

#define HFGET_RETURN_IF_ERROR(expr)                 \
  do {                                              \
    ::absl::Status hfget_status_ = (expr);          \
    if (!hfget_status_.ok()) return hfget_status_;  \
  } while (0)

#define HFGET_ASSIGN_OR_RETURN(lhs, expr) \
  HFGET_ASSIGN_OR_RETURN_(HFGET_CONCAT_(hfget_statusor_, __LINE__), lhs, expr)
#define HFGET_ASSIGN_OR_RETURN_(statusor, lhs, expr)     \
  auto statusor = (expr);                                \
  if (!statusor.ok()) return std::move(statusor).status(); \
  lhs = std::move(statusor).value()

#endif  // HFGET_DAEMON_BASE_STATUS_H_
