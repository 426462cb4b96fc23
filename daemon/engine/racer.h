// The race: which source fetches which range of which file, and what becomes of failures.
#ifndef HFGET_DAEMON_ENGINE_RACER_H_
#define HFGET_DAEMON_ENGINE_RACER_H_

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "daemon/core/priority_scheduler.h"
#include "daemon/engine/context.h"
#include "daemon/engine/fetch.h"
#include "daemon/engine/transfer.h"

namespace hfget::engine {

// Owns: the transfers and their fetches. Holds no policy of its own: core::PriorityScheduler chooses, core::ConsequenceOf judges.
// Thread: the engine.
class Racer final : public core::Scheduler::World, public Fetch::Observer, public TransferHost {
 public:
  explicit Racer(Context& context);
  ~Racer() override;

  // The transfer of this partial file, joined or begun.
  Transfer& Join(TransferClient& client, size_t file_index, const hub::ManifestFile& file);
  // The client's standing has changed.
  void Restand(const TransferClient& client);
  void Leave(TransferClient& client, bool discard);
  // What was durable at the last run, by transfer key.
  void Load(std::string key, records::v1::TransferRecord record);
  // The file is in its place: an unfinished one of an earlier run is of no use any more. `on_disk`: it was seen there.
  void Forget(const std::string& key, bool on_disk);

  // Nobody will want what is unfinished of it: removed now, or as soon as its transfer has let go of it.
  void Discard(const std::string& key);

  // Does what is due: stalls, checkpoints, new fetches, hopeless files. Called every turn of the loop.
  void Tick(absl::Time now);
  // The earliest time at which Tick has something to do by itself.
  absl::Time NextTick(absl::Time now) const;
  // Buffers have come back to the pool.
  void OnBuffersAvailable();

  // Abandons all fetches and records what is there; `done` when it is.
  void Shutdown(absl::AnyInvocable<void()> done);

  const Transfer* Find(const std::string& key) const;
  size_t open_transfers() const { return transfers_.size(); }
  int connections() const { return static_cast<int>(fetches_.size()); }
  int waiting_for_buffers() const { return static_cast<int>(paused_.size()); }
  int ConnectionsOf(const TransferClient* client) const;
  int ConnectionsOf(core::SourceIndex source, const TransferClient* client) const;
  absl::Time last_byte() const { return last_byte_; }
  const core::PriorityScheduler& scheduler() const { return scheduler_; }
  const std::map<core::FileId, std::unique_ptr<Transfer>>& transfers() const { return transfers_; }

  // core::Scheduler::World
  bool MayServe(core::FileId file, core::SourceIndex source) const override;
  bool MayRace(core::FileId file) const override;

  // Fetch::Observer
  void OnTarget(Fetch& fetch, const Target& target) override;
  void OnPiece(Fetch& fetch, PieceIndex piece, disk::Buffer buffer, core::SourceIndex also) override;
  void OnBytes(Fetch& fetch, ByteCount received, ByteCount position) override;
  void OnPaused(Fetch& fetch) override;
  void OnEnd(Fetch& fetch, FetchResult result) override;

  // TransferHost
  void BeginRacing(Transfer& transfer) override;
  void EndRacing(Transfer& transfer) override;
  void OnStanding(Transfer& transfer) override;
  void Convict(core::SourceIndex source, const Transfer& transfer,
               const std::vector<PieceIndex>& pieces) override;
  std::vector<double> Trust() const override;
  void OnOver(Transfer& transfer) override;
  bool shutting_down() const override { return shutting_down_; }

 private:
  void Dispatch(absl::Time now);
  bool DispatchOne(core::SourceIndex source, absl::Time now);
  // Its connections are all in use: one that serves something less urgent makes way. False: none does.
  bool Displace(const core::Offer& offer, absl::Time now);
  void StartFetch(const core::Assignment& assignment);
  void AbandonFlight(core::FlightId flight);
  void Retire(core::FlightId flight);
  void Sweep();
  void KeepHouse(absl::Time now);
  // Connections above a limit that was found to hurt.
  void EndExcess();
  void Checkpoint(absl::Time now);
  // What the end of a fetch says about its source and data host.
  void Record(const Fetch& fetch, const FetchResult& result, absl::Time now);
  Transfer* TransferOf(core::FileId file) const;
  // Whether an ended transfer of this partial file has not let go of it yet.
  bool Closing(const std::string& key) const;
  void Open(Transfer& transfer);

  Context& context_;
  core::PriorityScheduler scheduler_;
  std::map<core::FileId, std::unique_ptr<Transfer>> transfers_;
  std::map<std::string, Transfer*> by_key_;  // those that may be joined
  absl::flat_hash_map<std::string, records::v1::TransferRecord> records_;
  std::set<std::string> discarded_;  // keys of transfers that are closing
  std::map<core::FlightId, std::unique_ptr<Fetch>> fetches_;
  std::deque<core::FlightId> paused_;
  std::vector<std::unique_ptr<Fetch>> retired_fetches_;  // destroyed at the end of the turn: they may be on the stack
  std::vector<std::unique_ptr<Transfer>> retired_transfers_;
  core::FileId next_file_ = 1;
  absl::Time last_byte_;
  absl::Time next_house_keeping_ = absl::InfinitePast();
  bool work_changed_ = true;
  bool shutting_down_ = false;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_RACER_H_
