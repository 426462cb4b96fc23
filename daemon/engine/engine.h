// The daemon's heart: all pulls, their order, what is remembered of them. Decides nothing about bytes (Racer) or hubs (hub/).
#ifndef HFGET_DAEMON_ENGINE_ENGINE_H_
#define HFGET_DAEMON_ENGINE_ENGINE_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/mailbox.h"
#include "daemon/engine/account_query.h"
#include "daemon/engine/api.h"
#include "daemon/engine/bench.h"
#include "daemon/engine/bench_history.h"
#include "daemon/engine/change_hub.h"
#include "daemon/engine/config.h"
#include "daemon/engine/context.h"
#include "daemon/engine/counters.h"
#include "daemon/engine/doctor.h"
#include "daemon/engine/manifest_read.h"
#include "daemon/engine/prober.h"
#include "daemon/engine/progress_hub.h"
#include "daemon/engine/pull.h"
#include "daemon/engine/pull_table.h"
#include "daemon/engine/racer.h"
#include "daemon/engine/sources.h"
#include "daemon/engine/timed_store.h"
#include "daemon/engine/timers.h"
#include "daemon/engine/verification.h"

namespace hfget::engine {

// Everything is borrowed and outlives the engine. `mailbox`'s wake must end client.Poll's wait; disk and store post their
// completions into the same mailbox.
struct EngineParts {
  EngineConfig config;
  Mailbox& mailbox;
  net::Client& client;
  disk::Disk& disk;
  store::StateStore& store;
  Clock& clock;
  uint64_t seed = 0;
};

// What somebody asked for, as long as they listen.
struct ReadErrand {
  std::weak_ptr<ManifestSink> sink;
  std::unique_ptr<ManifestRead> work;
};
struct VerifyErrand {
  std::weak_ptr<VerifySink> sink;
  std::unique_ptr<Verification> work;
};
struct BenchErrand {
  std::weak_ptr<BenchSink> sink;
  bool listened = false;  // else the configuration wants it
  std::unique_ptr<Bench> work;
};

// One thread owns it and calls Turn until stopped(); the methods of EngineApi are for any thread.
// engine.cc: the loop, sources. engine_pulls.cc: what is asked of pulls. engine_memory.cc: what is remembered of them, and who is told.
// engine_errands.cc: what is found out for somebody who listens.
class Engine final : public EngineApi, public PullHost {
 public:
  explicit Engine(EngineParts parts);
  ~Engine() override;

  // Reads what was remembered; unfinished pulls go on by themselves. Once, before the first Turn.
  void Recover();

  // One round: messages, timers, scheduling, then bytes; waits at most `max_wait` for something to happen.
  void Turn(absl::Duration max_wait);

  // Refuses new pulls, stops the fetches, records what is there; then stopped() becomes true. Thread: any.
  void Stop();
  // Thread: the engine.
  bool stopped() const { return stopped_; }

  // EngineApi
  void StartPull(PullSpec spec, Answer<PullStarted> answer) override;
  void StartPulls(Specs specs, bool all_or_nothing, Answer<std::vector<absl::StatusOr<PullStarted>>> answer) override;
  void GetPull(std::string id, Answer<PullSnapshot> answer) override;
  void GetPieceMap(std::string id, int most_cells, Answer<PieceMapSnapshot> answer) override;
  void ListPulls(PullQuery query, Answer<PullPage> answer) override;
  void CancelPull(std::string id, bool discard_partial, Answer<PullSnapshot> answer) override;
  void PausePull(std::string id, Answer<PullSnapshot> answer) override;
  void ResumePull(std::string id, Answer<PullSnapshot> answer) override;
  void RetryPull(std::string id, Answer<PullSnapshot> answer) override;
  void RemovePull(std::string id, Answer<bool> answer) override;
  void ReleasePull(std::string id) override;
  void ListSources(Answer<std::vector<SourceSnapshot>> answer) override;
  void GetStats(Answer<Stats> answer) override;
  void WhoAmI(Secret token, Answer<AccountAnswer> answer) override;
  void ProbeSource(std::string name, Answer<std::vector<SourceSnapshot>> answer) override;
  void SetSource(std::string name, SourceChange change, Answer<SourceSnapshot> answer) override;
  void Diagnose(DiagnoseSpec spec, std::shared_ptr<FindingSink> sink) override;
  void ReadManifest(PullSpec spec, std::shared_ptr<ManifestSink> sink) override;
  void Verify(PullSpec spec, bool repair, std::shared_ptr<VerifySink> sink) override;
  void BenchSources(BenchSpec spec, std::shared_ptr<BenchSink> sink, Answer<bool> answer) override;
  void GetBenchHistory(absl::Time since, std::vector<std::string> sources, Answer<std::vector<BenchPoint>> answer) override;
  void Watch(std::string id, std::shared_ptr<Watcher> watcher, Answer<bool> answer) override;
  void WatchAll(core::PullFilter filter, int64_t after, std::shared_ptr<Watcher> watcher, Answer<WatchBegun> answer) override;

