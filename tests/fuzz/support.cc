#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/hub/utf8.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {

void Broken(const char* file, int line, const char* rule) {
  std::fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, rule);
  std::abort();
}

absl::string_view Lines::Next() {
  const size_t end = std::min(text_.find('\n'), text_.size());
  const absl::string_view line = text_.substr(0, end);
  text_.remove_prefix(std::min(end + 1, text_.size()));
  return line;
}

int Lines::Number(int least, int most) {
  int number = 0;
  if (!absl::SimpleAtoi(Next(), &number)) return least;
  return std::clamp(number, least, most);
}

std::vector<std::pair<std::string, std::string>> TakeHeaders(Lines& lines) {
  std::vector<std::pair<std::string, std::string>> headers;
  while (!lines.done()) {
    const absl::string_view line = lines.Next();
    if (line.empty()) break;
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) continue;
    headers.emplace_back(absl::AsciiStrToLower(line.substr(0, colon)),
                         absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  return headers;
}

std::vector<absl::string_view> SplitReplies(absl::string_view text) {
  return absl::StrSplit(text, "\n%%\n");
}

bool IsOneLine(absl::string_view text) {
  char32_t c;
  for (size_t pos = 0; pos < text.size();) {
    if (!hub::NextCodePoint(text, pos, c) || hub::IsControl(c)) return false;
  }
  return true;
}

bool IsUtf8(absl::string_view text) { return hub::IsUtf8(text); }

bool StaysBelow(absl::string_view path) {
  const std::filesystem::path root = "/root/of/all";
  const std::filesystem::path whole = (root / std::string(path)).lexically_normal();
  const auto [end, _] = std::mismatch(root.begin(), root.end(), whole.begin(), whole.end());
  return end == root.end() && whole != root && path.find('\0') == absl::string_view::npos;
}

}  // namespace hfget::fuzz
