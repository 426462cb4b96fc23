// How a transfer ends well: the hash, the search for who sent wrong bytes, publication.
#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/engine/transfer.h"

namespace hfget::engine {

void Transfer::MaybeFinish() {
  if (state_ != State::kFetching || !pieces_.all_written() || writes_under_way_ > 0) return;
  state_ = State::kHashing;
  host_.EndRacing(*this);
  context_.disk.FinishHash(partial_, lifetime_.Guard([this](absl::StatusOr<ContentHash> hash) {
    OnHashed(std::move(hash));
  }));
}

void Transfer::OnHashed(absl::StatusOr<ContentHash> hash) {
  if (state_ != State::kHashing) return;
  if (!hash.ok()) return FailDisk(hash.status(), "cannot read the partial file back");
  if (*hash != file_.hash) {
    spdlog::warn("{}: hash {} where {} is listed; looking for the wrong pieces", file_.path, hash->hex,
                 file_.hash.hex);
    return LoadProvenanceThenBlame();
  }
  for (const auto& [source, pieces] : provenance_.Convicted()) {
    // Another file under the same name is no lie.
    const bool namesake = !IsOfItsHub(source) && file_.hash.kind == ContentHash::Kind::kGitSha1;
    if (!namesake) host_.Convict(source, *this, pieces);
  }
  SyncThenPublish();
}

void Transfer::LoadProvenanceThenBlame() {
  if (provenance_loaded_) return Blame();
  provenance_loaded_ = true;
  context_.store.ReadProvenance(key_, lifetime_.Guard([this](auto records) {
    if (!records.ok()) spdlog::warn("{}: who sent what is not known: {}", file_.path, records.status().message());
    if (records.ok()) {
      for (const auto& [first, record] : *records) LoadProvenance(first, record);
    }
    if (state_ == State::kHashing) Blame();
  }));
}

void Transfer::LoadProvenance(PieceIndex first, const records::v1::ProvenanceRecord& record) {
  for (size_t i = 0; i < record.source_index().size(); ++i) {
    const PieceIndex piece = first + static_cast<PieceIndex>(i);
    const auto name = static_cast<uint8_t>(record.source_index()[i]);
    if (piece < 0 || piece >= pieces_.count() || name >= record.sources_size()) continue;
    if (provenance_.at(piece).known || record.digests().size() < (i + 1) * 16) continue;
    core::Provenance::Digest digest;
    memcpy(digest.data(), record.digests().data() + i * 16, 16);
    const auto source = context_.sources.Find(record.sources(name));
    provenance_.Load(piece, source.value_or(core::Provenance::kUnknown), digest);
  }
}

void Transfer::Blame() {
  const core::Provenance::Suspicion suspicion = provenance_.Suspect(host_.Trust());
  if (suspicion.pieces.empty()) return FailCorrupt();
  ByteCount again = 0;
  for (const PieceIndex piece : suspicion.pieces) {
    again += pieces_.BytesIn(piece);
    pieces_.Forget(piece);
  }
  OnWasted(again);
  ++rewrites_;
  suspects_allowed_ = 0;
  hashed_bytes_ = 0;
  hash_state_.clear();
  context_.disk.ResetHash(partial_);
  // The record must not claim what is being fetched again.
  store::Batch batch;
  batch.puts.emplace_back(store::TransferKey(key_), ToRecord().SerializeAsString());
  if (!small()) context_.store.Commit(std::move(batch), store::Durability::kProgress, [](absl::Status) {});
  state_ = State::kFetching;
  host_.BeginRacing(*this);
}

void Transfer::FailCorrupt() {
  PullError error;
  error.cause = core::ErrorCause::kCorrupt;
  error.message = absl::StrCat(file_.path, ": the bytes do not have the listed hash ", file_.hash.hex,
                               " from any source; the listing or the hub's copy is wrong: try again later");
  discard_ = true;  // what is there is worthless: the next pull begins anew
  Fail(std::move(error));
}

void Transfer::SyncThenPublish() {
  state_ = State::kPublishing;
  context_.disk.Sync(partial_, lifetime_.Guard([this](absl::StatusOr<disk::SyncDone> synced) {
    if (!synced.ok()) return FailDisk(synced.status(), "cannot sync the partial file");
    RecordThenPublish();
  }));
}

void Transfer::RecordThenPublish() {
  // A file of one piece is cheaper to fetch again than to record: a crash on either side of its rename leaves the blob
  // there or not, and both are found by looking.
  if (small()) return PublishNext(0);
  publishing_ = true;
  for (const PieceIndex piece : pieces_.Undurable()) pieces_.Durable(piece);
  store::Batch batch;
  batch.puts.emplace_back(store::TransferKey(key_), ToRecord().SerializeAsString());
  context_.store.Commit(std::move(batch), store::Durability::kPromise,
                        lifetime_.Guard([this](absl::Status status) {
                          if (!status.ok()) return FailDisk(status, "cannot record the publication");
                          PublishNext(0);
                        }));
}

void Transfer::PublishNext(size_t claim) {
  while (claim < claims_.size() && claims_[claim].client == nullptr) ++claim;
  if (claim == claims_.size()) return published_ > 0 ? EndPublished() : End();
  const Claim& c = claims_[claim];
  context_.disk.Run(
      [adopt = found_, layout = c.client->layout(), file = c.file, now = context_.clock.Wall()](FileSystem& fs) {
        if (!adopt) return layout->Publish(fs, file, now);
        const auto adopted = layout->Adopt(fs, file, now);
        if (!adopted.ok()) return adopted.status();
        return *adopted ? absl::OkStatus() : absl::NotFoundError("it was there a moment ago");
      },
      lifetime_.Guard([this, claim](absl::Status status) { OnPublished(claim, status); }));
}

void Transfer::OnPublished(size_t claim, const absl::Status& status) {
  if (!status.ok()) return FailDisk(status, "cannot put the file in its place");
  ++published_;
  Claim& published = claims_[claim];
  TransferClient* const client = std::exchange(published.client, nullptr);
  if (client != nullptr) client->OnPublished(published.file_index);
  PublishNext(claim + 1);
}

void Transfer::EndPublished() {
  state_ = State::kOver;
  ForgetRecord();
  TellCheckpointWaiters();
  if (found_) {
    discard_ = true;  // an unfinished file of our own, if there is one
    return Close();
  }
  open_ = false;
  context_.disk.ClosePartial(partial_, false, lifetime_.Guard([this](absl::Status) { host_.OnOver(*this); }));
}

}  // namespace hfget::engine
