// Addresses, and whose network they are in: where a hub may send us depends on where it stands itself.
#ifndef HFGET_DAEMON_HUB_ADDRESS_H_
#define HFGET_DAEMON_HUB_ADDRESS_H_

#include <optional>

#include "absl/strings/string_view.h"

namespace hfget::hub {

enum class Zone {
  kPublic,     // the internet
  kPrivate,    // somebody's own network: 10/8, 172.16/12, 192.168/16, 100.64/10, 198.18/15, fc00::/7
  kLoopback,   // this machine: 127/8, ::1, and what Linux takes for it (0.0.0.0, ::)
  kLinkLocal,  // 169.254/16, fe80::/10: where clouds give away the machine's credentials
  kNowhere,    // multicast, broadcast, reserved: no server is there
};

// Of an address as a URL or a resolver may spell it: "127.0.0.1", "127.1", "0x7f.1", "2130706433", IPv6 with or without
// brackets and scope, IPv4 inside IPv6. nullopt: a name. Source: the IANA special-purpose address registries.
std::optional<Zone> ZoneOfLiteral(absl::string_view host);

// 127/8 and ::1 in any spelling, and nothing that is only on the way to them: what is sent there stays on this machine.
bool IsLoopbackLiteral(absl::string_view host);

// Of what stands in a URL. "localhost" is this machine; any other name is taken for public: where it leads is seen when
// it is connected to.
Zone ZoneOfHost(absl::string_view host);

// Of the address that a name led to. 198.18/15 is public here: proxies on this machine (Clash and its kin) answer every
// question for a name with an address of it, and nothing else is there. What is no address is kNowhere.
Zone ZoneOfPeer(absl::string_view address);

// Of who answered for a URL with this host; `peer` is "address:port" of the connection, empty where it is not known or is
// a proxy's. Nobody is near for having an address that only tunnels lead to (NAT64, 6to4).
Zone ZoneOfAnswerer(absl::string_view url_host, absl::string_view peer);

// Whether one in `from` may send us to `to`: to its own kind of network or further out, never further in. An office
// mirror at 10.1.2.3 may name 10.4.5.6 or the internet, but not our loopback; a public hub only public addresses; nobody
// the link-local ones but who is there himself.
bool MayLead(Zone from, Zone to);

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_ADDRESS_H_
