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
  hashing_since_ = context_.clock.Steady();
  host_.EndRacing(*this);
  context_.disk.FinishHash(partial_, lifetime_.Guard([this](absl::StatusOr<ContentHash> hash) {
    OnHashed(std::move(hash));
  }));
}

void Transfer::OnHashed(absl::StatusOr<ContentHash> hash) {
  if (state_ != State::kHashing) return;
  if (absl::IsDataLoss(hash.status()) || absl::IsOutOfRange(hash.status())) {
    return LookForDamage([this, status = hash.status()] { FailDisk(status, "cannot read the partial file back"); });
  }
  if (!hash.ok()) return FailDisk(hash.status(), "cannot read the partial file back");
  context_.counters.verify_time.Observe(context_.clock.Steady() - hashing_since_);
  if (*hash != file_.hash) {
    ++context_.counters.verify_failures;
    spdlog::warn("{}: hash {} where {} is listed; looking for the wrong pieces", file_.path, hash->hex,
                 file_.hash.hex);
    // What this machine has spoilt is nobody's lie.
    return LookForDamage([this] { Blame(); });
  }
  for (const auto& [source, pieces] : provenance_.Convicted()) {
    // Another file under the same name is no lie.
    const bool namesake = !IsOfItsHub(source) && file_.hash.kind == ContentHash::Kind::kGitSha1;
    if (!namesake) host_.Convict(source, *this, pieces);
  }
  SyncThenPublish();
}

void Transfer::Blame() {
  const core::Provenance::Suspicion suspicion = provenance_.Suspect(host_.Trust());
  if (suspicion.pieces.empty()) return FailCorrupt();
  suspects_allowed_ = 0;
  FetchAgain(suspicion.pieces);
}

void Transfer::FetchAgain(const std::vector<PieceIndex>& pieces) {
  ByteCount again = 0;
  for (const PieceIndex piece : pieces) {
    again += pieces_.BytesIn(piece);
    pieces_.Forget(piece);
  }
  OnWasted(again);
  ++rewrites_;
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
    modified_ = synced->modified;
    if (!synced->touched) return RecordThenPublish();
    LookForDamage([this] { RecordThenPublish(); });
  }));
}

void Transfer::RecordThenPublish() {
  // A file of one piece is cheaper to fetch again than to record: a crash on either side of its rename leaves the blob
  // there or not, and both are found by looking.
  if (small()) return PublishNext(0);
  publishing_ = true;
  const std::vector<PieceIndex> covered = pieces_.Undurable();
  for (const PieceIndex piece : covered) pieces_.Durable(piece);
  store::Batch batch;
  AddProvenance(covered, batch);
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
  ++context_.counters.published_files;
  context_.counters.published_bytes += file_.size;
  open_ = false;
  context_.disk.ClosePartial(partial_, false, lifetime_.Guard([this](absl::Status) { host_.OnOver(*this); }));
}

}  // namespace hfget::engine
