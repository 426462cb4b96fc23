#include "daemon/hub/filters.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "daemon/hub/path_check.h"
#include "daemon/hub/utf8.h"

namespace hfget::hub {
namespace {

using Text = std::u32string;
using TextView = std::u32string_view;

Text CodePoints(absl::string_view text) {
  Text out;
  out.reserve(text.size());
  char32_t c;
  for (size_t pos = 0; pos < text.size() && NextCodePoint(text, pos, c);) out.push_back(c);
  return out;
}

Text Bytes(absl::string_view text) {
  Text out;
  out.reserve(text.size());
  for (const char c : text) out.push_back(static_cast<unsigned char>(c));
  return out;
}

// Python translates a pattern into a regular expression, and what "[…]" means is what comes out of that. So a set is first
// rewritten as Python does, reversed ranges and all, and then read as its `re` reads it.
struct CharSet {
  bool negated = false;
  std::vector<std::pair<char32_t, char32_t>> ranges;  // inclusive

  bool Holds(char32_t c) const {
    const bool in = std::any_of(ranges.begin(), ranges.end(),
                                [c](const auto& r) { return r.first <= c && c <= r.second; });
    return in != negated;
  }
};

// The text between hyphens that make ranges; a hyphen at the front, at the end or right behind a range is itself.
std::vector<Text> SplitAtRanges(TextView stuff) {
  std::vector<Text> chunks;
  size_t begin = 0;
  for (size_t hyphen = stuff[0] == U'!' ? 2 : 1;
       (hyphen = stuff.find(U'-', hyphen)) != TextView::npos; hyphen += 3) {
    chunks.emplace_back(stuff.substr(begin, hyphen - begin));
    begin = hyphen + 1;
  }
  if (begin < stuff.size() || chunks.empty())
    chunks.emplace_back(stuff.substr(begin));
  else
    chunks.back() += U'-';
  return chunks;
}

// "z-a" is the empty range: both ends go, and the neighbours grow together.
void DropReversedRanges(std::vector<Text>& chunks) {
  for (size_t k = chunks.size() - 1; k > 0; --k) {
    if (chunks[k - 1].back() <= chunks[k].front()) continue;
    chunks[k - 1].pop_back();
    chunks[k - 1] += chunks[k].substr(1);
    chunks.erase(chunks.begin() + k);
  }
}

struct SetToken {
  char32_t c;
  bool makes_range;  // a hyphen that joins two chunks
};

std::vector<SetToken> Join(const std::vector<Text>& chunks) {
  std::vector<SetToken> tokens;
  for (size_t k = 0; k < chunks.size(); ++k) {
    if (k > 0) tokens.push_back({U'-', true});
    for (const char32_t c : chunks[k]) tokens.push_back({c, false});
  }
  return tokens;
}

CharSet ParseSet(TextView stuff) {
  std::vector<Text> chunks = SplitAtRanges(stuff);
  DropReversedRanges(chunks);
  const std::vector<SetToken> tokens = Join(chunks);
  CharSet set;
  size_t i = 0;
  if (!tokens.empty() && tokens[0].c == U'!') {
    set.negated = true;
    i = 1;
  }
  while (i < tokens.size()) {
    const bool range = i + 2 < tokens.size() && tokens[i + 1].makes_range;
    set.ranges.emplace_back(tokens[i].c, tokens[range ? i + 2 : i].c);
    i += range ? 3 : 1;
  }
  return set;
}

struct Element {
  enum class Kind { kLiteral, kAny, kStar, kSet } kind = Kind::kLiteral;
  char32_t literal = 0;
  CharSet set;

