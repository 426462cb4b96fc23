// Hubs that mean harm: the pull ends, and nothing lies anywhere but in its folder.
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/hostile/maker.h"
#include "tests/hostile/oracle.h"
#include "tests/sim/world.h"

namespace hfget::testing {
namespace {

using core::ErrorCause;
using core::PullState;
using ::testing::HasSubstr;
using Kind = Fault::Kind;
using Where = Fault::Where;

FakeReply Text(int status, std::string text, hub::HeaderFields fields = {}) {
  FakeReply reply;
  reply.head.status = status;
  reply.text = std::move(text);
  reply.head.headers.fields = std::move(fields);
  return reply;
}

FakeReply Endless(int status, hub::HeaderFields fields) {
  FakeReply reply = Text(status, std::string(16 * kKiB, 'e'), std::move(fields));
  reply.endless = true;
  return reply;
}

bool IsTree(const hub::Url& url) { return absl::StrContains(url.path, "/tree/"); }
bool IsInfo(const hub::Url& url) { return absl::StrContains(url.path, "/revision/"); }

FakeRepo& AddRepo(World& world) {
  FakeRepo& repo = world.AddRepo();
  repo.Add("big.bin", 3 * kMiB);
  repo.Add("config.json", 600, /*lfs=*/false);
  return repo;
}

// The range that is asked for, as a 206 says it.
hub::HeaderFields RangeOf(const net::Request& request, ByteCount total) {
  for (const auto& [name, value] : request.headers) {
    if (name == "Range") return {{"content-range", absl::StrCat(absl::StrReplaceAll(value, {{"=", " "}}), "/", total)}};
  }
  return {};
}

TEST(Hostile, ABodyThatGoesOnBehindItsRangeEndsThere) {
  for (const bool partial : {true, false}) {
    World world;
    world.AddSource("official");
    FakeRepo& repo = world.AddRepo();
    repo.Add("big.bin", 3 * kMiB);
    world.honest = false;  // what is sent is no file of ours, which is found out at its end
    world.DataHost("official").script = [partial](const net::Request& request, const hub::Url&) {
      return partial ? Endless(206, RangeOf(request, 3 * kMiB)) : Endless(200, {});
    };
    world.config.give_up_after = absl::Minutes(2);
    const auto pull = world.Finish(world.Pull(repo), absl::Hours(1));
    EXPECT_EQ(pull.state, PullState::kFailed);
    EXPECT_EQ(WrongWithLine(pull.error.message), "") << pull.error.message;
    world.ExpectQuiet();
    const FakeHost& data = world.DataHost("official");
    EXPECT_LE(data.sent, data.requests * (3 * kMiB + 64 * kKiB)) << "read on behind the range";
  }
}

TEST(Hostile, TheRightBytesWithMoreBehindThemAreTheFile) {
  World world;
  world.AddSource("official");
  FakeRepo& repo = world.AddRepo();
  repo.Add("big.bin", kMiB - 5);
  // As a server does that knows no ranges, and sends its file without a length.
  world.DataHost("official").script = [](const net::Request&, const hub::Url&) -> std::optional<FakeReply> {
    const FakeContent content(0, kMiB - 5);
    std::string bytes;
    while (static_cast<ByteCount>(bytes.size()) < content.size()) absl::StrAppend(&bytes, content.View(bytes.size(), content.size()));
    return Text(200, bytes + std::string(30 * kMiB, 'e'));
  };
  const auto pull = world.Finish(world.Pull(repo), absl::Minutes(5));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  world.ExpectPublished(repo);
  world.ExpectQuiet();
  EXPECT_LT(world.DataHost("official").sent, 2 * kMiB);
}

// The file goes on behind this range: nobody but the fetch itself ends it.
TEST(Hostile, ARangeWithMoreBehindItIsNotReadOn) {
  World world;
  world.AddSource("official");
  FakeRepo& repo = world.AddRepo();
  repo.Add("big.bin", 12 * kMiB);
  world.config.max_connections = 1;
  world.DataHost("official").script = [](const net::Request& request, const hub::Url&) -> std::optional<FakeReply> {
    const FakeContent content(0, 12 * kMiB);
    hub::HeaderFields fields = RangeOf(request, content.size());
    const auto range = hub::ParseContentRange(fields[0].second);
    std::string bytes;
    while (static_cast<ByteCount>(bytes.size()) < range->last + 1 - range->first) {
      absl::StrAppend(&bytes, content.View(range->first + bytes.size(), range->last + 1 - range->first - bytes.size()));
    }
    return Text(206, bytes + std::string(20 * kMiB, 'e'), std::move(fields));
  };
  const auto pull = world.Finish(world.Pull(repo), absl::Minutes(5));
  EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
  world.ExpectPublished(repo);
  const FakeHost& data = world.DataHost("official");
  EXPECT_GT(data.requests, 1);
  EXPECT_LE(data.sent, 12 * kMiB + data.requests * 64 * kKiB);
}

TEST(Hostile, ADrippedErrorIsNotWaitedFor) {
  for (const int status : {404, 503, 302}) {
    World world;
    world.config.max_connections = 1;  // which this answer holds
    int asked = 0;
    world.AddSource("official").script = [status, &asked](const net::Request&, const hub::Url& url) -> std::optional<FakeReply> {
      if (!absl::StrContains(url.path, "/resolve/") || asked++ > 0) return std::nullopt;
      FakeReply reply = Text(status, std::string(16000, 'x'), {{"location", "https://data.official.test/nothing?Expires=1"}});
      reply.drip = absl::Seconds(1);
      return reply;
    };
    const FakeRepo& repo = AddRepo(world);
    const auto pull = world.Finish(world.Pull(repo), absl::Minutes(5));
    EXPECT_EQ(pull.state, PullState::kDone) << status << ": " << pull.error.message;
    world.ExpectPublished(repo);
  }
}

TEST(Hostile, ADrippedListingHasAnEnd) {
  for (const auto& strikes : {IsInfo, IsTree}) {
    World world;
    world.AddSource("official").script = [strikes](const net::Request&, const hub::Url& url) -> std::optional<FakeReply> {
      if (!strikes(url)) return std::nullopt;
      FakeReply reply = Text(200, "[");
      reply.endless = true;
      reply.drip = absl::Seconds(19);
      return reply;
    };
    const absl::Time begin = world.clock.Steady();
    const auto pull = world.Finish(world.Pull(AddRepo(world)), absl::Hours(2));
    EXPECT_EQ(pull.error.cause, ErrorCause::kNoSource);
    EXPECT_THAT(pull.error.message, HasSubstr("not whole after 10m"));
    EXPECT_LT(world.clock.Steady() - begin, absl::Minutes(25));
  }
}

TEST(Hostile, AnEndlessListingIsCut) {
  for (const auto& strikes : {IsInfo, IsTree}) {
    World world;
    world.AddSource("official").script = [strikes](const net::Request&, const hub::Url& url) -> std::optional<FakeReply> {
      return strikes(url) ? std::make_optional(Endless(200, {})) : std::nullopt;
    };
    const auto pull = world.Finish(world.Pull(AddRepo(world)), absl::Minutes(5));
    EXPECT_EQ(pull.state, PullState::kFailed);
    EXPECT_THAT(pull.error.message, HasSubstr("longer than 64 MiB"));
    EXPECT_LE(world.Hub("official").sent, 2 * 65 * kMiB);
  }
}

// Each page names another one; some bring a file, some folders alone, some nothing.
TEST(Hostile, AChainOfPagesHasAnEnd) {
  const char* const pages[] = {R"([{"type":"file","oid":"0123456789abcdef0123456789abcdef01234567","size":1,"path":"f$"}])", R"([{"type":"directory","path":"d$"}])", "[]"};
  for (const char* page : pages) {
    World world;
    int asked = 0;
    world.AddSource("official").script = [&asked, page](const net::Request&, const hub::Url& url) -> std::optional<FakeReply> {
      if (!IsTree(url)) return std::nullopt;
      ++asked;
      return Text(200, absl::StrReplaceAll(page, {{"$", absl::StrCat(asked)}}),
                  {{"link", absl::StrCat("<https://huggingface.co", url.path, "?cursor=", asked, ">; rel=\"next\"")}});
    };
    engine::PullSpec spec = World::Spec(AddRepo(world));
    spec.filters.include = {"none of them"};
    const auto pull = world.Finish(world.Pull(spec), absl::Hours(3));
    EXPECT_EQ(pull.state, PullState::kFailed);
    EXPECT_THAT(pull.error.message, HasSubstr("have no end")) << page;
    EXPECT_LE(asked, absl::StrContains(page, "file") ? 20000 : 2000) << "in two rounds";
  }
}

// Such a source is switched off at once, and is no source any more when the second round begins.
TEST(Hostile, WhyTheOnlySourceIsNoneAnyMoreIsSaid) {
  World world;
  world.AddSource("official").Add({.kind = Kind::kOtherHub, .where = Where::kListing});
  const auto pull = world.Finish(world.Pull(AddRepo(world)));
  EXPECT_EQ(pull.error.cause, ErrorCause::kNoSource);
  EXPECT_THAT(pull.error.message, HasSubstr("redirects to another hub (huggingface.co)"));
}

TEST(Hostile, ACompressedAnswerIsSaidToBeOne) {
  World world;
  world.AddSource("official").script = [](const net::Request&, const hub::Url& url) -> std::optional<FakeReply> {
    return IsTree(url) ? std::make_optional(Text(200, "\x1f\x8b", {{"content-encoding", "gzip"}})) : std::nullopt;
  };
  EXPECT_THAT(world.Finish(world.Pull(AddRepo(world))).error.message, HasSubstr("compressed"));
}

// The name is public, where it leads is not: seen when it is connected to.
TEST(Hostile, ARedirectToANameThatLeadsInwardsIsNotFollowed) {
  for (const char* address : {"10.0.0.5", "127.0.0.1", "169.254.169.254", "192.168.1.1", "100.64.0.1", "fd00::1", "fe80::1", "::1", "::ffff:10.0.0.5"}) {
    World world;
    world.AddSource("official");
    world.AddSource("tuna").latency = absl::Milliseconds(200);
    world.DataHost("official").address = address;
    const FakeRepo& repo = AddRepo(world);
    const auto pull = world.Finish(world.Pull(repo), absl::Minutes(5));
    EXPECT_EQ(pull.state, PullState::kDone) << pull.error.message;
    EXPECT_EQ(world.DataHost("official").requests, 0) << address;
  }
}

TEST(Hostile, APublicHubMayNotRebindItsOwnName) {
  World world;
  world.AddSource("official");
  world.AddSource("tuna").latency = absl::Milliseconds(200);
  FakeHost& hub = world.Hub("official");
  hub.address = "203.0.113.7";
  hub.data_origin.clear();
  hub.script = [&](const net::Request&, const hub::Url& url) -> std::optional<FakeReply> {
    if (hub.address == "127.0.0.1") return Text(404, "who are you?");  // some server of this machine
    if (absl::StrContains(url.path, "/resolve/")) {
      hub.address = "127.0.0.1";
      return Text(302, "", {{"location", "/cgi-bin/reboot"}});
    }
    return std::nullopt;
  };
  engine::PullSpec spec = World::Spec(AddRepo(world));
  world.config.max_connections = 1;
  world.Finish(world.Pull(spec), absl::Minutes(10));
  for (const std::string& path : hub.asked) EXPECT_NE(path, "/cgi-bin/reboot");
}

// An office mirror, by its name or by its address.
TEST(Hostile, AHubOfAPrivateNetworkMayLeadWithinItAndNotToUs) {
  const struct {
    const char* hub;
    const char* data;
    bool allowed;
  } kCases[] = {{"10.1.2.3", "10.4.5.6", true}, {"10.1.2.3", "192.168.7.7", true}, {"fd00::1", "10.1.1.1", true},      {"10.1.2.3", "100.70.0.1", true}, {"127.0.0.1", "127.0.0.1", true},
                {"127.0.0.1", "10.1.1.1", true}, {"10.1.2.3", "203.0.113.9", true}, {"198.18.0.4", "198.18.0.5", true}, {"203.0.113.7", "198.18.0.5", true},
                {"10.1.2.3", "127.0.0.1", false}, {"10.1.2.3", "169.254.169.254", false}, {"127.0.0.1", "169.254.169.254", false}, {"198.18.0.4", "10.1.1.1", false}};
  for (const auto& c : kCases) {
    World world;
    world.AddSource("office").address = c.hub;
    world.DataHost("office").address = c.data;
    world.config.give_up_after = absl::Minutes(1);
    const FakeRepo& repo = AddRepo(world);
    const auto pull = world.Finish(world.Pull(repo), absl::Hours(1));
    EXPECT_EQ(pull.state == PullState::kDone, c.allowed) << c.hub << " to " << c.data << ": " << pull.error.message;
    EXPECT_EQ(world.DataHost("office").requests > 0, c.allowed) << c.hub << " to " << c.data;
  }
}

TEST(Hostile, AProbeDoesNotFollowInwardsEither) {
  World world;
  world.AddSource("official");
  FakeRepo& repo = world.AddRepo("openai-community/gpt2");
  repo.Add("small.bin", 1000);
  world.DataHost("official").address = "10.0.0.5";
  world.Start();
  world.engine().ProbeSource("", [](auto) {});
  world.Run(absl::Minutes(1));
  EXPECT_GT(world.Hub("official").requests, 0);
  EXPECT_EQ(world.DataHost("official").requests, 0);
}

// ---- 10,000 random ones ----

constexpr char kVictim[] = "/cache/hub/models--victim--model/refs/main";

void PutDecoys(World& world) {
  world.files.Put("/etc/passwd", "root");
  world.files.Put("/root/.ssh/authorized_keys", "mine");
  world.files.Put(kVictim, "0000000000000000000000000000000000000000");
  world.files.Put("/cache/x", "mine");
  world.files.Put("/local-2/x", "mine");
}

// Everything that lies anywhere.
void ExpectNothingOutside(const World& world) {
  int decoys = 0;
  for (const std::string& line : world.files.Tree()) {
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(" -> ", 1));
    const std::string& path = parts[0];
    const bool decoy = path == "/etc/passwd" || path == "/root/.ssh/authorized_keys" || path == kVictim || path == "/cache/x" || path == "/local-2/x";
    decoys += decoy;
    if (decoy) continue;
    const bool ours = absl::StartsWith(path, "/cache/hub/models--org--model/") || absl::StartsWith(path, "/cache/hub/.locks/models--org--model/") ||
                      absl::StartsWith(path, "/local/") || path == "/cache/hub/CACHEDIR.TAG" || path == "/local/" || path == "/cache/hub/.locks/";
    EXPECT_TRUE(ours) << line;
    if (parts.size() < 2) continue;
    const std::string leads = (std::filesystem::path(path).parent_path() / parts[1]).lexically_normal();
    EXPECT_TRUE(absl::StartsWith(leads, "/cache/hub/models--org--model/blobs/")) << line;
  }
  EXPECT_EQ(decoys, 5) << "something was removed";
  EXPECT_EQ(world.files.Content("/etc/passwd"), "root");
  EXPECT_EQ(world.files.Content("/root/.ssh/authorized_keys"), "mine");
  EXPECT_EQ(world.files.Content(kVictim), "0000000000000000000000000000000000000000");
  EXPECT_EQ(world.files.Content("/cache/x"), "mine");
  EXPECT_EQ(world.files.Content("/local-2/x"), "mine");
}

// What a hostile server sends in place of a part of its answers, or with them.
class Attacker {
 public:
  explicit Attacker(uint64_t seed) : maker_(seed), listing_(maker_.Listing()) {
    Dice& dice = maker_.dice();
    info_ = dice.Odds(0.15);
    tree_ = dice.Odds(0.6);
    files_ = dice.Odds(0.6);
    chain_ = dice.Odds(0.1);
  }

