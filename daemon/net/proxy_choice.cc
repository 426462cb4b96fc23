#include "daemon/net/proxy_choice.h"

#include <arpa/inet.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace hfget::net {
namespace {

using Variable = std::pair<std::string, std::string>;  // name, value

Variable First(const std::vector<const char*>& names, const GetVariable& get) {
  for (const char* name : names) {
    if (std::string value = get(name); !value.empty()) return {absl::StrCat("$", name), std::move(value)};
  }
  return {};
}

std::optional<uint32_t> Ipv4(absl::string_view text) {
  in_addr address;
  if (inet_pton(AF_INET, std::string(text).c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

bool InNetwork(absl::string_view entry, absl::string_view host) {
  const std::vector<absl::string_view> parts = absl::StrSplit(entry, absl::MaxSplits('/', 1));
  int bits = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[1], &bits) || bits < 1 || bits > 32) return false;
  const auto network = Ipv4(parts[0]);
  const auto address = Ipv4(host);
  return network && address && ((*network ^ *address) >> (32 - bits)) == 0;
}

bool Excepts(absl::string_view list, absl::string_view host) {
  for (absl::string_view entry : absl::StrSplit(list, absl::ByAnyChar(", "), absl::SkipEmpty())) {
    if (entry == "*") return true;
    if (InNetwork(entry, host)) return true;
    absl::ConsumePrefix(&entry, ".");
    if (absl::EqualsIgnoreCase(entry, host)) return true;
    const bool suffix = absl::EndsWithIgnoreCase(host, absl::StrCat(".", entry));
    if (suffix && !Ipv4(host)) return true;
  }
  return false;
}

std::string WithoutPassword(absl::string_view url) {
  const size_t scheme = url.find("://");
  const size_t begin = scheme == absl::string_view::npos ? 0 : scheme + 3;
  const size_t slash = url.find('/', begin);
  const size_t at = url.substr(0, slash).rfind('@');
  if (at == absl::string_view::npos || at < begin) return std::string(url.substr(0, slash));
  return absl::StrCat(url.substr(0, begin), url.substr(at + 1, slash == absl::string_view::npos ? slash : slash - at - 1));
}

}  // namespace

ProxyChoice ChooseProxy(absl::string_view setting, bool is_https, absl::string_view host, const GetVariable& get) {
  if (setting == "none") return {"", "the configuration"};
  if (setting != "env" && !setting.empty()) return {WithoutPassword(setting), "the configuration"};
  const std::vector<const char*> names = is_https
                                             ? std::vector<const char*>{"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}
                                             : std::vector<const char*>{"http_proxy", "all_proxy", "ALL_PROXY"};
  const auto [name, value] = First(names, get);
  if (value.empty()) return {};
  const auto [except, list] = First({"no_proxy", "NO_PROXY"}, get);
  if (Excepts(list, host)) return {"", except};
  return {WithoutPassword(value), name};
}

ProxyChoice ChooseProxy(absl::string_view setting, bool is_https, absl::string_view host) {
  return ChooseProxy(setting, is_https, host, [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  });
}

}  // namespace hfget::net
