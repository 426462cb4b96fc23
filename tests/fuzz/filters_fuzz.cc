// File patterns. Lines: a path, a pattern, then more patterns: "+" include, "-" exclude, else a file.
#include "daemon/hub/filters.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "daemon/hub/path_check.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {
namespace {

// By the book, for patterns of bytes without sets: a table of which beginnings match.
bool MatchesByTable(absl::string_view text, absl::string_view pattern) {
  std::vector<bool> row(text.size() + 1);
  row[0] = true;
  for (const char p : pattern) {
    std::vector<bool> next(text.size() + 1);
    next[0] = row[0] && p == '*';
    for (size_t i = 0; i < text.size(); ++i) {
      next[i + 1] = p == '*' ? row[i + 1] || next[i] : row[i] && (p == '?' || p == text[i]);
    }
    row = std::move(next);
  }
  return row[text.size()];
}

bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

void CheckMatch(absl::string_view path, absl::string_view pattern) {
  const bool matches = hub::FnMatch(path, pattern);
  if (pattern.find_first_of("*?[") == pattern.npos && IsUtf8(path) == IsUtf8(pattern)) {
    HOLDS(matches == (path == pattern));
  }
  const bool small = path.size() * pattern.size() < 100'000;
  if (small && !absl::StrContains(pattern, '[') && IsAscii(path) && IsAscii(pattern)) {
    HOLDS(matches == MatchesByTable(path, pattern));
  }
  HOLDS(hub::FnMatch(path, "*"));
  // In a set every character is itself, so that this is one way to write the path.
  if (matches) HOLDS(hub::FnMatch(path, std::string(pattern) + "*"));
}

}  // namespace

FUZZ(input) {
  Lines lines(input);
  const absl::string_view path = lines.Next();
  hub::Filters filters;
  CheckMatch(path, lines.Rest().substr(0, lines.Rest().find('\n')));
  while (!lines.done()) {
    const absl::string_view word = lines.Next();
    auto& list = absl::StartsWith(word, "+") ? filters.include : absl::StartsWith(word, "-") ? filters.exclude : filters.files;
    list.emplace_back(&list == &filters.files ? word : word.substr(1));
  }
  const absl::Status normalised = hub::Normalise(filters);
  if (!normalised.ok()) return HOLDS(IsOneLine(normalised.message()));
  hub::Filters again = filters;
  HOLDS(hub::Normalise(again).ok());
  HOLDS(again.files == filters.files && again.include == filters.include && again.exclude == filters.exclude);
  filters.Keeps(path);
  for (const std::string& file : filters.files) HOLDS(filters.Keeps(file));
  const std::string single = filters.SingleFile();
  HOLDS(single.empty() || filters.Keeps(single));
}

}  // namespace hfget::fuzz
