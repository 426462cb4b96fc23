// One partial file: opened, filled by fetches, checkpointed, hashed, published for every pull that wants it.
// transfer.cc: from the wish to the last piece. transfer_sources.cc: who may serve it. transfer_refusal.cc: what a hub's no
// means. transfer_finish.cc: hash, blame, publication. transfer_damage.cc: what the disk lost. transfer_record.cc: what outlives the process.
#ifndef HFGET_DAEMON_ENGINE_TRANSFER_H_
#define HFGET_DAEMON_ENGINE_TRANSFER_H_

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "daemon/core/piece_map.h"
#include "daemon/core/priority_scheduler.h"
#include "daemon/core/provenance.h"
#include "daemon/core/rate_meter.h"
#include "daemon/engine/api.h"
#include "daemon/engine/bars.h"
#include "daemon/engine/context.h"
#include "daemon/engine/counterparts.h"
#include "daemon/engine/fetch.h"
#include "daemon/engine/lifetime.h"
#include "daemon/engine/pull_token.h"
#include "daemon/hub/manifest.h"
#include "daemon/layout/layout.h"
#include "hfget/v1/records.pb.h"

namespace hfget::engine {

class Transfer;

// One pull's wish for one file. Implemented by Pull; outlives the transfer's use of it (Transfer::Leave ends that).
class TransferClient {
 public:
  virtual ~TransferClient() = default;
  virtual const std::string& commit() const = 0;
  virtual const hub::RepoId& repo() const = 0;
  virtual PullToken& token(hub::Hub realm) = 0;
  // How fast this pull may be, and over how many connections; null, 0: no limit of its own.
  virtual std::shared_ptr<core::TokenBucket> bucket() const = 0;
  virtual int max_connections() const = 0;
  virtual core::Standing standing() const = 0;
  // Private or gated: the bytes are not to be had without a token everywhere.
  virtual bool restricted() const = 0;
  // Shared because the disk pool may still publish with it when the pull has gone.
  virtual std::shared_ptr<layout::Layout> layout() = 0;
  // Why this source may not serve this pull's repo, or nothing.
  virtual const std::string* Barred(core::SourceIndex source) const = 0;
  // What a source has of the file, as far as its listing says, and where. UrlAt REQUIRES: kMaybe or kHas.
  virtual Supply SupplyAt(core::SourceIndex source, size_t file_index) const = 0;
  virtual std::string UrlAt(core::SourceIndex source, size_t file_index) const = 0;
  virtual void OnReceived(core::SourceIndex source, ByteCount bytes) = 0;
  virtual void OnWasted(ByteCount bytes) = 0;
  virtual void OnPublished(size_t file_index) = 0;
  virtual void OnTransferFailed(size_t file_index, PullError error) = 0;
};

// What the transfer asks of the racer that owns it.
class TransferHost {
 public:
  virtual ~TransferHost() = default;
  virtual void BeginRacing(Transfer& transfer) = 0;   // its pieces may be fetched
  virtual void EndRacing(Transfer& transfer) = 0;     // abandons its fetches
  virtual void OnStanding(Transfer& transfer) = 0;    // others want it now
  virtual void Convict(core::SourceIndex source, const Transfer& transfer,
                       const std::vector<PieceIndex>& pieces) = 0;
  virtual std::vector<double> Trust() const = 0;
  // Over: published, failed, or nobody wants it. The transfer is destroyed soon after.
  virtual void OnOver(Transfer& transfer) = 0;
  virtual bool shutting_down() const = 0;
};

// Thread: the engine.
class Transfer {
 public:
  enum class State { kWaiting, kOpening, kLocked, kFetching, kHashing, kPublishing, kOver };

  Transfer(Context& context, TransferHost& host, core::FileId id, std::string key,
           hub::ManifestFile file, std::string partial_path, std::string lock_path);
  ~Transfer();

  void Join(TransferClient& client, size_t file_index, hub::ManifestFile file);
  // The client no longer wants it. With nobody left the transfer ends; `discard` removes the partial file.
  void Leave(TransferClient& client, bool discard);
  // `record`: what is durable of it. REQUIRES: no other transfer of this partial file is open.
  void Open(std::optional<records::v1::TransferRecord> record);
  // Nobody has called Open yet.
  bool waits_to_open() const { return state_ == State::kWaiting; }