  // For tests: invariants of the race, checked after every event of a simulation.
  const Racer& racer() const { return *racer_; }
  const Sources& sources() const { return sources_; }

  // PullHost
  void OnChanged(Pull& pull) override;
  void ProveSources(absl::AnyInvocable<void()> done) override { prober_->ProveAll(std::move(done)); }

 private:
  // On the engine thread, with the pull of this id. Answers NOT_FOUND when there is none.
  template <typename T>
  void WithPull(std::string id, Answer<T> answer, absl::AnyInvocable<void(Pull& pull, Answer<T> answer)> act) {
    mailbox_.Post([this, id = std::move(id), answer = std::move(answer), act = std::move(act)]() mutable {
      Pull* pull = pulls_.Find(id);
      if (pull == nullptr) return answer(NoSuchPull(id));
      act(*pull, std::move(answer));
    });
  }
  void Retry(Pull& pull, Answer<PullSnapshot> answer);
  void DoStartPull(PullSpec spec, Answer<PullStarted> answer);
  // One that was asked for under the same name, or that is the same and has not ended. Errors: ALREADY_EXISTS: the name stands for
  // another.
  absl::StatusOr<Pull*> FindEqual(const PullSpec& spec) const;
  // `more`: besides this one.
  absl::Status RoomFor(const PullSpec& spec, int more = 0) const;
  // Turns into errors what would be refused. True when there is one.
  bool Refuse(Specs& specs) const;
  // Answers with the pull as it is then when it is recorded durably.
  void Promise(const Pull& pull, Answer<PullSnapshot> answer);
  PullSnapshot SnapshotOf(Pull& pull) const;
  void AskAccount(Secret token, Answer<AccountAnswer> answer);
  void BeginQueued();
  // `done` may be null.
  void Forget(const std::string& id, store::Durability durability, absl::AnyInvocable<void(absl::Status)> done);
  void ForgetOldest();
  void Publish(const std::string& id);
  std::shared_ptr<const PullSnapshot> BriefOf(Pull& pull);
  void TellAll(const Pull& pull);
  void TellProgress();  // of the next of those that are active. REQUIRES: one is
  PullPage PageOf(const PullQuery& query) const;
  void HouseKeeping(absl::Time now);
  void SaveSources();
  Stats TakeStats(absl::Time now) const;                         // engine_stats.cc
  void CountEnd(const PullError& error, core::PullState state);  // likewise
  std::string NewId();
  absl::Status NoSuchSource(const std::string& name) const;

  void DropErrands();  // those that nobody listens to any more
  void EndErrands();
  void BeginBench(BenchSpec spec, std::weak_ptr<BenchSink> sink, bool listened);
  void OnBenched();
  // When the configuration says so, and nothing is pulled.
  void BenchIfDue();

  const EngineConfig config_;
  Mailbox& mailbox_;
  net::Client& client_;
  disk::Disk& disk_;
  Clock& clock_;
  const absl::Time started_;  // wall
  Counters counters_;
  TimedStore store_;
  std::mt19937_64 rng_;
  Timers timers_;
  Sources sources_;
  Context context_;
  ProgressHub hub_;
  ChangeHub changes_;
  std::unique_ptr<Racer> racer_;
  std::unique_ptr<Prober> prober_;
  PullTable pulls_;
  std::map<uint64_t, std::unique_ptr<AccountQuery>> account_queries_;
  uint64_t next_account_query_ = 1;
  std::map<uint64_t, std::unique_ptr<Doctor>> doctors_;
  uint64_t next_doctor_ = 1;
  std::map<uint64_t, ReadErrand> reads_;
  std::map<uint64_t, VerifyErrand> verifications_;
  uint64_t next_errand_ = 1;
  std::optional<BenchErrand> bench_;  // the one under way
  BenchHistory bench_history_;
  absl::Time bench_tried_ = absl::InfinitePast();  // steady: by the configuration, whether it came to anything or not
  int64_t next_sequence_ = 1;
  int64_t next_change_ = 2;  // so that there is one before the first, which is not 0
  int64_t told_sequence_ = 0;     // of the pull whose progress was told last to those who watch all
  int64_t forgotten_change_ = 0;  // the last of those that are not remembered any more
  absl::Time next_house_keeping_ = absl::InfinitePast();
  absl::Time next_source_save_ = absl::InfinitePast();
  bool begin_wanted_ = false;
  bool stopping_ = false;
  bool stopped_ = false;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_ENGINE_H_
