// Which lines at the end of a log are wanted. Pure.
#ifndef HFGET_CLI_LOG_SPAN_H_
#define HFGET_CLI_LOG_SPAN_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace hfget::cli {

// Lines that fulfil both.
struct LogSpan {
  int64_t lines = std::numeric_limits<int64_t>::max();  // the last so many
  absl::Time since = absl::InfinitePast();  // a line without a time has that of the line before
};

// "10m": ten minutes before `now`; or a time (RFC 3339). Errors: INVALID_ARGUMENT.
absl::StatusOr<absl::Time> ParseSince(const std::string& text, absl::Time now);

// As hfgetd writes it at the front of a line: "2026-01-31T08:00:00.123+01:00 I text".
std::optional<absl::Time> TimeOfLine(absl::string_view line);

// Whether all that is wanted is in `text`, the end of a log that may begin inside a line.
bool HoldsAll(absl::string_view text, const LogSpan& span);

// The wanted lines of `text`, which begins with a whole line, the last of which may be unfinished.
absl::string_view Wanted(absl::string_view text, const LogSpan& span);

}  // namespace hfget::cli

#endif  // HFGET_CLI_LOG_SPAN_H_
