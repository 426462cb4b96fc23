// The head of an answer, line by line as curl hands it over.
#include "daemon/net/head_reader.h"

#include "absl/strings/ascii.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {
namespace {

void CheckHead(const net::ResponseHead& head) {
  HOLDS(head.status >= 200 && head.status <= 999);
  for (const auto& [name, value] : head.headers.fields) {
    HOLDS(!name.empty() && name == absl::AsciiStrToLower(name));
    HOLDS(value == absl::StripAsciiWhitespace(value));
    HOLDS(head.headers.Find(name) != nullptr);
    // One field must never pass for two, nor carry what ends a text elsewhere.
    HOLDS(value.find_first_of("\r\n\0", 0, 3) == std::string::npos);
    HOLDS(name.find_first_of("\r\n\0: ", 0, 5) == std::string::npos);
  }
}

}  // namespace

FUZZ(input) {
  using State = net::HeadReader::State;
  net::HeadReader reader;
  int finals = 0;
  bool broken = false;
  for (absl::string_view rest = input; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    const State state = reader.Take(rest.substr(0, end));
    rest.remove_prefix(end);
    HOLDS(!broken || state == State::kBroken);
    broken = state == State::kBroken;
    HOLDS(broken == !reader.problem().empty());
    finals += state == State::kFinal;
    HOLDS(finals <= 1 && reader.complete() == (finals == 1));
    if (state == State::kFinal) CheckHead(reader.head());
  }
}

}  // namespace hfget::fuzz