  std::optional<FakeReply> Reply(const net::Request& request, const hub::Url& url) {
    if (IsInfo(url)) return info_ ? std::make_optional(Mixed(maker_.Info())) : std::nullopt;
    if (IsTree(url)) return tree_ ? std::make_optional(Tree(url)) : std::nullopt;
    return files_ && maker_.dice().Odds(0.7) ? std::make_optional(File(request)) : std::nullopt;
  }

 private:
  FakeReply Mixed(std::string body) {
    Dice& dice = maker_.dice();
    if (dice.Odds(0.85)) return Text(200, std::move(body));
    FakeReply reply = Text(maker_.Status(), std::move(body), maker_.Headers());
    if (dice.Odds(0.1)) reply.endless = true;
    if (reply.text.empty()) reply.text = "x";
    if (dice.Odds(0.1)) reply.drip = absl::Seconds(dice.Up(1, 25));
    return reply;
  }

  FakeReply Tree(const hub::Url& url) {
    const size_t page = page_++ % listing_.pages.size();
    FakeReply reply = Mixed(listing_.pages[page]);
    const bool more = chain_ || page + 1 < listing_.pages.size();
    const std::string next = absl::StrCat("<", url.path, "?cursor=", page_, ">; rel=\"next\"");
    if (more) reply.head.headers.fields.emplace_back("link", maker_.dice().Odds(0.9) ? next : maker_.Link());
    return reply;
  }

