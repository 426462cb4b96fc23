#include "cli/journal.h"

#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace hfget::cli {

std::vector<std::string> JournalUnit(absl::string_view cgroup, bool root) {
  for (const absl::string_view line : absl::StrSplit(cgroup, '\n')) {
    const std::vector<absl::string_view> parts = absl::StrSplit(line, '/');
    const absl::string_view last = parts.back();
    if (!absl::EndsWith(last, ".service") || absl::StartsWith(last, "user@")) continue;
    return {absl::StrContains(line, "/user@") ? "--user-unit" : "--unit", std::string(last)};
  }
  return {root ? "--unit" : "--user-unit", "hfgetd.service"};
}

std::vector<std::string> JournalCommand(const std::vector<std::string>& unit, const LogSpan& span, bool follow) {
  std::vector<std::string> words = {"journalctl"};
  words.insert(words.end(), unit.begin(), unit.end());
  if (span.lines != std::numeric_limits<int64_t>::max()) words.push_back(absl::StrCat("--lines=", span.lines));
  if (span.since != absl::InfinitePast()) words.push_back(absl::StrCat("--since=@", absl::ToUnixSeconds(span.since)));
  if (follow) words.push_back("--follow");
  return words;
}

}  // namespace hfget::cli