  core::FileId id() const { return id_; }
  const std::string& key() const { return key_; }
  const hub::ManifestFile& file() const { return file_; }
  State state() const { return state_; }
  core::PieceMap& pieces() { return pieces_; }
  const core::PieceMap& pieces() const { return pieces_; }
  const core::Provenance& provenance() const { return provenance_; }
  ByteCount done_bytes() const;
  const core::RateMeter& rate() const { return rate_; }
  bool WantedBy(const TransferClient* client) const;
  // Of the most urgent of those who want it; of equals, of who came first.
  core::Standing standing() const;
  // Whose repo it is of.
  hub::Hub hub() const;
  // All who want it have a limit on their rate.
  bool limited() const { return WidestBucket() != nullptr; }
  // One of those who want it may have one more connection. `connections`: that a pull has.
  bool HasRoom(absl::FunctionRef<int(const TransferClient&)> connections) const;
  // What stays durable of an unfinished transfer, for the next one of the same partial file.
  std::optional<records::v1::TransferRecord> KeptRecord() const;
  bool joinable() const { return state_ != State::kOver; }
  void FailWith(PullError error) { Fail(std::move(error)); }

  // --- racing ---
  bool MayServe(core::SourceIndex source, absl::Time now) const;
  // Nobody may ever serve it as things stand; the reason for people.
  std::optional<PullError> Hopeless(absl::Time now);
  FetchJob JobFor(const core::Flight& flight, absl::Time wall);
  void OnTarget(core::SourceIndex source, const Target& target);
  void OnPiece(const core::Flight& flight, PieceIndex piece, disk::Buffer buffer, core::SourceIndex also);
  // True when the piece is still wanted.
  bool Wants(PieceIndex piece) const;
  void OnFetchEnd(core::SourceIndex source, FetchResult& result, absl::Time now);
  void OnReceived(core::SourceIndex source, ByteCount bytes, absl::Time now);
  void OnWasted(ByteCount bytes);

  // --- durability ---
  // Written since the last checkpoint began. 0 for a file that is not worth a record.
  ByteCount dirty_bytes() const { return small() ? 0 : dirty_bytes_; }
  // When the oldest byte was written that no record claims yet; InfiniteFuture: there is none, or none is to come.
  absl::Time unrecorded_since() const {
    return small() || publishing_ || forgotten_ ? absl::InfiniteFuture() : std::min(dirty_since_, recording_since_);
  }
  // Begins a checkpoint when one is due (or `now_please`); calls `done` (may be null) when nothing is left to be recorded.
  void MaybeCheckpoint(absl::Time now, bool now_please, absl::AnyInvocable<void()> done);

 private:
  struct Claim {
    TransferClient* client;
    size_t file_index;
    hub::ManifestFile file;
  };
  struct Partial {
    disk::Buffer buffer;
    core::SourceIndex source;
    core::SourceIndex also;  // -1: nobody else
  };

  // --- transfer.cc ---
  void LookThenOpen();
  void OpenPartial();
  void OnOpened(absl::StatusOr<disk::Opened> opened);
  void WaitForLock();
  const Claim* AnyClaim() const;
  // One client may have several files of the same content: it is told once.
  void ForEachClient(absl::FunctionRef<void(TransferClient&)> call) const;
  void KeepRest(FetchResult& result);
  void OnWritten(PieceIndex piece, core::SourceIndex source, core::SourceIndex also,
                 ByteCount bytes, absl::StatusOr<disk::WriteDone> done);
  void Fail(PullError error);
  void FailDisk(const absl::Status& status, absl::string_view doing);
  // Records what can be kept, closes, and is over.
  void End();
  void Close();

  // --- transfer_sources.cc ---
  const std::string* BarredByPulls(core::SourceIndex source) const;
  bool BarredAsSuspect(core::SourceIndex source) const;
  // The best that a pull knows of: a mere namesake counts only when nobody else is left.
  Supply SupplyAt(core::SourceIndex source) const;
  bool Suits(Supply supply) const { return supply == Supply::kHas || (supply == Supply::kMaybe && namesakes_allowed_); }
  std::shared_ptr<core::TokenBucket> WidestBucket() const;
  bool IsOfItsHub(core::SourceIndex source) const;
  // Every commit that the file is wanted of is absent there (yet).
  bool LacksCommits(core::SourceIndex source, absl::Time now) const;
  bool SaidToBeAbsent(absl::Time now) const;
  // Why nobody need wait for this source; nullopt: it may serve, now or later.
  std::optional<std::string> NeverServes(core::SourceIndex source, absl::Time now) const;