  bool Takes(char32_t c) const {
    if (kind == Kind::kLiteral) return c == literal;
    return kind == Kind::kAny || set.Holds(c);
  }
};

// The "]" that closes the set which begins at `begin`; npos when there is none. The first character is never it.
size_t FindClose(TextView pattern, size_t begin) {
  size_t at = begin;
  if (at < pattern.size() && pattern[at] == U'!') ++at;
  if (at < pattern.size() && pattern[at] == U']') ++at;
  return pattern.find(U']', at);
}

std::vector<Element> Compile(TextView pattern) {
  std::vector<Element> elements;
  for (size_t i = 0; i < pattern.size(); ++i) {
    Element element;
    const size_t close = pattern[i] == U'[' ? FindClose(pattern, i + 1) : TextView::npos;
    if (close != TextView::npos) {
      element.kind = Element::Kind::kSet;
      element.set = ParseSet(pattern.substr(i + 1, close - i - 1));
      i = close;
    } else if (pattern[i] == U'*') {
      element.kind = Element::Kind::kStar;
    } else if (pattern[i] == U'?') {
      element.kind = Element::Kind::kAny;
    } else {
      element.literal = pattern[i];
    }
    elements.push_back(std::move(element));
  }
  return elements;
}

// Only the last star ever needs to take more, so this is |text|·|pattern| at worst.
bool Matches(TextView text, const std::vector<Element>& pattern) {
  constexpr size_t kNone = -1;
  size_t t = 0, p = 0, star = kNone, star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p].kind == Element::Kind::kStar) {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && pattern[p].Takes(text[t])) {
      ++p;
      ++t;
    } else if (star != kNone) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p].kind == Element::Kind::kStar) ++p;
  return p == pattern.size();
}

bool AnyMatches(absl::string_view path, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [path](const std::string& p) { return FnMatch(path, p); });
}

bool HasWildcard(absl::string_view text) {
  return text.find_first_of("*?[") != absl::string_view::npos;
}

absl::Status CheckPattern(absl::string_view pattern) {
  if (pattern.empty()) return absl::InvalidArgumentError("a file pattern is empty");
  if (absl::StrContains(pattern, '\0')) {
    return absl::InvalidArgumentError(
        absl::StrCat("the pattern \"", Printable(pattern), "\" holds a NUL"));
  }
  if (pattern[0] == '/') {
    return absl::InvalidArgumentError(
        absl::StrCat("the pattern \"", Printable(pattern),
                     "\" is absolute; files of a repo are named from its root, without \"/\""));
  }
  return absl::OkStatus();
}

absl::Status NormaliseAll(std::vector<std::string>& patterns) {
  for (std::string& pattern : patterns) {
    pattern = absl::StrReplaceAll(pattern, {{"\\", "/"}});
    if (const absl::Status status = CheckPattern(pattern); !status.ok()) return status;
    if (pattern.back() == '/') pattern += '*';
  }
  return absl::OkStatus();
}

// "art/" is the folder art and all below it.
absl::Status FoldersToPatterns(Filters& filters) {
  for (std::string& file : filters.files) {
    if (!absl::EndsWith(file, "/") && !absl::EndsWith(file, "\\")) continue;
    if (!filters.include.empty() || !filters.exclude.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("the folder \"", Printable(file),
                                                     "\" cannot be combined with --include or "
                                                     "--exclude; write --include \"",
                                                     Printable(file), "*\" instead"));
    }
    const size_t last = file.find_last_not_of("/\\");
    if (last == std::string::npos) continue;  // "/": refused as absolute
    file = absl::StrCat(file.substr(0, last + 1), "/**");
  }
  return absl::OkStatus();
}

}  // namespace

bool FnMatch(absl::string_view text, absl::string_view pattern) {
  const auto read = IsUtf8(text) && IsUtf8(pattern) ? CodePoints : Bytes;
  return Matches(read(text), Compile(read(pattern)));
}

bool Filters::Keeps(absl::string_view path) const {
  if (!files.empty()) {
    return std::find(files.begin(), files.end(), path) != files.end() || AnyMatches(path, files);
  }
  return (include.empty() || AnyMatches(path, include)) && !AnyMatches(path, exclude);
}

std::string Filters::SingleFile() const {
  if (files.size() != 1 || HasWildcard(files[0]) || absl::EndsWith(files[0], "/")) return "";
  return files[0];
}

absl::Status Normalise(Filters& filters) {
  if (const absl::Status status = FoldersToPatterns(filters); !status.ok()) return status;
  for (auto* patterns : {&filters.files, &filters.include, &filters.exclude}) {
    if (const absl::Status status = NormaliseAll(*patterns); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace hfget::hub
