#include "daemon/hub/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace hfget::hub {
namespace {

using Ipv4 = std::array<uint8_t, 4>;
using Ipv6 = std::array<uint8_t, 16>;

absl::string_view WithoutFinalDot(absl::string_view host) {
  absl::ConsumeSuffix(&host, ".");
  return host;
}

std::optional<Ipv4> AsIpv4(absl::string_view host) {
  in_addr address;
  if (host.empty() || !absl::ascii_isdigit(host[0])) return std::nullopt;
  if (inet_aton(std::string(WithoutFinalDot(host)).c_str(), &address) == 0) return std::nullopt;
  const uint32_t bits = ntohl(address.s_addr);
  return Ipv4{static_cast<uint8_t>(bits >> 24), static_cast<uint8_t>(bits >> 16),
              static_cast<uint8_t>(bits >> 8), static_cast<uint8_t>(bits)};
}

std::optional<Ipv6> AsIpv6(absl::string_view host) {
  Ipv6 bytes;
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  host = host.substr(0, host.find('%'));
  if (!absl::StrContains(host, ':')) return std::nullopt;
  if (inet_pton(AF_INET6, std::string(host).c_str(), bytes.data()) != 1) return std::nullopt;
  return bytes;
}

bool IsBenchmarking(const Ipv4& ip) { return ip[0] == 198 && (ip[1] & 0xFE) == 18; }

Zone ZoneOf(const Ipv4& ip) {
  const auto [a, b, c, d] = ip;
  if (ip == Ipv4{0, 0, 0, 0} || a == 127) return Zone::kLoopback;
  if (a == 0 || a >= 224) return Zone::kNowhere;
  if (a == 169 && b == 254) return Zone::kLinkLocal;
  if (a == 10 || (a == 172 && (b & 0xF0) == 16) || (a == 192 && b == 168)) return Zone::kPrivate;
  if (a == 100 && (b & 0xC0) == 64) return Zone::kPrivate;
  if (IsBenchmarking(ip) || (a == 192 && b == 0 && c == 0)) return Zone::kPrivate;
  return Zone::kPublic;
}

bool HasPrefix(const Ipv6& ip, std::initializer_list<uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), ip.begin());
}

bool IsMapped(const Ipv6& ip) { return HasPrefix(ip, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}); }

bool IsLoopback(const Ipv6& ip) {
  Ipv6 loopback = {};
  loopback[15] = 1;
  return ip == loopback;
}

// The IPv4 address that this one leads to: mapped, translated, compatible, NAT64 (its own prefix and the local one), 6to4.
std::optional<Ipv4> Embedded(const Ipv6& ip) {
  const auto at = [&ip](size_t i) { return Ipv4{ip[i], ip[i + 1], ip[i + 2], ip[i + 3]}; };
  if (IsMapped(ip)) return at(12);
  if (HasPrefix(ip, {0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0})) return at(12);
  if (HasPrefix(ip, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})) return at(12);
  if (HasPrefix(ip, {0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0})) return at(12);
  if (HasPrefix(ip, {0, 0x64, 0xFF, 0x9B, 0, 1})) return at(12);
  if (HasPrefix(ip, {0x20, 0x02})) return at(2);
  return std::nullopt;
}

Zone ZoneOf(const Ipv6& ip) {
  if (ip == Ipv6{} || IsLoopback(ip)) return Zone::kLoopback;
  if (ip[0] == 0xFF) return Zone::kNowhere;  // multicast
  // Site-local, which nobody uses any more, is no better.
  if (ip[0] == 0xFE && (ip[1] & 0x80) == 0x80) return Zone::kLinkLocal;
  if ((ip[0] & 0xFE) == 0xFC) return Zone::kPrivate;
  const auto inner = Embedded(ip);
  return inner ? ZoneOf(*inner) : Zone::kPublic;
}

// "203.0.113.7" of "203.0.113.7:443", "::1" of "[::1]:80".
absl::string_view WithoutPort(absl::string_view peer) {
  if (absl::ConsumePrefix(&peer, "[")) return peer.substr(0, peer.find(']'));
  return peer.substr(0, peer.find(':'));
}

}  // namespace

std::optional<Zone> ZoneOfLiteral(absl::string_view host) {
  if (const auto v4 = AsIpv4(host)) return ZoneOf(*v4);
  if (const auto v6 = AsIpv6(host)) return ZoneOf(*v6);
  return std::nullopt;
}

bool IsLoopbackLiteral(absl::string_view host) {
  if (const auto v4 = AsIpv4(host)) return (*v4)[0] == 127;
  const auto v6 = AsIpv6(host);
  return v6 && IsLoopback(*v6);
}

Zone ZoneOfHost(absl::string_view host) {
  if (const auto literal = ZoneOfLiteral(host)) return *literal;
  const std::string name = absl::AsciiStrToLower(WithoutFinalDot(host));
  const bool here = name == "localhost" || absl::EndsWith(name, ".localhost");
  return here ? Zone::kLoopback : Zone::kPublic;
}

Zone ZoneOfPeer(absl::string_view address) {
  const auto v4 = AsIpv4(address);
  if (v4 && IsBenchmarking(*v4)) return Zone::kPublic;
  return ZoneOfLiteral(address).value_or(Zone::kNowhere);
}

Zone ZoneOfAnswerer(absl::string_view url_host, absl::string_view peer) {
  if (peer.empty() || ZoneOfLiteral(url_host)) return ZoneOfHost(url_host);
  const absl::string_view address = WithoutPort(peer);
  const auto v6 = AsIpv6(address);
  const bool tunnelled = v6 && Embedded(*v6) && !IsMapped(*v6) && !IsLoopback(*v6) && *v6 != Ipv6{};
  return tunnelled ? Zone::kPublic : ZoneOfPeer(address);
}

bool MayLead(Zone from, Zone to) {
  switch (to) {
    case Zone::kPublic:
      return true;
    case Zone::kPrivate:
      return from == Zone::kPrivate || from == Zone::kLoopback || from == Zone::kLinkLocal;
    case Zone::kLoopback:
      return from == Zone::kLoopback;
    case Zone::kLinkLocal:
      return from == Zone::kLinkLocal;
    case Zone::kNowhere:
      return false;
  }
  return false;
}

}  // namespace hfget::hub
