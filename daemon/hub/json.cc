#include "daemon/hub/json.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace hfget::hub {
namespace {

constexpr size_t kMaxSmallBytes = 64 * 1024;

bool NestsTooDeep(absl::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxJsonDepth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

bool HoldsLongString(absl::string_view text) {
  if (text.size() <= kMaxJsonStringBytes) return false;
  for (size_t i = 0; (i = text.find('"', i)) != absl::string_view::npos; ++i) {
    const size_t begin = ++i;
    while ((i = text.find_first_of("\"\\", i)) != absl::string_view::npos && text[i] == '\\') i += 2;
    i = std::min(i, text.size());  // it has no end
    if (i - begin > kMaxJsonStringBytes) return true;
  }
  return false;
}

}  // namespace

nlohmann::json ParseSmallJson(absl::string_view text) {
  if (text.size() > kMaxSmallBytes || NestsTooDeep(text)) {
    return nlohmann::json(nlohmann::json::value_t::discarded);
  }
  return nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
}

absl::Status JsonWalker::Walk(absl::string_view text) {
  depth_ = 0;
  status_ = absl::OkStatus();
  if (HoldsLongString(text)) {
    Fail("the answer is JSON with a string that is too long");
    return status_;
  }
  nlohmann::json_sax<nlohmann::json>* const self = this;
  const bool whole = nlohmann::json::sax_parse(text.begin(), text.end(), self);
  if (!whole && status_.ok()) Fail("the answer is not JSON");
  return status_;
}

bool JsonWalker::Fail(absl::string_view message) {
  status_ = absl::InvalidArgumentError(message);
  return false;
}

bool JsonWalker::Open(bool is_object) {
  if (depth_ == kMaxJsonDepth) return Fail("the answer is JSON that nests too deep");
  ++depth_;
  if (depth_ < static_cast<int>(keys_.size())) keys_[depth_].clear();
  return OnOpen(is_object);
}

bool JsonWalker::Close(bool is_object) {
  if (!OnClose(is_object)) return false;
  --depth_;
  return true;
}

bool JsonWalker::number_unsigned(uint64_t value) {
  if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return OnOther();
  return OnInteger(static_cast<int64_t>(value));
}

bool JsonWalker::key(std::string& value) {
  if (depth_ < static_cast<int>(keys_.size())) keys_[depth_] = std::move(value);
  return true;
}

bool JsonWalker::parse_error(size_t position, const std::string&,
                             const nlohmann::detail::exception&) {
  return Fail(absl::StrCat("the answer is not JSON (at byte ", position, ")"));
}

}  // namespace hfget::hub
