#include "daemon/hub/url.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "daemon/base/status.h"
#include "daemon/hub/address.h"

namespace hfget::hub {
namespace {

constexpr size_t kMaxUrlBytes = 8 * 1024;

// Not shown: it may be a signed link.
absl::Status Refuse(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("the URL ", why));
}

int DefaultPort(absl::string_view scheme) { return scheme == "https" ? 443 : 80; }

absl::string_view WithoutFinalDot(absl::string_view host) {
  absl::ConsumeSuffix(&host, ".");
  return host;
}

bool IsHostCharacter(char c) { return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_'; }

absl::Status TakePort(absl::string_view text, Url& url) {
  if (text.empty()) return absl::OkStatus();
  const bool digits =
      text.size() <= 5 && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
  if (!digits || !absl::SimpleAtoi(text, &url.port) || url.port < 1 || url.port > 65535) {
    return Refuse("has a port that is not 1 to 65535");
  }
  return absl::OkStatus();
}

absl::Status TakeIpv6(absl::string_view authority, Url& url) {
  const size_t close = authority.find(']');
  if (close == absl::string_view::npos) return Refuse("has a host that is not one");
  url.host = absl::AsciiStrToLower(authority.substr(1, close - 1));
  absl::string_view rest = authority.substr(close + 1);
  const bool address = absl::StrContains(url.host, ':') && !absl::StrContains(url.host, '%') && ZoneOfLiteral(url.host);
  if (!address || (!rest.empty() && !absl::ConsumePrefix(&rest, ":"))) {
    return Refuse("has a host that is not one");
  }
  return TakePort(rest, url);
}

absl::Status TakeAuthority(absl::string_view authority, Url& url) {
  if (absl::StrContains(authority, '@')) return Refuse("holds a user name");
  url.port = DefaultPort(url.scheme);
  if (absl::StartsWith(authority, "[")) return TakeIpv6(authority, url);
  const size_t colon = std::min(authority.find(':'), authority.size());
  url.host = absl::AsciiStrToLower(authority.substr(0, colon));
  const bool known = std::all_of(url.host.begin(), url.host.end(), IsHostCharacter);
  if (WithoutFinalDot(url.host).empty() || url.host.size() > 253 || !known) {
    return Refuse("has a host that is not one");
  }
  return TakePort(authority.substr(std::min(colon + 1, authority.size())), url);
}

void AppendEscaped(char c, std::string& out) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

// Servers write file names into Location as they are; a request line takes ASCII only.
std::string EncodeNonAscii(absl::string_view text) {
  std::string out;
  for (const char c : text) {
    if (absl::ascii_isascii(c))
      out += c;
    else
      AppendEscaped(c, out);
  }
  return out;
}

absl::Status TakeScheme(absl::string_view& text, Url& url) {
  const size_t colon = text.find(':');
  if (colon == absl::string_view::npos) return Refuse("is not absolute");
  url.scheme = absl::AsciiStrToLower(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") return Refuse("is neither http nor https");
  text.remove_prefix(colon + 1);
  if (!absl::ConsumePrefix(&text, "//")) return Refuse("has no host");
  return absl::OkStatus();
}

absl::string_view WithoutFragment(absl::string_view text) { return text.substr(0, text.find('#')); }

// RFC 3986 §5.2.4, for a path that begins with "/".
std::string RemoveDotSegments(absl::string_view path) {
  std::vector<absl::string_view> out;
  const std::vector<absl::string_view> parts = absl::StrSplit(path.substr(1), '/');
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool dots = parts[i] == "." || parts[i] == "..";
    if (parts[i] == ".." && !out.empty()) out.pop_back();
    if (!dots)
      out.push_back(parts[i]);
    else if (i + 1 == parts.size())
      out.push_back("");
  }
  return absl::StrCat("/", absl::StrJoin(out, "/"));
}

bool HasScheme(absl::string_view reference) {
  const size_t end = reference.find_first_of(":/?");
  return end != absl::string_view::npos && reference[end] == ':';
}

std::string Encode(absl::string_view text, absl::string_view kept) {
  std::string out;
  for (const char c : text) {
    const bool keep = absl::ascii_isalnum(c) || absl::StrContains(kept, absl::string_view(&c, 1));
    if (keep)
      out += c;
    else
      AppendEscaped(c, out);
  }
  return out;
}

int HexValue(char c) {
  if (absl::ascii_isdigit(c)) return c - '0';
  return absl::ascii_isxdigit(c) ? absl::ascii_tolower(c) - 'a' + 10 : -1;
}

}  // namespace

std::string Url::ToString() const {
  return absl::StrCat(Origin(), path, query.empty() ? "" : "?", query);
}

std::string Url::Origin() const {
  const bool v6 = absl::StrContains(host, ':');
  std::string origin = absl::StrCat(scheme, "://", v6 ? "[" : "", host, v6 ? "]" : "");
  if (port != DefaultPort(scheme)) absl::StrAppend(&origin, ":", port);
  return origin;
}

std::string Url::HostAndPort() const { return Origin().substr(scheme.size() + 3); }

bool Url::SameOrigin(const Url& other) const {
  return scheme == other.scheme && host == other.host && port == other.port;
}

bool Url::IsLoopback() const { return IsLoopbackLiteral(host) || WithoutFinalDot(host) == "localhost"; }

bool Url::IsLocalAddress() const { return ZoneOfHost(host) != Zone::kPublic; }

absl::StatusOr<Url> ParseUrl(absl::string_view text) {
  if (text.size() > kMaxUrlBytes) return Refuse("is longer than 8 KiB");
  const bool clean = std::none_of(text.begin(), text.end(),
                                  [](char c) { return absl::ascii_iscntrl(c) || c == ' '; });
  if (!clean) return Refuse("holds a space or a control character");
  Url url;
  text = WithoutFragment(text);
  HFGET_RETURN_IF_ERROR(TakeScheme(text, url));
  const size_t end = std::min(text.find_first_of("/?"), text.size());
  HFGET_RETURN_IF_ERROR(TakeAuthority(text.substr(0, end), url));
  const absl::string_view rest = text.substr(end);
  const size_t question = std::min(rest.find('?'), rest.size());
  url.path = EncodeNonAscii(rest.substr(0, question));
  if (url.path.empty()) url.path += '/';
  if (question < rest.size()) url.query = EncodeNonAscii(rest.substr(question + 1));
  // Encoding makes it longer; what was taken once must be taken again.
  if (url.ToString().size() > kMaxUrlBytes) return Refuse("is longer than 8 KiB");
  return url;
}

absl::StatusOr<Url> ResolveReference(const Url& base, absl::string_view reference) {
  reference = WithoutFragment(absl::StripAsciiWhitespace(reference));
  if (reference.empty()) return Refuse("is empty");
  if (HasScheme(reference)) return ParseUrl(reference);
  if (absl::StartsWith(reference, "//")) return ParseUrl(absl::StrCat(base.scheme, ":", reference));
  if (reference[0] == '?') return ParseUrl(absl::StrCat(base.Origin(), base.path, reference));
  const size_t question = std::min(reference.find('?'), reference.size());
  std::string path(reference.substr(0, question));
  if (path[0] != '/') path = absl::StrCat(base.path.substr(0, base.path.rfind('/') + 1), path);
  return ParseUrl(absl::StrCat(base.Origin(), RemoveDotSegments(path), reference.substr(question)));
}

std::string EncodeComponent(absl::string_view text) { return Encode(text, "-._~"); }
std::string EncodePath(absl::string_view path) { return Encode(path, "-._~/"); }

std::string Decode(absl::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
    const int low = high < 0 ? -1 : HexValue(text[i + 2]);
    if (low < 0) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string QueryParameter(const Url& url, absl::string_view name) {
  for (const absl::string_view pair : absl::StrSplit(url.query, '&')) {
    const size_t equals = std::min(pair.find('='), pair.size());
    if (Decode(pair.substr(0, equals)) != name) continue;
    return Decode(pair.substr(std::min(equals + 1, pair.size())));
  }
  return "";
}

}  // namespace hfget::hub
