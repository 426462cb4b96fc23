#include "cli/log_span.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace hfget::cli {
namespace {

// The line at the front of `text`, with its end.
absl::string_view FirstLine(absl::string_view text) { return text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1); }

absl::string_view LastLines(absl::string_view text, int64_t lines) {
  if (lines == 0) return "";
  size_t begin = text.size();
  for (int64_t found = 0; begin > 0; --begin) {
    if (begin < text.size() && text[begin - 1] == '\n' && ++found == lines) break;
  }
  return text.substr(begin);
}

absl::string_view LinesSince(absl::string_view text, absl::Time since) {
  if (since == absl::InfinitePast()) return text;
  while (!text.empty()) {
    const absl::string_view line = FirstLine(text);
    const std::optional<absl::Time> time = TimeOfLine(line);
    if (time && *time >= since) break;
    text.remove_prefix(line.size());
  }
  return text;
}

}  // namespace

absl::StatusOr<absl::Time> ParseSince(const std::string& text, absl::Time now) {
  absl::Duration span;
  if (absl::ParseDuration(text, &span) && span >= absl::ZeroDuration()) return now - span;
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return time;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is no beginning: write a span such as 90s or 2h30m, or a time such as 2026-01-31T08:00:00Z"));
}

std::optional<absl::Time> TimeOfLine(absl::string_view line) {
  absl::Time time;
  std::string error;
  if (absl::ParseTime("%Y-%m-%dT%H:%M:%E*S%Ez", std::string(line.substr(0, line.find(' '))), &time, &error)) return time;
  return std::nullopt;
}

bool HoldsAll(absl::string_view text, const LogSpan& span) {
  const int64_t ends = std::count(text.begin(), text.end(), '\n');
  if (ends > 0 && ends - 1 >= span.lines) return true;  // the first end may be that of half a line
  if (span.since == absl::InfinitePast()) return false;
  text.remove_prefix(std::min(text.find('\n'), text.size()));
  while (!text.empty()) {
    text.remove_prefix(1);
    if (const auto time = TimeOfLine(text)) return *time < span.since;
    text.remove_prefix(std::min(text.find('\n'), text.size()));
  }
  return false;
}

absl::string_view Wanted(absl::string_view text, const LogSpan& span) { return LastLines(LinesSince(text, span.since), span.lines); }

}  // namespace hfget::cli
