// Random nets, repos, faults and crashes, one seed each. HFGET_SIM_SEED=n runs one of them alone.
#include <cstdlib>
#include <iterator>

#include "absl/strings/numbers.h"
#include "gtest/gtest.h"
#include "tests/sim/dice.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::PullState;
using Kind = Fault::Kind;
using Where = Fault::Where;
using Lose = MemoryFileSystem::Lose;

void AddSources(World& world, Dice& dice) {
  const char* const names[] = {"official", "tuna", "pai", "hf-mirror"};
  const int count = dice.Up(1, 4);
  for (int i = 0; i < count; ++i) {
    FakeHost& hub = world.AddSource(names[i]);
    hub.latency = absl::Milliseconds(dice.Up(3, 150));
    if (dice.Odds(0.3)) hub.page_rows = dice.Up(1, 20);
    FakeHost& data = world.DataHost(names[i]);
    data.latency = absl::Milliseconds(dice.Up(3, 150));
    data.connection_rate = dice.Up(256, 16 * 1024) * kKiB;
    if (dice.Odds(0.3)) data.host_rate = dice.Up(1024, 16 * 1024) * kKiB;
    if (dice.Odds(0.2)) hub.data_origin.clear();  // serves its bytes itself
    hub.connection_rate = data.connection_rate;
    if (dice.Odds(0.2)) hub.link_life = absl::Seconds(dice.Up(31, 60));
    world.Config(names[i]).max_connections = dice.Up(1, 12);
  }
}

void AddRandomRepo(World& world, Dice& dice) {
  FakeRepo& repo = world.AddRepo();
  const ByteCount odd_sizes[] = {0, 1, kMiB - 1, kMiB, kMiB + 1, 2 * kMiB, 3 * kMiB + 7};
  const int many = dice.Odds(0.4) ? dice.Up(5, 60) : 0;
  for (int i = 0; i < many; ++i) repo.Add(absl::StrCat("small/", i), dice.Up(0, 40000), dice.Odds(0.5));
  const int odd = dice.Up(1, 4);
  for (int i = 0; i < odd; ++i) repo.Add(absl::StrCat("odd-", i), dice.Of(odd_sizes), dice.Odds(0.6));
  const int large = dice.Odds(0.8) ? dice.Up(1, 2) : 0;
  for (int i = 0; i < large; ++i) repo.Add(absl::StrCat("large-", i), dice.Up(2, 12) * kMiB + dice.Up(0, 1) * 333);
}

// The first source errs only for a while: one must be left that brings all.
void AddFaults(World& world, Dice& dice) {
  const Kind kinds[] = {Kind::kRefuse, Kind::kConnectTimeout, Kind::kNoHead, Kind::kStatus, Kind::kHtml, Kind::kWhole,
                        Kind::kWrongRange, Kind::kWrongTotal, Kind::kRedirectLoop, Kind::kExpiredLink, Kind::kStall,
                        Kind::kReset, Kind::kFlip, Kind::kGarbage, Kind::kSlow};
  const int statuses[] = {404, 429, 500, 503};
  const Where places[] = {Where::kListing, Where::kResolve, Where::kBytes, Where::kBytes};
  const int count = dice.Up(1, 4);
  for (int i = 0; i < count; ++i) {
    const int source = dice.Up(0, static_cast<int>(world.config.sources.size()) - 1);
    const std::string& name = world.config.sources[source].name;
    Fault fault{.kind = dice.Of(kinds), .where = dice.Of(places)};
    const bool lies = fault.kind == Kind::kFlip || fault.kind == Kind::kGarbage;
    if (source == 0 && (lies || fault.kind == Kind::kRedirectLoop)) continue;
    if (source == 0 && fault.where == Where::kListing) continue;
    fault.skip = dice.Up(0, 4);
    fault.times = source == 0 || dice.Odds(0.3) ? dice.Up(1, 3) : -1;
    if (dice.Odds(0.3)) fault.share = 0.4;
    fault.after = dice.Up(0, 2000) * kKiB;
    fault.offset = dice.Up(0, 3000000);
    fault.rate = dice.Up(1, 50) * kKiB;
    fault.status = dice.Of(statuses);
    if (fault.status == 429 || fault.status == 503) fault.headers = {{"retry-after", absl::StrCat(dice.Up(1, 30))}};
    if (lies) {
      fault.where = Where::kBytes;
      world.honest = false;
    }
    FakeHost& hub = world.Hub(name);
    // A hub that refuses its own file means it.
    if (fault.kind == Kind::kExpiredLink && (fault.where != Where::kBytes || hub.data_origin.empty())) continue;
    // Bytes come from the data host, unless the hub has none.
    (fault.where == Where::kBytes && !hub.data_origin.empty() ? world.DataHost(name) : hub).Add(fault);
  }
}

