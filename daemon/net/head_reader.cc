#include "daemon/net/head_reader.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace hfget::net {
namespace {

// What may not be in a field is taken for a space, so that a value never ends a line elsewhere. Source: RFC 9110 §5.5.
std::string FieldValue(absl::string_view text) {
  std::string value(absl::StripAsciiWhitespace(text));
  for (char& c : value) {
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
  }
  absl::StripAsciiWhitespace(&value);
  return value;
}

// A name with space or control characters in it is none. Source: RFC 9112 §5.1.
bool IsFieldName(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) { return absl::ascii_isgraph(c); });
}

}  // namespace

HeadReader::State HeadReader::Take(absl::string_view line) {
  if (!problem_.empty()) return State::kBroken;
  bytes_ += line.size();
  if (bytes_ > kMaxHeadBytes) return Break("more than 256 KiB of headers");
  if (complete_) return State::kDone;
  if (!in_block_) return TakeStatusLine(line);
  if (line == "\r\n" || line == "\n") return EndBlock();
  return TakeField(line);
}

HeadReader::State HeadReader::Break(absl::string_view problem) {
  problem_ = problem;
  return State::kBroken;
}

HeadReader::State HeadReader::TakeStatusLine(absl::string_view line) {
  const size_t space = line.find(' ');
  const bool numbered = space != absl::string_view::npos &&
                        absl::SimpleAtoi(line.substr(space + 1, 3), &head_.status) &&
                        head_.status >= 100;
  if (!absl::StartsWithIgnoreCase(line, "HTTP/") || !numbered) return Break("no status line");
  head_.headers.fields.clear();
  in_block_ = true;
  return State::kReading;
}

HeadReader::State HeadReader::EndBlock() {
  in_block_ = false;
  // We never offer an upgrade: what would follow is not HTTP.
  if (head_.status == 101) return Break("the server switched protocols unasked");
  if (head_.status < 200) return State::kReading;
  complete_ = true;
  return State::kFinal;
}

HeadReader::State HeadReader::TakeField(absl::string_view line) {
  auto& fields = head_.headers.fields;
  if (absl::ascii_isspace(line.front())) {  // obsolete line folding continues the field before it
    if (fields.empty()) return State::kReading;
    std::string& value = fields.back().second;
    const std::string more = FieldValue(line);
    absl::StrAppend(&value, value.empty() || more.empty() ? "" : " ", more);
    return State::kReading;
  }
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos) return State::kReading;
  const absl::string_view name = absl::StripTrailingAsciiWhitespace(line.substr(0, colon));
  if (!IsFieldName(name)) return State::kReading;
  if (fields.size() == kMaxFields) return Break("more than 1,000 headers");
  fields.emplace_back(absl::AsciiStrToLower(name), FieldValue(line.substr(colon + 1)));
  return State::kReading;
}

}  // namespace hfget::net
