// One partial file: opened, filled by fetches, checkpointed, hashed, published for every pull that wants it.
#ifndef HFGET_DAEMON_ENGINE_TRANSFER_H_
#define HFGET_DAEMON_ENGINE_TRANSFER_H_

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/core/piece_map.h"
#include "daemon/core/provenance.h"
#include "daemon/core/rate_meter.h"
#include "daemon/engine/api.h"
#include "daemon/engine/context.h"
#include "daemon/engine/fetch.h"
#include "daemon/engine/lifetime.h"
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
  virtual const Secret& token() const = 0;
  // Shared because the disk pool may still publish with it when the pull has gone.
  virtual std::shared_ptr<layout::Layout> layout() = 0;
  // Why this source may not serve this pull's repo, or nothing.
  virtual const std::string* Barred(core::SourceIndex source) const = 0;
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
  enum class State { kOpening, kLocked, kFetching, kHashing, kPublishing, kOver };

  // `record`: what was durable at the last run; nullptr: nothing.
  Transfer(Context& context, TransferHost& host, core::FileId id, std::string key,
           hub::ManifestFile file, std::string partial_path, std::string lock_path,
           const records::v1::TransferRecord* record);
  ~Transfer();

  void Join(TransferClient& client, size_t file_index, hub::ManifestFile file);
  // The client no longer wants it. With nobody left the transfer ends; `discard` removes the partial file.
  void Leave(TransferClient& client, bool discard);
  void Open();

  core::FileId id() const { return id_; }
  const std::string& key() const { return key_; }
  const hub::ManifestFile& file() const { return file_; }
  State state() const { return state_; }
  core::PieceMap& pieces() { return pieces_; }
  const core::PieceMap& pieces() const { return pieces_; }
  ByteCount done_bytes() const;
  const core::RateMeter& rate() const { return rate_; }
  bool WantedBy(const TransferClient* client) const;
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
  // Begins a checkpoint when one is due (or `now_please`); calls `done` (may be null) when nothing is left to be recorded.
  void MaybeCheckpoint(absl::Time now, bool now_please, absl::AnyInvocable<void()> done);

 private:
  struct Claim {
    TransferClient* client;
    size_t file_index;
    hub::ManifestFile file;
  };
  struct Bar {
    absl::Time until;
    PullError error;  // what to tell when everybody is barred
  };
  struct Partial {
    disk::Buffer buffer;
    core::SourceIndex source;
  };

  void OnOpened(absl::StatusOr<disk::Opened> opened);
  void WaitForLock();
  void OnWritten(PieceIndex piece, core::SourceIndex source, core::SourceIndex also,
                 ByteCount bytes, absl::StatusOr<disk::WriteDone> done);
  void MaybeFinish();
  void OnHashed(absl::StatusOr<ContentHash> hash);
  void Blame();
  void LoadProvenanceThenBlame();
  void SyncThenPublish();
  void RecordThenPublish();
  void PublishNext(size_t claim);
  void ForgetRecord();
  void Fail(PullError error);
  PullError ErrorFor(core::SourceIndex source, const FetchResult& result) const;
  void BarSource(core::SourceIndex source, absl::Time until, PullError error);
  void KeepRest(core::SourceIndex source, FetchResult& result);
  void FailDisk(const absl::Status& status, absl::string_view doing);
  // Records what can be kept, closes, and is over.
  void End();
  void OnSynced(std::vector<PieceIndex> covered, absl::StatusOr<disk::SyncDone> synced);
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

  State state_ = State::kOpening;
  std::vector<Claim> claims_;
  core::PieceMap pieces_;
  core::Provenance provenance_;
  core::RateMeter rate_;
  bool open_ = false;
  disk::PartialId partial_ = 0;
  std::string identity_;
  std::string loaded_bitmap_;
  ByteCount hashed_bytes_ = 0;
  std::string hash_state_;
  int writes_under_way_ = 0;
  bool provenance_loaded_ = true;
  bool publishing_ = false;
  bool published_ = false;
  bool discard_ = false;
  bool suspect_allowed_ = false;  // nobody else can serve: the suspect itself is asked once more

  std::map<core::SourceIndex, Target> targets_;
  std::set<core::SourceIndex> resolving_;       // the first fetch of this source is finding out where the bytes are
  std::map<core::SourceIndex, Bar> bars_;
  std::map<core::SourceIndex, int> link_failures_;  // in a row without a byte
  std::map<core::SourceIndex, int> wrong_answers_;
  std::map<PieceIndex, Partial> partials_;

  bool checkpoint_running_ = false;
  absl::Time dirty_since_ = absl::InfiniteFuture();
  ByteCount dirty_bytes_ = 0;
  std::vector<absl::AnyInvocable<void()>> checkpoint_waiters_;
  Lifetime lifetime_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_TRANSFER_H_
