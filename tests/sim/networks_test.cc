// How close a pull comes to a perfect one, on networks as users have them. HFGET_SIM_SEED=n runs one seed alone,
// HFGET_SIM_SEEDS=n the first n.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "gtest/gtest.h"
#include "tests/sim/networks.h"

namespace hfget::testing {
namespace {

using core::PullState;

// What is reached, with a little room: a regression fails. The goals are 1.03 for the median of all seeds and 1.5 for the
// worst of them.
struct Bounds {
  double median;
  double worst;
};
constexpr Bounds kAll = {1.025, 1.3};

Bounds BoundsOf(absl::string_view network) {
  static const auto* bounds = new std::map<absl::string_view, Bounds>{
      {"unequal sources", {1.03, 1.1}},   {"home line", {1.01, 1.04}},       {"campus proxy", {1.01, 1.05}},
      {"throttled connections", {1.06, 1.15}}, {"throttled address", {1.03, 1.1}}, {"throttled later", {1.03, 1.1}},
      {"spent quota", {1.02, 1.12}},      {"bursty loss", {1.06, 1.25}},     {"diurnal collapse", {1.025, 1.1}},
      {"liar", {1.025, 1.1}},             {"crowded", {1.08, 1.25}},
  };
  return bounds->at(network);
}

// Of the bytes, at most so many may come twice.
constexpr double kMostWasted = 0.02;

struct Outcome {
  double ratio = 0;
  double wasted = 0;  // share of the bytes
  uint64_t seed = 0;
};

const Network& NetworkOf(uint64_t seed) { return Networks()[seed % Networks().size()]; }

// Few sizes, since the hash of each is reckoned once.
void AddFiles(FakeRepo& repo, Dice& dice) {
  struct Files {
    int count;
    int mib;
  };
  const Files shapes[] = {{1, 512}, {1, 800}, {2, 384}, {3, 256}, {12, 64}};
  const Files files = dice.Of(shapes);
  for (int i = 0; i < files.count; ++i) repo.Add(absl::StrCat("model-", i, ".safetensors"), files.mib * kMiB + 77);
}

bool Alone() { return std::getenv("HFGET_SIM_SEED") != nullptr; }

// One line: of each source its connections, those allowed, and the MiB it has sent.
void PrintMoment(World& world, double seconds) {
  std::printf("%7.2f s", seconds);
  for (core::SourceIndex i = 0; i < world.engine().sources().count(); ++i) {
    const engine::Source& source = world.engine().sources().at(i);
    const FakeHost& data = world.DataHost(source.config.name);
    std::printf("  %s %d/%d %.1f", source.config.name.c_str(), data.active, world.engine().sources().ConnectionsAllowed(i),
                static_cast<double>(data.sent) / kMiB);
  }
  std::printf("\n");
}

// Time ÷ ideal, from the moment that the user asks.
Outcome RunSeed(uint64_t seed) {
  Dice dice(seed);
  World world(seed);
  world.weightless = true;
  world.buffers = 80;  // as shipped
  world.internet.chunk_time = absl::Milliseconds(250);
  world.clock.Advance(absl::Seconds(1));
  FakeRepo& repo = world.AddRepo();
  AddFiles(repo, dice);
  NetworkOf(seed).set_up(world, dice, repo.total());
  const double ideal = IdealSeconds(world, repo.total());
  const absl::Time begin = world.clock.Steady();
  const std::string id = world.Pull(repo);
  absl::Time next = begin;
  absl::Time end = begin;  // the last moment at which something was under way
  while (!world.broken() && world.clock.Steady() - begin < absl::Seconds(20 * ideal)) {
    const size_t under_way = world.engine().racer().open_transfers();
    if (under_way == 0 && end > begin) break;
    world.Step();
    if (under_way > 0) end = world.clock.Steady();
    if (Alone() && world.clock.Steady() >= next) {
      PrintMoment(world, absl::ToDoubleSeconds(next - begin));
      next += absl::Seconds(ideal / 40);
    }
  }
  const engine::PullSnapshot pull = world.Finish(id, absl::Minutes(1));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message << ", seed " << seed;
  const double seconds = absl::ToDoubleSeconds(end - begin);
  if (Alone()) {
    std::printf("seed %llu, %s: %.2f s, ideal %.2f s, wasted %.1f MiB, ratio %.3f\n", static_cast<unsigned long long>(seed),
                std::string(NetworkOf(seed).name).c_str(), seconds, ideal, static_cast<double>(pull.wasted) / kMiB,
                seconds / ideal);
  }
  return {seconds / ideal, static_cast<double>(pull.wasted) / static_cast<double>(repo.total()), seed};
}

class Distribution {
 public:
  void Add(Outcome run) { runs_.push_back(run); }
  Outcome At(double share) {
    std::sort(runs_.begin(), runs_.end(), [](const Outcome& a, const Outcome& b) { return a.ratio < b.ratio; });
    return runs_[static_cast<size_t>(share * static_cast<double>(runs_.size() - 1) + 0.5)];
  }
  void Print(absl::string_view name) {
    std::printf("%-24s %5zu %8.3f %8.3f %8.3f %8.3f  seed %llu\n", std::string(name).c_str(), runs_.size(), At(0.5).ratio,
                At(0.9).ratio, At(0.99).ratio, At(1).ratio, static_cast<unsigned long long>(At(1).seed));
  }

 private:
  std::vector<Outcome> runs_;
};

TEST(Networks, DistributionOverAThousandSeeds) {
  uint64_t first = 1, last = 1000;
  if (const char* some = std::getenv("HFGET_SIM_SEEDS"); some != nullptr) last = std::strtoull(some, nullptr, 10);
  if (const char* one = std::getenv("HFGET_SIM_SEED"); one != nullptr && absl::SimpleAtoi(one, &first)) last = first;
  std::map<absl::string_view, Distribution> of_network;
  Distribution all;
  double most_wasted = 0;
  for (uint64_t seed = first; seed <= last; ++seed) {
    const Outcome run = RunSeed(seed);
    EXPECT_LE(run.wasted, kMostWasted) << NetworkOf(seed).name << "; alone: HFGET_SIM_SEED=" << seed;
    most_wasted = std::max(most_wasted, run.wasted);
    of_network[NetworkOf(seed).name].Add(run);
    all.Add(run);
  }
  std::printf("%-24s %5s %8s %8s %8s %8s\n", "time / ideal", "seeds", "median", "p90", "p99", "worst");
  for (const Network& network : Networks()) {
    const auto found = of_network.find(network.name);
    if (found == of_network.end()) continue;
    found->second.Print(network.name);
    const Outcome worst = found->second.At(1);
    EXPECT_LE(worst.ratio, BoundsOf(network.name).worst) << network.name << "; alone: HFGET_SIM_SEED=" << worst.seed;
    if (last - first < 999) continue;
    EXPECT_LE(found->second.At(0.5).ratio, BoundsOf(network.name).median) << network.name;
  }
  all.Print("all");
  std::printf("fetched twice: at most %.2f %% of the bytes\n", 100 * most_wasted);
  if (last - first >= 999) {
    EXPECT_LE(all.At(0.5).ratio, kAll.median);
    EXPECT_LE(all.At(1).ratio, kAll.worst);
  }
}

}  // namespace
}  // namespace hfget::testing