  // --- transfer_refusal.cc ---
  PullError ErrorFor(core::SourceIndex source, const FetchResult& result) const;
  // The source refuses the token that was sent. True: nothing more is to be done about this answer.
  bool OnTokenRefused(core::SourceIndex source, const FetchResult& result, const PullError& error);

  // --- transfer_finish.cc ---
  void MaybeFinish();
  void OnHashed(absl::StatusOr<ContentHash> hash);
  void Blame();
  // Throws them away.
  void FetchAgain(const std::vector<PieceIndex>& pieces);
  void FailCorrupt();
  void SyncThenPublish();
  void RecordThenPublish();
  void PublishNext(size_t claim);
  void OnPublished(size_t claim, const absl::Status& status);
  void EndPublished();

  // --- transfer_damage.cc ---
  // `intact`: every piece is on the disk as it was written. Otherwise those that are not are fetched again.
  void LookForDamage(absl::AnyInvocable<void()> intact);
  void OnDamage(const std::vector<PieceIndex>& damaged, absl::AnyInvocable<void()> intact);
  // Finds out who sent what before the restart. Nothing is recorded meanwhile, so that it is not forgotten.
  void LoadProvenance();
  void TakeProvenance(PieceIndex first, const records::v1::ProvenanceRecord& record);

  // --- transfer_record.cc ---
  bool HasToRecord() const;
  void BeginCheckpoint();
  void OnSynced(std::vector<PieceIndex> covered, int rewrites, absl::StatusOr<disk::SyncDone> synced);
  void EndCheckpoint();
  void TellCheckpointWaiters();
  void ForgetRecord();
  records::v1::TransferRecord ToRecord() const;
  void AddProvenance(const std::vector<PieceIndex>& pieces, store::Batch& batch) const;
  bool small() const { return pieces_.count() <= 1; }

  Context& context_;
  TransferHost& host_;
  const core::FileId id_;
  const std::string key_;
  const hub::ManifestFile file_;
  const std::string partial_path_;
  const std::string lock_path_;

  State state_ = State::kWaiting;
  std::vector<Claim> claims_;
  core::PieceMap pieces_;
  core::Provenance provenance_;
  core::RateMeter rate_;
  std::optional<records::v1::TransferRecord> record_;  // of an earlier run, until the file is open
  bool opening_ = false;  // an answer of the disk is awaited
  bool open_ = false;
  disk::PartialId partial_ = 0;
  std::string identity_;
  ByteCount hashed_bytes_ = 0;  // as of the last sync
  std::string hash_state_;
  absl::Time modified_ = absl::InfinitePast();  // of the partial file, as of the last sync; InfinitePast: others were at it
  int writes_under_way_ = 0;
  bool provenance_loaded_ = true;
  absl::AnyInvocable<void()> provenance_waiter_;
  int damage_rounds_ = 0;
  bool found_ = false;       // it was there already: to be adopted, not published
  bool publishing_ = false;  // verified and synced
  int published_ = 0;        // claims
  bool discard_ = false;
  bool namesakes_allowed_ = false;
  int suspects_allowed_ = 0;  // 1: earlier suspects may serve, for want of others; 2: the last one too

  std::map<core::SourceIndex, Target> targets_;
  std::set<core::SourceIndex> resolving_;  // the first fetch of this source is finding out where the bytes are
  Bars bars_;
  std::map<PieceIndex, Partial> partials_;

  bool checkpoint_running_ = false;
  bool sync_failed_ = false;
  bool forgotten_ = false;  // its record is deleted, and must not come again
  int rewrites_ = 0;  // times that pieces were thrown away: a sync that began before says nothing about them
  absl::Time dirty_since_ = absl::InfiniteFuture();
  absl::Time recording_since_ = absl::InfiniteFuture();  // what dirty_since_ was when the running checkpoint began
  absl::Time checkpoint_begun_ = absl::InfinitePast();
  absl::Time hashing_since_ = absl::InfinitePast();
  ByteCount dirty_bytes_ = 0;
  std::vector<absl::AnyInvocable<void()>> checkpoint_waiters_;
  Lifetime lifetime_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_TRANSFER_H_
