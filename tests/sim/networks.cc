#include "tests/sim/networks.h"

#include <algorithm>
#include <map>
#include <string>

namespace hfget::testing {
namespace {

constexpr double kStepSeconds = 0.01;

struct Rates {
  double connection;  // MiB a second
  double host = 0;    // likewise; 0: no limit
};

// The `index`-th source.
FakeHost& AddHost(World& world, Dice& dice, int index, Rates rates, int most_connections = 16) {
  static const char* const kNames[] = {"official", "tuna", "pai", "hf-mirror", "campus"};
  FakeHost& hub = world.AddSource(kNames[index]);
  FakeHost& data = world.DataHost(kNames[index]);
  world.Config(kNames[index]).max_connections = most_connections;
  hub.latency = data.latency = absl::Milliseconds(dice.Up(15, 150));
  hub.shape.latency_spread = data.shape.latency_spread = dice.Real(0.1, 0.8);
  data.connection_rate = static_cast<ByteCount>(rates.connection * kMiB);
  data.host_rate = static_cast<ByteCount>(rates.host * kMiB);
  return data;
}

// The moment at which the part `share` of the bytes would have come at this pace (MiB a second).
absl::Time At(const World& world, double share, ByteCount bytes, double pace) {
  return world.clock.Steady() + absl::Seconds(share * static_cast<double>(bytes) / kMiB / pace);
}

// Every source is unlike the others, and limits what one connection carries, or all of them.
void UnequalSources(World& world, Dice& dice, ByteCount) {
  const int count = dice.Up(2, 5);
  for (int i = 0; i < count; ++i) {
    const double host = dice.Real(0.3, 2);
    AddHost(world, dice, i, {host / dice.Up(1, 6), host}, 12);
  }
}

// The user's own line is narrower than what the sources have.
void HomeLine(World& world, Dice& dice, ByteCount) {
  world.internet.line.rate = dice.Real(2, 5) * kMiB;
  const int count = dice.Up(2, 4);
  for (int i = 0; i < count; ++i) AddHost(world, dice, i, {dice.Real(0.5, 4)});
}

// All goes through one proxy, which gives each connection little and cuts it after a while.
void CampusProxy(World& world, Dice& dice, ByteCount) {
  world.internet.line.rate = dice.Real(2, 5) * kMiB;
  const double connection = dice.Real(0.4, 1.2);
  const ByteCount cut = dice.Up(8, 40) * kMiB + dice.Up(0, 1000000);
  const int count = dice.Up(2, 4);
  for (int i = 0; i < count; ++i) {
    AddHost(world, dice, i, {connection}).Add({.kind = Fault::Kind::kReset, .after = cut});
  }
}

// Each connection is slow, however many there are.
void ThrottledConnections(World& world, Dice& dice, ByteCount) {
  const int count = dice.Up(2, 3);
  for (int i = 0; i < count; ++i) AddHost(world, dice, i, {dice.Real(0.1, 0.3)}, 8);
}

// An address gets so much, over however many connections.
void ThrottledAddress(World& world, Dice& dice, ByteCount) {
  const int count = dice.Up(2, 4);
  for (int i = 0; i < count; ++i) AddHost(world, dice, i, {8, dice.Real(0.5, 2)});
}

// A connection is slow after its first MiBs: others begin anew.
void ThrottledLater(World& world, Dice& dice, ByteCount) {
  const int count = dice.Up(2, 4);
  const int late = dice.Up(0, count - 1);
  for (int i = 0; i < count; ++i) {
    const double host = dice.Real(0.5, 2);
    FakeHost& data = AddHost(world, dice, i, {host / 3, host});
    if (i != late && !dice.Odds(0.3)) continue;
    data.shape.connection_full_bytes = dice.Up(2, 12) * kMiB;
    data.shape.connection_later = dice.Real(0.05, 0.3);
  }
}

// An address is slow after so many MiB of the day.
void SpentQuota(World& world, Dice& dice, ByteCount bytes) {
  const int count = dice.Up(2, 4);
  for (int i = 0; i < count; ++i) {
    const double host = dice.Real(0.5, 2);
    FakeHost& data = AddHost(world, dice, i, {host / 3, host});
    if (i == 0) continue;
    data.shape.host_full_bytes = static_cast<ByteCount>(dice.Real(0.05, 0.3) * static_cast<double>(bytes));
    data.shape.host_later = dice.Real(0.02, 0.3);
  }
}

// Now and then all connections of a source break, and none is made for some seconds.
void BurstyLoss(World& world, Dice& dice, ByteCount bytes) {
  const int count = dice.Up(2, 4);
  for (int i = 0; i < count; ++i) {
    const double host = dice.Real(0.5, 2);
    FakeHost& data = AddHost(world, dice, i, {host / 4, host});
    const int bursts = dice.Up(i == 0 ? 1 : 0, 3);
    absl::Time begin = world.clock.Steady();
    for (int b = 0; b < bursts; ++b) {
      begin = std::max(begin, At(world, dice.Real(b * 0.3, b * 0.3 + 0.3), bytes, 1.25 * count));
      data.shape.bursts.push_back({begin, begin + absl::Seconds(dice.Real(0.2, 5))});
      begin = data.shape.bursts.back().end;
    }
  }
}

// In the evening everybody is on the line, and on the sources; later it is quiet again.
void DiurnalCollapse(World& world, Dice& dice, ByteCount bytes) {
  const bool line = dice.Odds(0.3);
  const int count = dice.Up(2, 4);
  if (line) world.internet.line.rate = dice.Real(0.7, 1.1) * count * kMiB;
  const auto curve = [&] {
    const double evening = dice.Real(0.1, 0.5), night = dice.Real(0.2, 0.7);
    return RateCurve({{At(world, evening, bytes, 1.25 * count), dice.Real(0.05, 0.4)},
                      {At(world, evening + night, bytes, 1.25 * count), dice.Real(0.6, 1)}});
  };
  if (line) world.internet.line.curve = curve();
  for (int i = 0; i < count; ++i) {
    const double host = dice.Real(0.5, 2);
    FakeHost& data = AddHost(world, dice, i, {host / 4, host});
    if (!line && dice.Odds(0.7)) data.shape.curve = curve();
  }
}

// It shows a fine rate for some seconds, and carries next to nothing from then on.
void Liar(World& world, Dice& dice, ByteCount) {
  const int count = dice.Up(2, 4);
  const int liar = dice.Up(0, count - 1);
  for (int i = 0; i < count; ++i) {
    const double host = dice.Real(0.5, 2);
    FakeHost& data = AddHost(world, dice, i, {host / 4, host});
    if (i != liar) continue;
    data.shape.curve = RateCurve({{world.clock.Steady() + absl::Seconds(dice.Real(1, 10)), dice.Real(0.002, 0.05)}});
  }
}

// With more connections than it likes a source punishes all of them.
void Crowded(World& world, Dice& dice, ByteCount) {
  const int count = dice.Up(2, 4);
  for (int i = 0; i < count; ++i) {
    FakeHost& data = AddHost(world, dice, i, {dice.Real(0.2, 0.7)});
    data.shape.crowd = 2 << dice.Up(0, 2);
    data.shape.crowded = dice.Real(0.03, 0.04 * data.shape.crowd);  // a crowd never pays, not even one of 16
  }
}

// Of one connection that is made anew whenever it is cut or becomes slow.
double ConnectionRate(const FakeHost& host) {
  ByteCount renew = host.shape.connection_full_bytes;
  for (const Fault& fault : host.faults) {
    if (fault.kind == Fault::Kind::kReset) renew = fault.after;
  }
  const auto rate = static_cast<double>(host.connection_rate);
  if (renew == 0) return rate;
  const auto bytes = static_cast<double>(renew);
  return bytes / (bytes / rate + absl::ToDoubleSeconds(host.latency));
}

double HostRate(const FakeHost& host, int most_connections, absl::Time now, ByteCount sent) {
  if (host.shape.Lost(now)) return 0;
  const double connection = ConnectionRate(host);
  double best = 0;
  for (int n = 1; n <= most_connections; ++n) {
    const double most = host.host_rate > 0 ? static_cast<double>(host.host_rate) : kNoLimit;
    best = std::max(best, std::min(n * connection, most) * host.shape.HostFactor(now, n, sent));
  }
  return best;
}

}  // namespace

const std::vector<Network>& Networks() {
  static const auto* networks = new std::vector<Network>{
      {"unequal sources", UnequalSources},
      {"home line", HomeLine},
      {"campus proxy", CampusProxy},
      {"throttled connections", ThrottledConnections},
      {"throttled address", ThrottledAddress},
      {"throttled later", ThrottledLater},
      {"spent quota", SpentQuota},
      {"bursty loss", BurstyLoss},
      {"diurnal collapse", DiurnalCollapse},
      {"liar", Liar},
      {"crowded", Crowded},
  };
  return *networks;
}

double IdealSeconds(World& world, ByteCount bytes) {
  struct Share {
    const FakeHost* host;
    int most_connections;
    double sent = 0;
    double rate = 0;
  };
  std::vector<Share> shares;
  absl::Duration latency = absl::InfiniteDuration();
  for (const engine::SourceConfig& source : world.config.sources) {
    shares.push_back({&world.DataHost(source.name), source.max_connections});
    latency = std::min(latency, shares.back().host->latency);
  }
  double seconds = 0;
  for (double left = static_cast<double>(bytes); left > 0; seconds += kStepSeconds) {
    const absl::Time now = world.clock.Steady() + absl::Seconds(seconds);
    double all = 0;
    for (Share& s : shares) {
      s.rate = HostRate(*s.host, s.most_connections, now, static_cast<ByteCount>(s.sent));
      all += s.rate;
    }
    const double carried = std::min(all, world.internet.line.Rate(now)) * kStepSeconds;
    for (Share& s : shares) s.sent += all > 0 ? carried * s.rate / all : 0;
    if (carried > left) seconds -= kStepSeconds * (1 - left / carried);
    left -= carried;
  }
  return seconds + absl::ToDoubleSeconds(latency);
}

}  // namespace hfget::testing
