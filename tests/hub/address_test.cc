#include "daemon/hub/address.h"

#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace hfget::hub {
namespace {

TEST(AddressTest, KnowsWhoseNetworkAnAddressIsIn) {
  const std::map<Zone, std::vector<const char*>> kCases = {
      {Zone::kPublic,
       {"1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "169.253.0.1", "192.167.0.1", "198.17.0.1",
        "203.0.113.7", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"}},
      {Zone::kPrivate,
       {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255", "198.18.0.1",
        "192.0.0.8", "fc00::1", "fd12:3456::1", "::ffff:10.0.0.1", "::10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::a00:1",
        "2002:a00:1::", "::ffff:0:10.0.0.1", "10.1", "167772161", "0xa000001", "012.0.0.1", "10.0.0.1."}},
      {Zone::kLoopback,
       {"127.0.0.1", "127.8.9.1", "::1", "0.0.0.0", "0", "::", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1",
        "::ffff:7f00:1", "[::1]"}},
      {Zone::kLinkLocal,
       {"169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe", "2852039166", "0xA9FEA9FE", "0251.0376.0251.0376", "169.16689662",
        "[fe80::1]"}},
      {Zone::kNowhere, {"224.0.0.1", "239.1.1.1", "255.255.255.255", "240.0.0.1", "0.1.2.3", "ff02::1"}},
  };
  for (const auto& [zone, addresses] : kCases) {
    for (const char* address : addresses) EXPECT_EQ(ZoneOfLiteral(address), zone) << address;
  }
}

TEST(AddressTest, NamesAreNoAddresses) {
  for (const char* name : {"", "huggingface.co", "10.example.com", "1e100.net", "a:b", "169.254.169.254.nip.io", "1.2.3.4.5",
                           "256.0.0.1", "0x", "::g", "localhost"}) {
    EXPECT_EQ(ZoneOfLiteral(name), std::nullopt) << name;
  }
  for (const char* name : {"localhost", "LOCALHOST", "localhost.", "a.localhost"}) EXPECT_EQ(ZoneOfHost(name), Zone::kLoopback) << name;
  for (const char* name : {"huggingface.co", "localhost.evil.example", "xlocalhost"}) EXPECT_EQ(ZoneOfHost(name), Zone::kPublic) << name;
}

// Everyone may send us to his own kind of network or further out.
TEST(AddressTest, NobodyMayLeadFurtherIn) {
  constexpr Zone kAll[] = {Zone::kPublic, Zone::kPrivate, Zone::kLoopback, Zone::kLinkLocal, Zone::kNowhere};
  const std::map<Zone, std::vector<bool>> kMay = {
      //                     public, private, loopback, link-local, nowhere
      {Zone::kPublic,    {true, false, false, false, false}},
      {Zone::kPrivate,   {true, true, false, false, false}},
      {Zone::kLoopback,  {true, true, true, false, false}},
      {Zone::kLinkLocal, {true, true, false, true, false}},
      {Zone::kNowhere,   {true, false, false, false, false}},
  };
  for (const auto& [from, may] : kMay) {
    for (size_t to = 0; to < may.size(); ++to) {
      EXPECT_EQ(MayLead(from, kAll[to]), may[to]) << static_cast<int>(from) << " to " << to;
    }
  }
}

// Clash and its kin answer for every name with an address of 198.18/15: then the hub's and its CDN's look so.
TEST(AddressTest, AProxysMadeUpAddressesArePublicWhereANameLedToThem) {
  EXPECT_EQ(ZoneOfPeer("198.18.0.7"), Zone::kPublic);
  EXPECT_EQ(ZoneOfPeer("198.19.255.1"), Zone::kPublic);
  EXPECT_EQ(ZoneOfPeer("198.20.0.1"), Zone::kPublic);
  EXPECT_EQ(ZoneOfPeer("10.0.0.1"), Zone::kPrivate);
  EXPECT_EQ(ZoneOfPeer("::1"), Zone::kLoopback);
  EXPECT_EQ(ZoneOfPeer("fe80::1"), Zone::kLinkLocal);
  EXPECT_EQ(ZoneOfPeer("nonsense"), Zone::kNowhere);
}

TEST(AddressTest, AnAnswererIsWhereItsConnectionLed) {
  EXPECT_EQ(ZoneOfAnswerer("hub.example", "203.0.113.7:443"), Zone::kPublic);
  EXPECT_EQ(ZoneOfAnswerer("hub.example", "10.0.0.7:443"), Zone::kPrivate) << "an office mirror with a name";
  EXPECT_EQ(ZoneOfAnswerer("hub.example", "[fd00::1]:443"), Zone::kPrivate);
  EXPECT_EQ(ZoneOfAnswerer("hub.example", "[::ffff:127.0.0.1]:80"), Zone::kLoopback);
  EXPECT_EQ(ZoneOfAnswerer("hub.example", ""), Zone::kPublic) << "behind a proxy nobody is seen";
  EXPECT_EQ(ZoneOfAnswerer("10.0.0.7", ""), Zone::kPrivate);
  EXPECT_EQ(ZoneOfAnswerer("127.0.0.1", "127.0.0.1:80"), Zone::kLoopback);
  for (const char* tunnelled : {"[64:ff9b::a00:1]:443", "[2002:7f00:1::]:443", "[::10.0.0.1]:443"}) {
    EXPECT_EQ(ZoneOfAnswerer("hub.example", tunnelled), Zone::kPublic) << tunnelled;
  }
}

TEST(AddressTest, OnlyLoopbackItselfIsTakenForIt) {
  for (const char* host : {"127.0.0.1", "127.1", "2130706433", "::1", "[::1]"}) EXPECT_TRUE(IsLoopbackLiteral(host)) << host;
  for (const char* host : {"0.0.0.0", "::", "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "10.0.0.1", "localhost"}) {
    EXPECT_FALSE(IsLoopbackLiteral(host)) << host;
  }
}

}  // namespace
}  // namespace hfget::hub