void Setup(World& world, Dice& dice) {
  world.buffers = dice.Up(2, 48);
  world.pace.write = absl::Milliseconds(dice.Up(1, 40));
  world.pace.sync = absl::Milliseconds(dice.Up(1, 400));
  world.config.max_connections = dice.Up(1, 32);
  world.config.checkpoint_bytes = dice.Up(1, 8) * kMiB;
  world.config.checkpoint_interval = absl::Milliseconds(dice.Up(100, 5000));
  world.config.give_up_after = absl::Minutes(20);
  AddSources(world, dice);
  AddRandomRepo(world, dice);
  if (dice.Odds(0.65)) AddFaults(world, dice);
}

// Ends the process some time from now; true: the machine lost power with it.
bool EndSomehow(World& world, Dice& dice) {
  const Lose loses[] = {Lose::kNothing, Lose::kNothing, Lose::kUnsyncedData, Lose::kUnsyncedEverything};
  const Lose lose = dice.Of(loses);
  if (lose != Lose::kNothing && dice.Odds(0.5)) {
    world.files.LosePowerAfter(dice.Up(1, 60));
    world.RunUntil([&] { return world.files.power_lost(); }, absl::Seconds(dice.Up(1, 10)));
  } else {
    const int steps = dice.Up(1, dice.Odds(0.5) ? 150 : 3000);
    for (int i = 0; i < steps && !world.broken(); ++i) world.Step();
    const bool stopped = !dice.Odds(0.25) || world.Stop(absl::Seconds(30));
    EXPECT_TRUE(stopped) << "seed " << world.seed();
  }
  world.Kill(lose);
  return lose != Lose::kNothing;
}

ByteCount Published(const World& world, const FakeRepo& repo) {
  ByteCount bytes = 0;
  for (const FakeFile& file : repo.files) {
    const std::string blob = absl::StrCat(World::kCache, "/models--org--model/blobs/", file.hash().hex);
    if (world.files.Exists(blob)) bytes += file.content.size();
  }
  return bytes;
}

void RunSeed(uint64_t seed) {
  SCOPED_TRACE(absl::StrCat("seed ", seed, "; alone: HFGET_SIM_SEED=", seed));
  Dice dice(seed);
  World world(seed);
  Setup(world, dice);
  const FakeRepo& repo = world.internet.content.repos[0];
  std::string id = world.Pull(repo);
  const int crashes = dice.Odds(0.6) ? dice.Up(1, 3) : 0;
  ByteCount sent_before = 0, needed = repo.total();
  for (int i = 0; i < crashes && !world.broken(); ++i) {
    const bool power = EndSomehow(world, dice);
    needed = repo.total() - Published(world, repo) - (power ? 0 : world.recorded());
    sent_before = world.received();
    world.Start();
    if (power || world.records.all().count(store::PullKey(id)) == 0) id = world.Pull(repo);
  }
  const auto pull = world.Finish(id, absl::Hours(2));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  world.ExpectPublished(repo);
  world.ExpectQuiet();
  world.ExpectNoPartials();
  const bool all_is_well = std::all_of(world.internet.hosts().begin(), world.internet.hosts().end(),
                                       [](const FakeHost& host) { return host.faults.empty(); });
  // Listings, redirects, and the last chunk of each connection that was closed early, which some are twice.
  const ByteCount overhead = 64 * kKiB * (1 + 2 * world.config.max_connections);
  if (all_is_well) {
    EXPECT_LE(world.received() - sent_before, needed + pull.wasted + overhead);
  }
  for (const FakeHost& host : world.internet.hosts()) EXPECT_LE(host.busiest_second(), 250) << host.endpoint;
}

// In parts, so that they run side by side.
class Random : public ::testing::TestWithParam<int> {};

TEST_P(Random, EndsWithTheRightBytesAndNothingLeft) {
  constexpr int kSeeds = 50;
  const char* one = std::getenv("HFGET_SIM_SEED");
  uint64_t seed = 0;
  if (one != nullptr && absl::SimpleAtoi(one, &seed)) {
    if (GetParam() == 0) RunSeed(seed);
    return;
  }
  for (int i = 0; i < kSeeds && !HasFailure(); ++i) RunSeed(GetParam() * kSeeds + i + 1);
}

INSTANTIATE_TEST_SUITE_P(Part, Random, ::testing::Range(0, 6));

}  // namespace
}  // namespace hfget::testing
