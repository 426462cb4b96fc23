#include "daemon/hub/headers.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "daemon/hub/json.h"
#include "daemon/hub/url.h"

namespace hfget::hub {
namespace {

constexpr absl::Duration kLongestWait = absl::Hours(24);
constexpr absl::Duration kAuthKeyLife = absl::Minutes(15);
constexpr int64_t kLastSecond = 253402300799;  // of the year 9999

bool AllDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// SimpleAtoi alone takes signs and spaces.
std::optional<int64_t> Digits(absl::string_view text) {
  int64_t value = 0;
  if (!AllDigits(text) || !absl::SimpleAtoi(text, &value)) return std::nullopt;
  return value;
}

absl::Duration ClampWait(absl::Duration wait) {
  return std::clamp(wait, absl::ZeroDuration(), kLongestWait);
}

// A number too large for us is a very long time.
absl::Duration SecondsOf(absl::string_view digits) {
  const auto seconds = Digits(digits);
  return seconds ? ClampWait(absl::Seconds(*seconds)) : kLongestWait;
}

// One link-value behind its "<target>": its parameters up to the comma that ends it. A comma or semicolon inside quotes is
// part of the value.
std::vector<absl::string_view> TakeParameters(absl::string_view& text) {
  std::vector<absl::string_view> parameters;
  bool quoted = false;
  size_t begin = 0, i = 0;
  for (; i < text.size(); ++i) {
    if (text[i] == '\\' && quoted)
      ++i;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (!quoted && text[i] == ',')
      break;
    else if (!quoted && text[i] == ';') {
      parameters.push_back(text.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  i = std::min(i, text.size());
  parameters.push_back(text.substr(begin, i - begin));
  text.remove_prefix(std::min(i + 1, text.size()));
  return parameters;
}

bool SaysNext(absl::string_view parameter) {
  const size_t equals = parameter.find('=');
  if (equals == absl::string_view::npos) return false;
  const absl::string_view name = absl::StripAsciiWhitespace(parameter.substr(0, equals));
  absl::string_view value = absl::StripAsciiWhitespace(parameter.substr(equals + 1));
  if (!absl::EqualsIgnoreCase(name, "rel")) return false;
  absl::ConsumePrefix(&value, "\"");
  absl::ConsumeSuffix(&value, "\"");
  const std::vector<absl::string_view> relations = absl::StrSplit(value, ' ', absl::SkipEmpty());
  return std::any_of(relations.begin(), relations.end(),
                     [](absl::string_view r) { return absl::EqualsIgnoreCase(r, "next"); });
}

// "r" of `"name";r=1;t=2`; nullopt when there is none.
std::optional<absl::string_view> Parameter(const std::vector<absl::string_view>& parts,
                                           absl::string_view name) {
  for (const absl::string_view part : parts) {
    const std::vector<absl::string_view> pair = absl::StrSplit(part, absl::MaxSplits('=', 1));
    if (pair.size() == 2 && absl::StripAsciiWhitespace(pair[0]) == name) {
      return absl::StripAsciiWhitespace(pair[1]);
    }
  }
  return std::nullopt;
}

// ParseTime alone takes "infinite-future", too.
std::optional<absl::Time> ParseDate(absl::string_view format, absl::string_view text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(format, text, &time, &error)) return std::nullopt;
  if (time == absl::InfiniteFuture() || time == absl::InfinitePast()) return std::nullopt;
  return time;
}

std::optional<absl::Time> UnixTime(absl::string_view digits) {
  const auto seconds = Digits(digits);
  if (!seconds || *seconds > kLastSecond) return std::nullopt;
  return absl::FromUnixSeconds(*seconds);
}

// Names of query parameters differ in case between signers (Expires, expires).
std::string AnyCaseParameter(const Url& url, absl::string_view name) {
  for (const absl::string_view pair : absl::StrSplit(url.query, '&')) {
    const std::vector<absl::string_view> parts = absl::StrSplit(pair, absl::MaxSplits('=', 1));
    if (parts.size() == 2 && absl::EqualsIgnoreCase(Decode(parts[0]), name))
      return Decode(parts[1]);
  }
  return "";
}

// Source: AWS Signature V4 (X-Amz-) and its copy at Google (X-Goog-).
std::optional<absl::Time> SignatureV4Expiry(const Url& url, absl::string_view vendor) {
  const std::string date = AnyCaseParameter(url, absl::StrCat("X-", vendor, "-Date"));
  const auto life = Digits(AnyCaseParameter(url, absl::StrCat("X-", vendor, "-Expires")));
  const auto issued = ParseDate("%E4Y%m%dT%H%M%SZ", date);
  if (!issued || !life || *life > kLastSecond) return std::nullopt;
  return *issued + absl::Seconds(*life);
}

// Source: Aliyun CDN, signing type A; its life is the operator's secret.
std::optional<absl::Time> AuthKeyExpiry(const Url& url) {
  const std::string key = AnyCaseParameter(url, "auth_key");
  const auto issued = UnixTime(absl::string_view(key).substr(0, key.find('-')));
  if (!issued) return std::nullopt;
  return *issued + kAuthKeyLife;
}

const nlohmann::json* Member(const nlohmann::json* value, const char* name) {
  if (value == nullptr || !value->is_object()) return nullptr;
  const auto it = value->find(name);
  return it == value->end() ? nullptr : &*it;
}

// Source: CloudFront custom policies; their base64 spells "+=/" as "-_~".
std::optional<absl::Time> PolicyExpiry(const Url& url) {
  std::string text;
  const std::string encoded =
      absl::StrReplaceAll(AnyCaseParameter(url, "Policy"), {{"-", "+"}, {"_", "="}, {"~", "/"}});
  if (encoded.empty() || !absl::Base64Unescape(encoded, &text)) return std::nullopt;
  const nlohmann::json policy = ParseSmallJson(text);
  const nlohmann::json* statement = Member(&policy, "Statement");
  if (statement == nullptr || !statement->is_array() || statement->empty()) return std::nullopt;
  const nlohmann::json* time =
      Member(Member(Member(&statement->front(), "Condition"), "DateLessThan"), "AWS:EpochTime");
  if (time == nullptr || !time->is_number_unsigned()) return std::nullopt;
  return UnixTime(absl::StrCat(time->get<uint64_t>()));
}

}  // namespace

absl::string_view FindHeader(const HeaderFields& fields, absl::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return {};
}

std::optional<ContentRange> ParseContentRange(absl::string_view value) {
  value = absl::StripAsciiWhitespace(value);
  if (!absl::StartsWithIgnoreCase(value, "bytes ")) return std::nullopt;
  value = absl::StripAsciiWhitespace(value.substr(6));
  const size_t dash = value.find('-'), slash = value.find('/');
  if (dash == absl::string_view::npos || slash == absl::string_view::npos || slash < dash) {
    return std::nullopt;
  }
  const auto first = Digits(value.substr(0, dash));
  const auto last = Digits(value.substr(dash + 1, slash - dash - 1));
  const absl::string_view total_text = value.substr(slash + 1);
  const auto total = total_text == "*" ? std::optional<int64_t>(-1) : Digits(total_text);
  if (!first || !last || !total || *first > *last) return std::nullopt;
  if (*last == std::numeric_limits<int64_t>::max()) return std::nullopt;  // last + 1 must exist
  if (*total >= 0 && *last >= *total) return std::nullopt;
  return ContentRange{*first, *last, *total};
}

std::optional<ByteCount> ParseContentLength(absl::string_view value) {
  return Digits(absl::StripAsciiWhitespace(value));
}

std::string NextLink(absl::string_view value) {
  for (size_t open; (open = value.find('<')) != absl::string_view::npos;) {
    const size_t close = value.find('>', open);
    if (close == absl::string_view::npos) return "";
    const absl::string_view target = value.substr(open + 1, close - open - 1);
    value.remove_prefix(close + 1);
    const auto parameters = TakeParameters(value);
    if (std::any_of(parameters.begin(), parameters.end(), SaysNext)) return std::string(target);
  }
  return "";
}

std::string NextLink(const HeaderFields& fields) {
  for (const auto& [key, value] : fields) {
    if (key != "link") continue;
    if (std::string next = NextLink(value); !next.empty()) return next;
  }
  return "";
}

std::optional<RateLimit> ParseRateLimit(absl::string_view value) {
  for (const absl::string_view item : absl::StrSplit(value, ',')) {
    const std::vector<absl::string_view> parts = absl::StrSplit(item, ';');
    absl::string_view bucket = absl::StripAsciiWhitespace(parts[0]);
    if (!absl::ConsumePrefix(&bucket, "\"") || !absl::ConsumeSuffix(&bucket, "\"")) continue;
    const auto remaining = Parameter(parts, "r"), reset = Parameter(parts, "t");
    if (bucket.empty() || !remaining || !reset || !AllDigits(*reset)) continue;
    const auto count = Digits(*remaining);
    if (!count) continue;
    return RateLimit{std::string(bucket), *count, SecondsOf(*reset)};
  }
  return std::nullopt;
}

std::optional<absl::Duration> ParseRetryAfter(absl::string_view value, absl::Time now) {
  value = absl::StripAsciiWhitespace(value);
  if (AllDigits(value)) return SecondsOf(value);
  if (absl::ConsumePrefix(&value, "-")) {
    return AllDigits(value) ? std::optional(absl::ZeroDuration()) : std::nullopt;
  }
  for (const char* format :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    if (const auto at = ParseDate(format, value)) return ClampWait(*at - now);
  }
  return std::nullopt;
}

bool IsCoded(const HeaderFields& fields) {
  for (const auto& [key, value] : fields) {
    if (key != "content-encoding" && key != "transfer-encoding") continue;
    for (absl::string_view coding : absl::StrSplit(value, ',')) {
      coding = absl::StripAsciiWhitespace(coding);
      const bool plain = coding.empty() || absl::EqualsIgnoreCase(coding, "identity") ||
                         (key == "transfer-encoding" && absl::EqualsIgnoreCase(coding, "chunked"));
      if (!plain) return true;
    }
  }
  return false;
}

std::string BareEtag(absl::string_view value) {
  value = absl::StripAsciiWhitespace(value);
  if (!absl::ConsumePrefix(&value, "W/")) absl::ConsumePrefix(&value, "w/");
  if (absl::ConsumePrefix(&value, "\"")) absl::ConsumeSuffix(&value, "\"");
  return std::string(value);
}

std::optional<absl::Time> LinkExpiry(absl::string_view text) {
  const auto url = ParseUrl(text);
  if (!url.ok()) return std::nullopt;
  if (auto time = UnixTime(AnyCaseParameter(*url, "Expires"))) return time;
  if (auto time = SignatureV4Expiry(*url, "Amz")) return time;
  if (auto time = SignatureV4Expiry(*url, "Goog")) return time;
  if (auto time = AuthKeyExpiry(*url)) return time;
  return PolicyExpiry(*url);
}

}  // namespace hfget::hub
