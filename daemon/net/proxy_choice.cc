#include "daemon/net/proxy_choice.h"

#include <arpa/inet.h>

#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "daemon/base/secret.h"

namespace hfget::net {
namespace {

using Variable = std::pair<std::string, std::string>;  // name, value

Variable First(const std::vector<const char*>& names, const GetVariable& get) {
  for (const char* name : names) {
    if (std::string value = get(name); !value.empty()) return {absl::StrCat("$", name), std::move(value)};
  }
  return {};
}

// Of an IPv4 or IPv6 address, most significant first; empty: it is none.
std::string BytesOf(absl::string_view text) {
  const std::string address(text);
  char bytes[16];
  if (inet_pton(AF_INET, address.c_str(), bytes) == 1) return std::string(bytes, 4);
  if (inet_pton(AF_INET6, address.c_str(), bytes) == 1) return std::string(bytes, 16);
  return "";
}

bool InNetwork(absl::string_view entry, absl::string_view host) {
  const std::vector<absl::string_view> parts = absl::StrSplit(entry, absl::MaxSplits('/', 1));
  const std::string network = BytesOf(parts[0]), address = BytesOf(host);
  int bits = 0;
  if (parts.size() != 2 || network.empty() || network.size() != address.size()) return false;
  if (!absl::SimpleAtoi(parts[1], &bits) || bits < 1 || bits > static_cast<int>(8 * network.size())) return false;
  const size_t whole = bits / 8;
  if (network.compare(0, whole, address, 0, whole) != 0) return false;
  return bits % 8 == 0 || (static_cast<uint8_t>(network[whole] ^ address[whole]) >> (8 - bits % 8)) == 0;
}

bool Excepts(absl::string_view list, absl::string_view host) {
  absl::ConsumeSuffix(&host, ".");
  for (absl::string_view entry : absl::StrSplit(list, absl::ByAnyChar(", "), absl::SkipEmpty())) {
    if (entry == "*") return true;
    if (InNetwork(entry, host)) return true;
    absl::ConsumePrefix(&entry, ".");
    absl::ConsumeSuffix(&entry, ".");
    if (absl::EqualsIgnoreCase(entry, host)) return true;
    const bool suffix = absl::EndsWithIgnoreCase(host, absl::StrCat(".", entry));
    if (suffix && BytesOf(host).empty()) return true;
  }
  return false;
}

std::string WithoutPassword(absl::string_view url) {
  const std::string shown = WithoutUserInfo(url);
  const size_t scheme = shown.find("://");
  return shown.substr(0, shown.find('/', scheme == std::string::npos ? 0 : scheme + 3));
}

std::string OfThisProcess(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// With the password.
ProxyChoice Choose(absl::string_view setting, bool is_https, absl::string_view host, const GetVariable& get) {
  if (setting == "none") return {"", "the configuration"};
  if (setting != "env" && !setting.empty()) return {std::string(setting), "the configuration"};
  const std::vector<const char*> names = is_https
                                             ? std::vector<const char*>{"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}
                                             : std::vector<const char*>{"http_proxy", "all_proxy", "ALL_PROXY"};
  auto [name, value] = First(names, get);
  if (value.empty()) return {};
  const auto [except, list] = First({"no_proxy", "NO_PROXY"}, get);
  if (Excepts(list, host)) return {"", except};
  return {std::move(value), name};
}

}  // namespace

ProxyChoice ChooseProxy(absl::string_view setting, bool is_https, absl::string_view host, const GetVariable& get) {
  ProxyChoice choice = Choose(setting, is_https, host, get);
  choice.url = WithoutPassword(choice.url);
  return choice;
}

ProxyChoice ChooseProxy(absl::string_view setting, bool is_https, absl::string_view host) {
  return ChooseProxy(setting, is_https, host, &OfThisProcess);
}

std::string ProxyOf(absl::string_view setting, bool is_https, absl::string_view host) {
  return Choose(setting, is_https, host, &OfThisProcess).url;
}

}  // namespace hfget::net
