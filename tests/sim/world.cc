#include "tests/sim/world.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "daemon/core/piece_map.h"
#include "gtest/gtest.h"
#include "spdlog/spdlog.h"

namespace hfget::testing {
namespace {

// So many turns in a row without an event and without time going on are a loop that burns a processor.
constexpr int kSpinning = 200;

}  // namespace

World::World(uint64_t seed) : seed_(seed) {
  spdlog::set_level(std::getenv("HFGET_SIM_LOG") != nullptr ? spdlog::level::debug : spdlog::level::off);
  config.cache_dir = kCache;
  config.modelscope_cache_dir = kScopeCache;
}

World::~World() {
  if (process_ != nullptr) Kill();
}

FakeHost& World::AddSource(const std::string& name) {
  engine::SourceConfig source;
  source.name = name;
  source.endpoint = absl::StrCat("https://", name, ".test");
  source.proxy = "none";
  source.authority = name == "official";
  source.token_policy = source.authority ? core::TokenPolicy::kAlways : core::TokenPolicy::kNever;
  FakeHost& hub = internet.AddHub(source.endpoint);
  hub.data_origin = absl::StrCat("https://data.", name, ".test");
  internet.AddDataHost(hub.data_origin);
  config.sources.push_back(std::move(source));
  return hub;
}

FakeHost& World::AddModelScope(const std::string& name) {
  FakeHost& hub = AddSource(name);
  hub.scope = true;
  config.sources.back().dialect = "modelscope";
  config.sources.back().max_connections = 8;
  config.sources.back().token_policy = core::TokenPolicy::kAlways;
  return hub;
}

FakeRepo& World::AddScopeRepo(const FakeRepo& like, const std::string& name) {
  FakeRepo& repo = internet.content.scope_repos.emplace_back(like);
  repo.id.name = name;
  repo.id.hub = hub::Hub::kModelScope;
  return repo;
}

FakeHost& World::Hub(const std::string& name) { return *internet.Find(absl::StrCat("https://", name, ".test/")); }
FakeHost& World::DataHost(const std::string& name) { return Hub("data." + name); }

engine::SourceConfig& World::Config(const std::string& name) {
  for (engine::SourceConfig& source : config.sources) {
    if (source.name == name) return source;
  }
  std::abort();
}

FakeRepo& World::AddRepo(const std::string& name) {
  FakeRepo& repo = internet.content.repos.emplace_back();
  repo.id.name = name;
  repo.commit = absl::StrFormat("%040x", internet.content.repos.size());
  return repo;
}

World::Process::Process(World& world, uint64_t seed)
    : mailbox([this] { network.Wake(); }),
      network(world.clock, world.internet, seed * 3),
      store(world.clock, mailbox, world.records),
      disk(world.clock, world.files, mailbox, store.digest_key(), world.buffers, world.pace, seed * 5),
      weightless_disk(world.clock, world.files, mailbox, world.buffers),
      engine({world.config, mailbox, network, world.weightless ? static_cast<disk::Disk&>(weightless_disk) : disk, store,
              world.clock, seed * 7}) {}

void World::Start() {
  if (weightless) files.set_hollow();
  process_ = std::make_unique<Process>(*this, seed_ * 1000 + ++processes_);
  if (!weightless) store().on_commit = [this] { CheckRecords(); };
  disk().on_operation = [this] { CheckVisible(); };
  engine().Recover();
}

void World::Kill(MemoryFileSystem::Lose lose) {
  clock.Forget();  // what was planned dies first: it holds buffers
  process_.reset();
  clock.Forget();
  files.Crash(lose);
  const bool power = lose != MemoryFileSystem::Lose::kNothing;
  if (power && !records_survive) records.LosePower();
  checked_records_.clear();
  checked_files_.clear();
  renames_ = -1;
  if (weightless) return;
  CheckRecords();
  CheckVisible();
}

bool World::Stop(absl::Duration limit) {
  engine().Stop();
  return RunUntil([this] { return engine().stopped(); }, limit);
}

void World::Step() {
  const absl::Time before = clock.Steady();
  const uint64_t events = clock.events();
  engine().Turn(absl::Seconds(1));
  ++turns_;
  idle_turns_ = clock.Steady() == before && clock.events() == events ? idle_turns_ + 1 : 0;
  if (idle_turns_ > kSpinning) Broken("the engine turns without end and without anything happening");
  if (!weightless) CheckRace();
}

bool World::RunUntil(const std::function<bool()>& condition, absl::Duration limit) {
  const absl::Time end = clock.Steady() + limit;
  while (!broken_ && !condition()) {
    if (clock.Steady() > end) return false;
    Step();
  }
  return !broken_;
}

void World::Run(absl::Duration time) {
  const absl::Time end = clock.Steady() + time;
  RunUntil([&] { return clock.Steady() >= end; }, time + absl::Seconds(2));
}

engine::PullSpec World::Spec(const FakeRepo& repo, std::string revision) {
  engine::PullSpec spec;
  spec.repo = repo.id;
  spec.revision = std::move(revision);
  return spec;
}

template <typename T>
absl::StatusOr<T> World::Ask(absl::FunctionRef<void(engine::EngineApi::Answer<T>)> ask) {
  // Shared, because a broken run may leave the question open.
  auto answer = std::make_shared<std::optional<absl::StatusOr<T>>>();
  ask([answer](absl::StatusOr<T> value) { *answer = std::move(value); });
  if (!RunUntil([&] { return answer->has_value(); }, absl::Seconds(10))) {
    return absl::InternalError("the engine does not answer");
  }
  return **std::move(answer);
}

absl::StatusOr<engine::PullStarted> World::StartPull(engine::PullSpec spec) {
  if (process_ == nullptr) Start();
  return Ask<engine::PullStarted>(
      [&](auto answer) { engine().StartPull(std::move(spec), std::move(answer)); });
}

std::string World::Pull(engine::PullSpec spec) {
  const auto started = StartPull(std::move(spec));
  EXPECT_TRUE(started.ok()) << started.status() << ", seed " << seed_;
  return started.ok() ? started->pull.id : "";
}

engine::PullSnapshot World::Get(const std::string& id) {
  const auto pull = Ask<engine::PullSnapshot>([&](auto answer) { engine().GetPull(id, std::move(answer)); });
  EXPECT_TRUE(pull.ok()) << pull.status() << ", seed " << seed_;
  return pull.value_or(engine::PullSnapshot());
}

engine::PullSnapshot World::Cancel(const std::string& id, bool discard) {
  const auto pull =
      Ask<engine::PullSnapshot>([&](auto answer) { engine().CancelPull(id, discard, std::move(answer)); });
  EXPECT_TRUE(pull.ok()) << pull.status() << ", seed " << seed_;
  return pull.value_or(engine::PullSnapshot());
}

engine::PullSnapshot World::Finish(const std::string& id, absl::Duration limit) {
  const absl::Time end = clock.Steady() + limit;
  engine::PullSnapshot pull = Get(id);
  while (!broken_ && !core::IsTerminal(pull.state) && clock.Steady() < end) {
    for (int i = 0; i < 16; ++i) Step();
    pull = Get(id);
  }
  EXPECT_TRUE(core::IsTerminal(pull.state)) << "pull " << id << " is " << core::PullStateName(pull.state) << " after "
                                            << absl::FormatDuration(limit) << ", seed " << seed_;
  Run(absl::Seconds(1));  // what follows the end: closing, the last records
  return pull;
}

std::vector<engine::SourceSnapshot> World::SourceList() {
  return Ask<std::vector<engine::SourceSnapshot>>([&](auto answer) { engine().ListSources(std::move(answer)); })
      .value_or(std::vector<engine::SourceSnapshot>());
}

engine::Stats World::Stats() {
  return Ask<engine::Stats>([&](auto answer) { engine().GetStats(std::move(answer)); }).value_or(engine::Stats());
}

engine::PieceMapSnapshot World::PieceMap(const std::string& id, int most_cells) {
  const auto map = Ask<engine::PieceMapSnapshot>([&](auto answer) { engine().GetPieceMap(id, most_cells, std::move(answer)); });
  EXPECT_TRUE(map.ok()) << map.status() << ", seed " << seed_;
  return map.value_or(engine::PieceMapSnapshot());
}

std::string World::StateOf(const std::string& source) {
  for (const engine::SourceSnapshot& s : SourceList()) {
    if (s.name == source) return s.state;
  }
  return "none";
}

void World::ExpectPublished(const FakeRepo& repo) {
  const bool scope = repo.id.hub == hub::Hub::kModelScope;
  const std::string folder = absl::StrCat(scope ? kScopeCache : kCache, scope ? "/models/" : "/models--",
                                          absl::StrReplaceAll(repo.id.name, {{"/", "--"}}));
  const std::string snapshot = absl::StrCat(folder, "/snapshots/", scope ? "master" : repo.commit, "/");
  for (const FakeFile& file : repo.files) {
    const std::string content = files.Content(snapshot + file.path);
    EXPECT_EQ(static_cast<ByteCount>(content.size()), file.content.size()) << file.path << ", seed " << seed_;
    EXPECT_TRUE(file.content.Matches(0, content)) << file.path << " has wrong bytes, seed " << seed_;
  }
  if (scope) return;
  EXPECT_EQ(files.Content(folder + "/refs/main"), repo.commit) << "seed " << seed_;
}

void World::ExpectQuiet() {
  EXPECT_EQ(disk().buffers().available(), disk().buffers().capacity()) << "a buffer leaked, seed " << seed_;
  EXPECT_EQ(disk().open_files(), 0u) << "seed " << seed_;
  EXPECT_EQ(network().running(), 0u) << "seed " << seed_;
  EXPECT_EQ(engine().racer().open_transfers(), 0u) << "seed " << seed_;
  EXPECT_EQ(engine().racer().connections(), 0) << "seed " << seed_;
  EXPECT_TRUE(engine().racer().scheduler().flights().empty()) << "seed " << seed_;
  for (core::SourceIndex i = 0; i < engine().sources().count(); ++i) {
    EXPECT_EQ(engine().sources().at(i).in_use, 0) << "seed " << seed_;
  }
}

void World::ExpectNoPartials() {
  for (const std::string& line : files.Tree()) EXPECT_FALSE(absl::StrContains(line, ".partial")) << line << ", seed " << seed_;
  for (const auto& [key, value] : records.all()) {
    EXPECT_FALSE(absl::StartsWith(key, "t/") || absl::StartsWith(key, "l/")) << key << " is left, seed " << seed_;
  }
  if (!::testing::Test::HasFailure() || std::getenv("HFGET_SIM_LOG") == nullptr) return;
  for (const std::string& line : files.Tree()) std::fprintf(stderr, "%s\n", line.c_str());
}

ByteCount World::received() const {
  ByteCount bytes = 0;
  for (const FakeHost& host : const_cast<World*>(this)->internet.hosts()) bytes += host.sent;
  return bytes;
}

ByteCount World::recorded() const {
  ByteCount bytes = 0;
  for (const auto& [key, record] : records.Below<records::v1::TransferRecord>("t/")) {
    if (!files.Exists(record.partial_path())) continue;
    for (const PieceRange& run : core::PieceMap::DurableRuns(record.durable_pieces(), record.size_bytes())) {
      bytes += BytesOf(run, record.size_bytes()).size();
    }
  }
  return bytes;
}

void World::Broken(const std::string& what) {
  if (!broken_) ADD_FAILURE() << what << ", at " << absl::FormatDuration(clock.Steady() - absl::UnixEpoch()) << ", seed " << seed_;
  broken_ = true;
}

void World::CheckRace() {
  const engine::Racer& racer = engine().racer();
  if (!racer.scheduler().Consistent()) Broken("claims and flights disagree");
  for (const auto& [id, transfer] : racer.transfers()) {
    if (!transfer->pieces().Consistent()) Broken(absl::StrCat("piece map of ", transfer->file().path));
  }
  int in_use = 0;
  for (core::SourceIndex i = 0; i < engine().sources().count(); ++i) {
    if (engine().sources().at(i).in_use != racer.scheduler().FlightsOf(i)) Broken("connections and flights disagree");
    in_use += engine().sources().at(i).in_use;
  }
  if (in_use != racer.connections()) Broken("connections are miscounted");
}

// State may lag the data and never leads it.
void World::CheckRecords() {
  for (auto it = records.all().lower_bound("t/"); it != records.all().end() && absl::StartsWith(it->first, "t/"); ++it) {
    std::string& checked = checked_records_[it->first];
    if (checked == it->second) continue;
    checked = it->second;
    records::v1::TransferRecord record;
    record.ParseFromString(it->second);
    CheckRecord(it->first, record);
  }
}

void World::CheckRecord(const std::string& key, const records::v1::TransferRecord& record) {
  if (!files.Exists(record.partial_path())) {
    if (!record.publishing()) Broken(absl::StrCat(key, " speaks of a file that is not there"));
    return;
  }
  const std::string now = files.Content(record.partial_path());
  const std::string synced = files.SyncedContent(record.partial_path());
  const FakeFile* file = nullptr;
  for (const auto* repos : {&internet.content.repos, &internet.content.scope_repos}) {
    for (const FakeRepo& repo : *repos) {
      if (file == nullptr) file = repo.FindByHash(record.digest());
    }
  }
  if (file == nullptr && strangers) return;
  if (file == nullptr) return Broken(absl::StrCat(key, " is of no known file"));
  const auto runs = core::PieceMap::DurableRuns(record.durable_pieces(), record.size_bytes());
  const ByteCount front = !runs.empty() && runs[0].begin == 0 ? BytesOf(runs[0], record.size_bytes()).end : 0;
  if (record.hashed_bytes() > front) Broken(absl::StrCat(key, " has hashed what will be fetched again"));
  for (const PieceRange& run : runs) {
    const ByteRange bytes = BytesOf(run, record.size_bytes());
    if (static_cast<ByteCount>(synced.size()) < bytes.end) return Broken(absl::StrCat(key, " claims what was not synced"));
    const absl::string_view claimed = absl::string_view(synced).substr(bytes.begin, bytes.size());
    if (honest && !file->content.Matches(bytes.begin, claimed)) Broken(absl::StrCat(key, " claims wrong bytes"));
    if (!honest && claimed != absl::string_view(now).substr(bytes.begin, bytes.size())) {
      Broken(absl::StrCat(key, " claims what was written after the sync"));
    }
  }
}

// What users see has the right hash, at every moment.
void World::CheckVisible() {
  const int renames = files.calls("Rename") + files.calls("Symlink");
  if (std::exchange(renames_, renames) == renames) return;
  for (const std::string& line : files.Tree()) {
    const std::string path = line.substr(0, line.find(" -> "));
    if (!FileAt(path) || checked_files_.count(path) > 0) continue;
    CheckFile(path);
    checked_files_.insert(path);
  }
}

const FakeFile* World::FileAt(const std::string& path) const {
  const std::vector<std::string> parts = absl::StrSplit(path, '/');
  for (const FakeRepo& repo : internet.content.repos) {
    const FakeFile* file = nullptr;
    const size_t snapshot = path.find(absl::StrCat("/snapshots/", repo.commit, "/"));
    if (absl::StrContains(path, "/blobs/")) file = repo.FindByHash(parts.back());
    if (snapshot != std::string::npos) file = repo.Find(path.substr(snapshot + 12 + repo.commit.size()));
    if (absl::StartsWith(path, "/local/") && parts[2] != ".cache") file = repo.Find(path.substr(7));
    if (file != nullptr) return file;
  }
  for (const FakeRepo& repo : internet.content.scope_repos) {
    const std::string folder = absl::StrCat(kScopeCache, "/models/", absl::StrReplaceAll(repo.id.name, {{"/", "--"}}),
                                            "/snapshots/master/");
    if (absl::StartsWith(path, folder)) return repo.Find(path.substr(folder.size()));
  }
  return nullptr;
}

void World::CheckFile(const std::string& path) {
  const FakeFile* file = FileAt(path);
  const std::string content = files.Content(path);
  const bool whole = static_cast<ByteCount>(content.size()) == file->content.size();
  if (!whole || !file->content.Matches(0, content)) Broken(absl::StrCat(path, " is visible with wrong bytes"));
}

}  // namespace hfget::testing
