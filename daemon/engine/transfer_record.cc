// What of a transfer outlives the process: checkpoints, its record, who sent what.
#include <algorithm>
#include <utility>

#include "daemon/engine/transfer.h"

namespace hfget::engine {

bool Transfer::HasToRecord() const {
  const bool news = pieces_.has_undurable() || writes_under_way_ > 0;
  return news && open_ && !small() && !publishing_ && !sync_failed_ && !forgotten_ && provenance_loaded_;
}

void Transfer::MaybeCheckpoint(absl::Time now, bool now_please, absl::AnyInvocable<void()> done) {
  if (done) {
    if (!HasToRecord() && !checkpoint_running_) return done();
    checkpoint_waiters_.push_back(std::move(done));
  }
  const bool due = dirty_bytes_ >= context_.config.checkpoint_bytes ||
                   now - dirty_since_ >= context_.config.checkpoint_interval;
  if ((due || now_please) && HasToRecord() && !checkpoint_running_) BeginCheckpoint();
}

void Transfer::BeginCheckpoint() {
  checkpoint_running_ = true;
  checkpoint_begun_ = context_.clock.Steady();
  dirty_bytes_ = 0;
  recording_since_ = std::exchange(dirty_since_, absl::InfiniteFuture());
  std::vector<PieceIndex> covered = pieces_.Undurable();
  // The sync waits for the writes that were asked for before it.
  for (PieceIndex p = 0; p < pieces_.count() && writes_under_way_ > 0; ++p) {
    if (pieces_.state(p) == core::PieceMap::State::kWriting) covered.push_back(p);
  }
  context_.disk.Sync(partial_, lifetime_.Guard([this, covered = std::move(covered), rewrites = rewrites_](
                                                   absl::StatusOr<disk::SyncDone> synced) mutable {
    OnSynced(std::move(covered), rewrites, std::move(synced));
  }));
}

void Transfer::OnSynced(std::vector<PieceIndex> covered, int rewrites, absl::StatusOr<disk::SyncDone> synced) {
  if (!synced.ok()) {
    sync_failed_ = true;
    EndCheckpoint();
    return FailDisk(synced.status(), "cannot sync the partial file");
  }
  if (forgotten_ || rewrites != rewrites_) return EndCheckpoint();
  for (const PieceIndex piece : covered) pieces_.Durable(piece);
  // The hash may have come further than what was there when the sync was asked for: those pieces were written when it began, and
  // would they be fetched again after a restart, all would have to be hashed again.
  const std::vector<PieceIndex> hashed = pieces_.DurableBefore(PieceCount(synced->hashed_bytes));
  covered.insert(covered.end(), hashed.begin(), hashed.end());
  hashed_bytes_ = synced->hashed_bytes;
  hash_state_ = std::move(synced->hash_state);
  modified_ = synced->touched ? absl::InfinitePast() : synced->modified;
  store::Batch batch;
  batch.puts.emplace_back(store::TransferKey(key_), ToRecord().SerializeAsString());
  AddProvenance(covered, batch);
  context_.store.Commit(std::move(batch), store::Durability::kProgress,
                        lifetime_.Guard([this](absl::Status status) {
                          context_.counters.checkpoint_time.Observe(context_.clock.Steady() - checkpoint_begun_);
                          EndCheckpoint();
                          if (!status.ok()) FailDisk(status, "cannot record progress");
                        }));
}

void Transfer::EndCheckpoint() {
  checkpoint_running_ = false;
  recording_since_ = absl::InfiniteFuture();
  // Who waits wants to know of all that came meanwhile, too.
  if (!checkpoint_waiters_.empty() && HasToRecord()) return BeginCheckpoint();
  TellCheckpointWaiters();
}

void Transfer::TellCheckpointWaiters() {
  std::vector<absl::AnyInvocable<void()>> waiters;
  waiters.swap(checkpoint_waiters_);
  for (auto& waiter : waiters) waiter();
}

void Transfer::ForgetRecord() {
  forgotten_ = true;
  if (small()) return;
  store::Batch batch;
  batch.deletes.push_back(store::TransferKey(key_));
  batch.delete_prefixes.push_back(store::ProvenancePrefix(key_));
  context_.store.Commit(std::move(batch), store::Durability::kProgress, [](absl::Status) {});
}

std::optional<records::v1::TransferRecord> Transfer::KeptRecord() const {
  if (small() || forgotten_ || discard_) return std::nullopt;
  if (identity_.empty()) return record_;
  return ToRecord();
}

records::v1::TransferRecord Transfer::ToRecord() const {
  records::v1::TransferRecord record;
  record.set_partial_path(partial_path_);
  record.set_size_bytes(file_.size);
  record.set_digest(file_.hash.hex);
  record.set_durable_pieces(pieces_.DurableBitmap());
  record.set_hashed_bytes(hashed_bytes_);
  record.set_hash_state(hash_state_);
  record.set_publishing(publishing_);
  record.set_partial_identity(identity_);
  if (modified_ != absl::InfinitePast()) record.set_partial_modified_unix_ns(absl::ToUnixNanos(modified_));
  return record;
}

void Transfer::AddProvenance(const std::vector<PieceIndex>& pieces, store::Batch& batch) const {
  constexpr PieceIndex kChunk = 1024;
  std::set<PieceIndex> chunks;
  for (const PieceIndex piece : pieces) chunks.insert(piece / kChunk);
  for (const PieceIndex chunk : chunks) {
    records::v1::ProvenanceRecord record;
    for (core::SourceIndex i = 0; i < context_.sources.count(); ++i) {
      record.add_sources(context_.sources.at(i).config.name);
    }
    const PieceIndex end = std::min((chunk + 1) * kChunk, pieces_.count());
    for (PieceIndex p = chunk * kChunk; p < end; ++p) {
      const core::Provenance::Entry& e = provenance_.at(p);
      const bool one_sender = e.known && e.source >= 0 && e.also == core::Provenance::kUnknown;
      record.mutable_source_index()->push_back(static_cast<char>(one_sender ? e.source : 255));
      record.mutable_digests()->append(reinterpret_cast<const char*>(e.digest.data()), 16);
    }
    batch.puts.emplace_back(store::ProvenanceKey(key_, chunk * kChunk), record.SerializeAsString());
  }
}

}  // namespace hfget::engine