  FakeReply File(const net::Request& request) {
    Dice& dice = maker_.dice();
    if (dice.Odds(0.3)) return Text(302, "", {{"location", maker_.Location()}});
    if (dice.Odds(0.3)) return Endless(dice.Odds(0.5) ? 206 : 200, RangeOf(request, dice.Up(0, 3000000)));
    return Mixed(maker_.Junk(3000));
  }

  HostileMaker maker_;
  HostileListing listing_;
  bool info_, tree_, files_, chain_;
  size_t page_ = 0;
};

void RunSeed(uint64_t seed, std::map<PullState, int>& ends) {
  SCOPED_TRACE(absl::StrCat("seed ", seed, "; alone: HFGET_SIM_SEED=", seed));
  World world(seed);
  world.honest = false;
  world.strangers = true;
  world.config.give_up_after = absl::Minutes(1);
  world.config.max_connections = 4;
  world.files.set_free_space(64 * kMiB);
  Attacker attacker(seed);
  const auto reply = [&attacker](const net::Request& request, const hub::Url& url) { return attacker.Reply(request, url); };
  world.AddSource("official").script = reply;
  world.DataHost("official").script = reply;
  const bool honest_mirror = seed % 3 == 0;
  if (honest_mirror) world.AddSource("tuna");
  // Where nobody may be led to.
  std::vector<FakeHost*> inside;
  for (const char* endpoint : {"https://rebind.test", "http://10.0.0.1", "https://10.0.0.1", "https://127.0.0.1", "https://169.254.169.254", "https://localhost", "https://192.168.1.1"}) {
    inside.push_back(&world.internet.AddHub(endpoint));
    inside.back()->address = "10.0.0.1";
  }
  const FakeRepo& repo = AddRepo(world);
  PutDecoys(world);
  engine::PullSpec spec = World::Spec(repo);
  if (seed % 2 == 0) spec.local_dir = "/local";
  const absl::Time begin = world.clock.Steady();
  const auto pull = world.Finish(world.Pull(spec), absl::Hours(4));
  ++ends[pull.state];
  if (pull.state == PullState::kFailed) {
    EXPECT_EQ(WrongWithLine(pull.error.message, 2000), "") << pull.error.message;
  }
  for (const std::string& notice : pull.notices) EXPECT_EQ(WrongWithLine(notice), "") << notice;
  for (const auto& source : world.SourceList()) {
    EXPECT_TRUE(source.reason.empty() || WrongWithLine(source.reason, 2000).empty()) << source.reason;
  }
  EXPECT_LT(world.clock.Steady() - begin, absl::Hours(3));
  ExpectNothingOutside(world);
  world.ExpectQuiet();
  int requests = 0;
  for (const FakeHost& host : world.internet.hosts()) requests += host.requests;
  EXPECT_LT(requests, 25000);
  EXPECT_LT(world.received(), 2 * kGiB);
  for (const FakeHost* host : inside) EXPECT_EQ(host->requests, 0) << host->endpoint;
}

// In parts, so that they run side by side.
class HostileRandom : public ::testing::TestWithParam<int> {};

TEST_P(HostileRandom, EndsAndStaysInItsFolder) {
  constexpr int kSeeds = 1250;
  std::map<PullState, int> ends;
  const char* one = std::getenv("HFGET_SIM_SEED");
  if (one != nullptr) {
    if (GetParam() == 0) RunSeed(std::strtoull(one, nullptr, 10), ends);
    return;
  }
  const uint64_t first = HostileSeed() + GetParam() * kSeeds;
  for (int i = 0; i < kSeeds && !HasFailure(); ++i) RunSeed(first + i, ends);
  std::printf("seeds from %llu: %d done, %d failed with a clear line\n", static_cast<unsigned long long>(first), ends[PullState::kDone], ends[PullState::kFailed]);
}

INSTANTIATE_TEST_SUITE_P(Part, HostileRandom, ::testing::Range(0, 8));

}  // namespace
}  // namespace hfget::testing
