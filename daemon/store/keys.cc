#include "daemon/store/keys.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "daemon/store/store.h"

namespace hfget::store {

std::string EscapeKey(absl::string_view id) {
  std::string part;
  part.reserve(id.size());
  for (const unsigned char c : id) {
    if (c == '%' || c == '/' || absl::ascii_iscntrl(c)) {
      absl::StrAppendFormat(&part, "%%%02X", c);
    } else {
      part.push_back(static_cast<char>(c));
    }
  }
  return part;
}

std::optional<std::string> UnescapeKey(absl::string_view part) {
  std::string id;
  for (size_t i = 0; i < part.size(); ++i) {
    if (part[i] != '%') {
      id.push_back(part[i]);
      continue;
    }
    int byte = 0;
    if (i + 2 >= part.size() || !absl::SimpleHexAtoi(part.substr(i + 1, 2), &byte))
      return std::nullopt;
    id.push_back(static_cast<char>(byte));
    i += 2;
  }
  if (EscapeKey(id) != part) return std::nullopt;
  return id;
}

std::string PrefixEnd(absl::string_view prefix) {
  std::string end(prefix);
  ++end.back();  // "/" becomes "0": no overflow
  return end;
}

std::optional<int64_t> NumberOf(absl::string_view key) {
  const size_t slash = key.rfind('/');
  int64_t number = 0;
  if (slash == absl::string_view::npos || !absl::SimpleAtoi(key.substr(slash + 1), &number))
    return std::nullopt;
  return number;
}

std::string PullKey(const std::string& pull_id) {
  return absl::StrCat(kPullPrefix, EscapeKey(pull_id));
}

std::string TransferKey(const std::string& transfer_key) {
  return absl::StrCat(kTransferPrefix, EscapeKey(transfer_key));
}

std::string ProvenanceKey(const std::string& transfer_key, int64_t piece) {
  return absl::StrCat(ProvenancePrefix(transfer_key), absl::Dec(piece, absl::kZeroPad8));
}

std::string ProvenancePrefix(const std::string& transfer_key) {
  return absl::StrCat(kProvenancePrefix, EscapeKey(transfer_key), "/");
}

std::string SourceKey(const std::string& source) {
  return absl::StrCat(kSourcePrefix, EscapeKey(source));
}

// Of a fixed width, so that the order of the keys is that of the times.
std::string BenchKey(int64_t at_unix_ms, const std::string& source) {
  return absl::StrCat(kBenchPrefix, absl::Dec(at_unix_ms, absl::kZeroPad15), "/", EscapeKey(source));
}

}  // namespace hfget::store
