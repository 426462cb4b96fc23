#include "daemon/net/head_reader.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace hfget::net {

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
    absl::StrAppend(&fields.back().second, " ", absl::StripAsciiWhitespace(line));
    return State::kReading;
  }
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos || colon == 0) return State::kReading;
  if (fields.size() == kMaxFields) return Break("more than 1,000 headers");
  fields.emplace_back(
      absl::AsciiStrToLower(absl::StripTrailingAsciiWhitespace(line.substr(0, colon))),
      std::string(absl::StripAsciiWhitespace(line.substr(colon + 1))));
  return State::kReading;
}

}  // namespace hfget::net
