// What may come of a hostile answer, said anew: nothing here uses the product's own checks.
#ifndef HFGET_TESTS_HOSTILE_ORACLE_H_
#define HFGET_TESTS_HOSTILE_ORACLE_H_

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <cstring>
#include <filesystem>
#include <regex>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace hfget::testing {

// Empty, or what is wrong with `text` as one line on a terminal, in a log, or in a protobuf string.
inline std::string WrongWithLine(const std::string& text, size_t max_bytes = 1000) {
  if (text.empty()) return "it is empty";
  if (text.size() > max_bytes) return absl::StrCat("it has ", text.size(), " bytes");
  static const std::regex kUtf8(  // RFC 3629 §4, without the controls
      "^(?:[\\x20-\\x7E]|\\xC2[\\xA0-\\xBF]|[\\xC3-\\xDF][\\x80-\\xBF]|\\xE0[\\xA0-\\xBF][\\x80-\\xBF]|[\\xE1-\\xEC\\xEE\\xEF][\\x80-\\xBF]{2}|"
      "\\xED[\\x80-\\x9F][\\x80-\\xBF]|\\xF0[\\x90-\\xBF][\\x80-\\xBF]{2}|[\\xF1-\\xF3][\\x80-\\xBF]{3}|\\xF4[\\x80-\\x8F][\\x80-\\xBF]{2})*$");
  if (!std::regex_match(text, kUtf8)) return "it holds a control character, or is not UTF-8";
  for (const char* deceptive : {"\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069", "\u2028", "\u2029"}) {
    if (absl::StrContains(text, deceptive)) return "it turns the direction of the text";
  }
  return "";
}

// Whether `path` stays below `root` when all of it are real folders, by the standard library's word.
inline bool StaysBelow(const std::string& root, const std::string& path) {
  const std::filesystem::path normal = std::filesystem::path(path).lexically_normal();
  return normal == path && absl::StartsWith(normal.native(), root + "/") && path.find('\0') == std::string::npos;
}

// Whether this literal address, as libc reads it, is one that a public hub has no business with. False for names.
inline bool IsInside(std::string host) {
  if (!host.empty() && host.front() == '[') host = host.substr(1, host.size() - 2);
  if (host == "localhost" || absl::EndsWith(host, ".localhost")) return true;
  addrinfo hints = {};
  hints.ai_flags = AI_NUMERICHOST;
  addrinfo* found = nullptr;
  if (!host.empty() && host.back() == '.') host.pop_back();
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return false;
  in6_addr bytes = {};
  if (found->ai_family == AF_INET) {
    bytes.s6_addr[10] = bytes.s6_addr[11] = 0xFF;
    std::memcpy(bytes.s6_addr + 12, &reinterpret_cast<sockaddr_in*>(found->ai_addr)->sin_addr, 4);
  } else {
    bytes = reinterpret_cast<sockaddr_in6*>(found->ai_addr)->sin6_addr;
  }
  freeaddrinfo(found);
  struct Network {
    const char* address;
    int bits;
  };
  static constexpr Network kInside[] = {
      {"::ffff:0.0.0.0", 104}, {"::ffff:10.0.0.0", 104}, {"::ffff:127.0.0.0", 104}, {"::ffff:169.254.0.0", 112}, {"::ffff:172.16.0.0", 108},
      {"::ffff:192.168.0.0", 112}, {"::ffff:100.64.0.0", 106}, {"::ffff:198.18.0.0", 111}, {"::ffff:224.0.0.0", 99}, {"::", 96}, {"fc00::", 7},
      {"fe80::", 9}, {"ff00::", 8}, {"64:ff9b::a00:0", 104}, {"64:ff9b:1::a00:0", 104}, {"2002:a00::", 24}, {"::ffff:0:a00:0", 104}};
  for (const Network& network : kInside) {
    in6_addr prefix;
    inet_pton(AF_INET6, network.address, &prefix);
    int same = 0;
    while (same < network.bits && ((prefix.s6_addr[same / 8] ^ bytes.s6_addr[same / 8]) >> (7 - same % 8) & 1) == 0) ++same;
    if (same == network.bits) return true;
  }
  return false;
}

}  // namespace hfget::testing

#endif  // HFGET_TESTS_HOSTILE_ORACLE_H_
