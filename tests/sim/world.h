// A whole machine with its net, simulated: one engine on fakes, one timeline, and the rules that hold after every event.
#ifndef HFGET_TESTS_SIM_WORLD_H_
#define HFGET_TESTS_SIM_WORLD_H_

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/engine/engine.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_disk.h"
#include "tests/fakes/fake_network.h"
#include "tests/fakes/fake_store.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/fakes/weightless_disk.h"

namespace hfget::testing {

// Set it up by its public members, then pull. The process starts with the first pull, or with Start. Thread: one.
class World {
 public:
  static constexpr char kCache[] = "/cache/hub";
  static constexpr char kScopeCache[] = "/cache/modelscope";

  explicit World(uint64_t seed = 1);
  ~World();

  // Outlive the process.
  FakeClock clock;
  FakeInternet internet;
  MemoryFileSystem files;
  FakeRecords records;

  // Constant while a process runs.
  engine::EngineConfig config;
  int buffers = 64;
  FakeDiskPace pace;
  // No byte is kept or hashed and no rule is checked after each event: for runs in which the time alone counts.
  bool weightless = false;
  bool records_survive = false;  // a power loss takes none of what was committed, though it was not synced
  bool strangers = false;  // listings may name files that no repo has
  bool honest = true;  // false: some source lies, so that wrong bytes may be durable until the hash is known

  // A hub "https://<name>.test" with a data host of its own, in the configuration. The one named "official" is the authority.
  FakeHost& AddSource(const std::string& name);
  // Likewise one that speaks the ModelScope dialect.
  FakeHost& AddModelScope(const std::string& name = "modelscope");
  // A repo that those have, with the files of `like`.
  FakeRepo& AddScopeRepo(const FakeRepo& like, const std::string& name);
  FakeHost& Hub(const std::string& name);
  FakeHost& DataHost(const std::string& name);
  engine::SourceConfig& Config(const std::string& name);
  // A repo that all hubs have. The reference holds until the next one is added.
  FakeRepo& AddRepo(const std::string& name = "org/model");

  void Start();
  // The process ends at once, in the midst of whatever it did; `lose`: what the machine loses with it.
  void Kill(MemoryFileSystem::Lose lose = MemoryFileSystem::Lose::kNothing);
  // As SIGTERM does: false when it did not stop within `limit`.
  bool Stop(absl::Duration limit = absl::Seconds(5));

  engine::Engine& engine() { return process_->engine; }
  FakeDisk& disk() { return process_->disk; }
  FakeStore& store() { return process_->store; }
  FakeNetwork& network() { return process_->network; }

  // One turn of the engine: at most one event.
  void Step();
  // Until `condition` holds: false when it does not within `limit`, or a rule was broken.
  bool RunUntil(const std::function<bool()>& condition, absl::Duration limit = absl::Minutes(30));
  void Run(absl::Duration time);

  static engine::PullSpec Spec(const FakeRepo& repo, std::string revision = "main");
  absl::StatusOr<engine::PullStarted> StartPull(engine::PullSpec spec);
  // The id. Fails the test when it is not accepted.
  std::string Pull(const FakeRepo& repo) { return Pull(Spec(repo)); }
  std::string Pull(engine::PullSpec spec);
  engine::PullSnapshot Get(const std::string& id);
  engine::PullSnapshot Cancel(const std::string& id, bool discard);
  // Runs to its end.
  engine::PullSnapshot Finish(const std::string& id, absl::Duration limit = absl::Minutes(30));
  std::vector<engine::SourceSnapshot> SourceList();
  engine::Stats Stats();
  engine::PieceMapSnapshot PieceMap(const std::string& id, int most_cells = 4096);
  std::string StateOf(const std::string& source);

  // Every file of the repo is in its snapshot, with its bytes, and so is the ref.
  void ExpectPublished(const FakeRepo& repo);
  // Nothing is under way: buffers are back, no connection, no open file, no transfer.
  void ExpectQuiet();
  // Nothing unfinished lies about.
  void ExpectNoPartials();

  ByteCount received() const;  // bytes of bodies, by this and earlier processes
  // Bytes that records of unfinished transfers claim.
  ByteCount recorded() const;
  bool broken() const { return broken_; }
  uint64_t seed() const { return seed_; }
  uint64_t turns() const { return turns_; }

 private:
  struct Process {
    Process(World& world, uint64_t seed);
    Mailbox mailbox;
    FakeNetwork network;
    FakeStore store;
    FakeDisk disk;
    WeightlessDisk weightless_disk;
    engine::Engine engine;
  };

  void Broken(const std::string& what);
  void CheckRace();
  void CheckRecords();
  void CheckRecord(const std::string& key, const records::v1::TransferRecord& record);
  void CheckVisible();
  void CheckFile(const std::string& path);
  const FakeFile* FileAt(const std::string& path) const;
  template <typename T>
  absl::StatusOr<T> Ask(absl::FunctionRef<void(engine::EngineApi::Answer<T>)> ask);

  const uint64_t seed_;
  uint64_t processes_ = 0;
  std::unique_ptr<Process> process_;
  bool broken_ = false;
  uint64_t turns_ = 0;
  int idle_turns_ = 0;
  int renames_ = 0;
  FakeRecords::Map checked_records_;
  std::set<std::string> checked_files_;
};

}  // namespace hfget::testing

#endif  // HFGET_TESTS_SIM_WORLD_H_
