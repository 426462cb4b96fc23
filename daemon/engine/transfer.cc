#include "daemon/engine/transfer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/log.h"
#include "daemon/engine/verdicts.h"
#include "daemon/hub/hf_dialect.h"

namespace hfget::engine {
namespace {

constexpr absl::Duration kLockRetry = absl::Seconds(1);

PullError DiskError(const absl::Status& status, absl::string_view doing) {
  PullError error;
  error.cause = core::ErrorCause::kDisk;
  error.message = absl::StrCat(doing, ": ", status.message());
  if (absl::IsResourceExhausted(status)) {
    absl::StrAppend(&error.message, "; free some space, then pull again: what is there is kept");
  } else if (absl::IsPermissionDenied(status)) {
    absl::StrAppend(&error.message, "; make the folder writable for this user, or choose another one");
  }
  return error;
}

}  // namespace

Transfer::Transfer(Context& context, TransferHost& host, core::FileId id, std::string key,
                   hub::ManifestFile file, std::string partial_path, std::string lock_path,
                   const records::v1::TransferRecord* record)
    : context_(context),
      host_(host),
      id_(id),
      key_(std::move(key)),
      file_(std::move(file)),
      partial_path_(std::move(partial_path)),
      lock_path_(std::move(lock_path)),
      pieces_(file_.size),
      provenance_(PieceCount(file_.size)) {
  if (record == nullptr || record->size_bytes() != file_.size || record->digest() != file_.hash.hex) return;
  loaded_bitmap_ = record->durable_pieces();
  hashed_bytes_ = record->hashed_bytes();
  hash_state_ = record->hash_state();
  identity_ = record->partial_identity();
}

Transfer::~Transfer() = default;

void Transfer::Join(TransferClient& client, size_t file_index, hub::ManifestFile file) {
  claims_.push_back({&client, file_index, std::move(file)});
}

void Transfer::Leave(TransferClient& client, bool discard) {
  bool wanted = false;
  for (Claim& claim : claims_) {
    if (claim.client == &client) claim.client = nullptr;
    wanted = wanted || claim.client != nullptr;
  }
  if (wanted || state_ == State::kOver) return;
  discard_ = discard;
  // While it is being renamed into place, it is too late to stop.
  if (state_ != State::kPublishing) End();
}

void Transfer::Open() {
  state_ = State::kOpening;
  disk::OpenPartialOptions options;
  options.path = partial_path_;
  options.lock_path = lock_path_;
  options.size = file_.size;
  options.hash = file_.hash;
  options.hashed_bytes = hashed_bytes_;
  options.hash_state = hash_state_;
  options.identity = identity_;
  options.landed = core::PieceMap::DurableRuns(loaded_bitmap_, file_.size);
  context_.disk.OpenPartial(std::move(options), lifetime_.Guard([this](absl::StatusOr<disk::Opened> opened) {
    OnOpened(std::move(opened));
  }));
}

void Transfer::OnOpened(absl::StatusOr<disk::Opened> opened) {
  if (state_ == State::kOver) {
    if (opened.ok()) context_.disk.ClosePartial(opened->id, discard_, [](absl::Status) {});
    return;
  }
  if (absl::IsUnavailable(opened.status())) return WaitForLock();
  if (!opened.ok()) return FailDisk(opened.status(), "cannot begin the partial file");
  open_ = true;
  partial_ = opened->id;
  identity_ = opened->identity;
  if (opened->resumed && !loaded_bitmap_.empty()) {
    pieces_.LoadDurable(loaded_bitmap_);
    provenance_loaded_ = false;
  }
  state_ = State::kFetching;
  host_.BeginRacing(*this);
  MaybeFinish();
}

void Transfer::WaitForLock() {
  state_ = State::kLocked;
  context_.timers.At(context_.clock.Steady() + kLockRetry, lifetime_.Guard([this] {
    if (state_ != State::kLocked) return;
    // Whoever holds the lock may have published the file meanwhile.
    auto found = std::make_shared<bool>(false);
    const Claim* claim = nullptr;
    for (const Claim& c : claims_) claim = c.client != nullptr ? &c : claim;
    if (claim == nullptr) return;
    context_.disk.Run(
        [found, layout = claim->client->layout(), file = claim->file, now = context_.clock.Wall()](FileSystem& fs) {
          auto adopted = layout->Adopt(fs, file, now);
          *found = adopted.ok() && *adopted;
          return absl::OkStatus();
        },
        lifetime_.Guard([this, found](absl::Status) {
          if (state_ != State::kLocked) return;
          if (!*found) return Open();
          state_ = State::kPublishing;
          PublishNext(0);
        }));
  }));
}

ByteCount Transfer::done_bytes() const {
  ByteCount bytes = pieces_.written_bytes();
  for (const auto& [piece, partial] : partials_) bytes += partial.buffer.size();
  return bytes;
}

bool Transfer::MayServe(core::SourceIndex source, absl::Time now) const {
  if (state_ != State::kFetching) return false;
  if (resolving_.count(source) > 0) return false;
  if (provenance_.UnderSuspicion() && provenance_.suspect() == source && !suspect_allowed_) return false;
  const auto bar = bars_.find(source);
  if (bar != bars_.end() && now < bar->second.until) return false;
  return std::any_of(claims_.begin(), claims_.end(), [source](const Claim& c) {
    return c.client != nullptr && c.client->Barred(source) == nullptr;
  });
}

std::optional<PullError> Transfer::Hopeless(absl::Time now) {
  if (state_ != State::kFetching || pieces_.missing() == 0) return std::nullopt;
  std::vector<std::string> reasons;
  std::optional<PullError> best;
  for (core::SourceIndex i = 0; i < context_.sources.count(); ++i) {
    const Source& source = context_.sources.at(i);
    const auto health = source.health.Get(now);
    const auto bar = bars_.find(i);
    const bool off = health == core::SourceHealth::State::kDisabled ||
                     health == core::SourceHealth::State::kQuarantined;
    const bool suspect = provenance_.UnderSuspicion() && provenance_.suspect() == i && !suspect_allowed_;
    const bool barred = bar != bars_.end() && now < bar->second.until;
    const std::string* pull_bar = nullptr;
    for (const Claim& c : claims_) {
      if (c.client != nullptr) pull_bar = c.client->Barred(i);
    }
    if (!off && !suspect && !barred && pull_bar == nullptr) return std::nullopt;
    if (barred && bar->second.error.cause != core::ErrorCause::kNoSource &&
        (!best || source.config.authority)) {
      best = bar->second.error;
    }
    reasons.push_back(absl::StrCat(source.config.name, ": ",
                                   off ? source.health.reason()
                                       : barred ? bar->second.error.message
                                                : pull_bar != nullptr ? *pull_bar : "sent wrong bytes"));
  }
  if (provenance_.UnderSuspicion() && !suspect_allowed_) {
    suspect_allowed_ = true;
    return std::nullopt;
  }
  if (best) return best;
  PullError error;
  error.cause = provenance_.UnderSuspicion() ? core::ErrorCause::kCorrupt : core::ErrorCause::kNoSource;
  error.message = absl::StrCat("no source can serve ", file_.path, " (", absl::StrJoin(reasons, "; "), ")");
  return error;
}

FetchJob Transfer::JobFor(const core::Flight& flight, absl::Time wall) {
  FetchJob job;
  job.flight = flight.id;
  job.source = flight.source;
  job.file = &file_;
  const auto claim = std::find_if(claims_.begin(), claims_.end(), [&](const Claim& c) {
    return c.client != nullptr && c.client->Barred(flight.source) == nullptr;
  });
  const Claim& chosen = claim != claims_.end() ? *claim : claims_.front();
  job.commit = chosen.client->commit();
  const Source& source = context_.sources.at(flight.source);
  if (context_.sources.MaySendToken(flight.source)) job.token = chosen.client->token();
  job.range = BytesOf(flight.pieces, file_.size);
  const auto partial = partials_.find(flight.pieces.begin);
  if (!flight.duplicate && partial != partials_.end()) {
    job.head = std::move(partial->second.buffer);
    job.head_source = partial->second.source;
    job.range.begin += job.head.size();
    partials_.erase(partial);
  }
  const auto target = targets_.find(flight.source);
  // Links are renewed shortly before they end.
  if (target != targets_.end() && wall + absl::Seconds(30) < target->second.expires) {
    job.target = target->second;
    job.resolved = true;
    return job;
  }
  targets_.erase(flight.source);
  auto url = hub::ParseUrl(hub::ResolveUrl(source.config.endpoint, chosen.client->repo(), job.commit,
                                           chosen.file.path));
  if (url.ok()) job.target.url = *std::move(url);
  resolving_.insert(flight.source);
  return job;
}

void Transfer::OnTarget(core::SourceIndex source, const Target& target) {
  targets_[source] = target;
  resolving_.erase(source);
}

bool Transfer::Wants(PieceIndex piece) const {
  const auto state = pieces_.state(piece);
  return state_ == State::kFetching &&
         (state == core::PieceMap::State::kMissing || state == core::PieceMap::State::kClaimed);
}

void Transfer::OnPiece(const core::Flight& flight, PieceIndex piece, disk::Buffer buffer,
                       core::SourceIndex also) {
  const ByteCount bytes = buffer.size();
  partials_.erase(piece);
  pieces_.BeginWrite(piece);
  ++writes_under_way_;
  context_.disk.Write(partial_, piece, std::move(buffer),
                      lifetime_.Guard([this, piece, source = flight.source, also, bytes](auto done) {
                        OnWritten(piece, source, also, bytes, std::move(done));
                      }));
}

void Transfer::OnWritten(PieceIndex piece, core::SourceIndex source, core::SourceIndex also,
                         ByteCount bytes, absl::StatusOr<disk::WriteDone> done) {
  --writes_under_way_;
  if (!done.ok()) {
    pieces_.WriteFailed(piece);
    return FailDisk(done.status(), "cannot write the partial file");
  }
  pieces_.Written(piece);
  provenance_.Written(piece, source, also, {done->digest.low, done->digest.high});
  dirty_bytes_ += bytes;
  if (dirty_since_ == absl::InfiniteFuture()) dirty_since_ = context_.clock.Steady();
  MaybeFinish();
}

void Transfer::OnReceived(core::SourceIndex source, ByteCount bytes, absl::Time now) {
  rate_.Add(bytes, now);
  for (const Claim& c : claims_) {
    if (c.client != nullptr) c.client->OnReceived(source, bytes);
  }
}

void Transfer::OnWasted(ByteCount bytes) {
  if (bytes <= 0) return;
  for (const Claim& c : claims_) {
    if (c.client != nullptr) c.client->OnWasted(bytes);
  }
}

void Transfer::BarSource(core::SourceIndex source, absl::Time until, PullError error) {
  spdlog::info("{} not from {}: {}", file_.path, context_.sources.at(source).config.name, error.message);
  bars_[source] = {until, std::move(error)};
}

PullError Transfer::ErrorFor(core::SourceIndex source, const FetchResult& result) const {
  const Source& s = context_.sources.at(source);
  PullError error;
  error.source = s.config.name;
  error.cause = core::ErrorCause::kNoSource;
  error.message = result.why.empty() ? std::string(core::FailureName(result.failure)) : result.why;
  const Claim* claim = nullptr;
  for (const Claim& c : claims_) claim = c.client != nullptr ? &c : claim;
  if (claim == nullptr || result.hub_error.kind == hub::HubErrorKind::kNone) return error;
  hub::AskedFor asked;
  asked.repo = claim->client->repo();
  asked.revision = claim->client->commit();
  asked.path = claim->file.path;
  asked.source = s.config.name;
  asked.endpoint = s.config.endpoint;
  asked.token_sent = !claim->client->token().empty() && context_.sources.MaySendToken(source);
  error.message = hub::Explain(result.hub_error, asked);
  // Only a hub that may see the token can say that access is lacking; only an authority that a file is gone.
  const core::ErrorCause cause = CauseOf(result.hub_error.kind);
  const bool believed = s.config.authority ||
                        (cause == core::ErrorCause::kUnauthorized && context_.sources.MaySendToken(source));
  if (believed && result.failure != core::Failure::kLinkExpired) error.cause = cause;
  return error;
}

void Transfer::KeepRest(core::SourceIndex source, FetchResult& result) {
  if (!result.rest_of_piece) return;
  const PieceIndex piece = result.rest_piece;
  const bool useful = result.failure != core::Failure::kWrongAnswer && Wants(piece) &&
                      pieces_.state(piece) == core::PieceMap::State::kMissing &&
                      result.rest_of_piece.size() > 0 && partials_.count(piece) == 0 &&
                      context_.disk.buffers().available() * 4 > context_.disk.buffers().capacity();
  if (useful) {
    partials_[piece] = {std::move(result.rest_of_piece), source};
  } else {
    OnWasted(result.rest_of_piece.size());
  }
}

void Transfer::OnFetchEnd(core::SourceIndex source, FetchResult& result, absl::Time now) {
  resolving_.erase(source);
  if (state_ == State::kOver) return;
  KeepRest(source, result);
  if (result.body_bytes > 0) link_failures_[source] = 0;
  const core::Consequence consequence = core::ConsequenceOf(result.failure);
  if (result.failure == core::Failure::kLinkExpired) {
    targets_.erase(source);
    if (++link_failures_[source] >= 3) {
      link_failures_[source] = 0;
      BarSource(source, now + absl::Minutes(1), ErrorFor(source, result));
    }
  } else if (consequence.remedy == core::Remedy::kNeverHere) {
    BarSource(source, absl::InfiniteFuture(), ErrorFor(source, result));
  } else if (result.failure == core::Failure::kNotHere) {
    targets_.erase(source);
    BarSource(source, now + absl::Minutes(5), ErrorFor(source, result));
  } else if (result.failure == core::Failure::kWrongAnswer) {
    targets_.erase(source);
    const int times = ++wrong_answers_[source];
    BarSource(source, times >= 3 ? absl::InfiniteFuture() : now + absl::Seconds(10) * times,
              ErrorFor(source, result));
  } else if (result.failure != core::Failure::kNone && result.body_bytes == 0) {
    targets_.erase(source);  // the data host may be the cause: ask the hub for another one
  }
}

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
    if (source >= 0) host_.Convict(source, *this, pieces);
  }
  SyncThenPublish();
}

void Transfer::LoadProvenanceThenBlame() {
  if (provenance_loaded_) return Blame();
  provenance_loaded_ = true;
  context_.store.ReadProvenance(key_, lifetime_.Guard([this](auto records) {
    if (records.ok()) {
      for (const auto& [first, record] : *records) {
        for (size_t i = 0; i < record.source_index().size(); ++i) {
          const PieceIndex piece = first + static_cast<PieceIndex>(i);
          const auto name = static_cast<uint8_t>(record.source_index()[i]);
          if (piece >= pieces_.count() || name >= record.sources_size()) continue;
          if (provenance_.at(piece).known || record.digests().size() < (i + 1) * 16) continue;
          core::Provenance::Digest digest;
          memcpy(digest.data(), record.digests().data() + i * 16, 16);
          const auto source = context_.sources.Find(record.sources(name));
          provenance_.Load(piece, source.value_or(core::Provenance::kUnknown), digest);
        }
      }
    }
    if (state_ == State::kHashing) Blame();
  }));
}

void Transfer::Blame() {
  const core::Provenance::Suspicion suspicion = provenance_.Suspect(host_.Trust());
  if (suspicion.pieces.empty()) {
    PullError error;
    error.cause = core::ErrorCause::kCorrupt;
    error.message = absl::StrCat(file_.path, ": the bytes do not have the listed hash ", file_.hash.hex,
                                 " from any source; the listing or the hub's copy is wrong: try again later");
    // What is there is worthless: the next pull begins anew.
    discard_ = true;
    return Fail(std::move(error));
  }
  ByteCount again = 0;
  for (const PieceIndex piece : suspicion.pieces) {
    again += pieces_.BytesIn(piece);
    pieces_.Forget(piece);
  }
  OnWasted(again);
  suspect_allowed_ = false;
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
  if (claim == claims_.size()) {
    ForgetRecord();
    published_ = true;
    state_ = State::kOver;
    if (open_) context_.disk.ClosePartial(partial_, false, [](absl::Status) {});
    host_.OnOver(*this);
    return;
  }
  const Claim& c = claims_[claim];
  context_.disk.Run(
      [layout = c.client->layout(), file = c.file, now = context_.clock.Wall()](FileSystem& fs) {
        return layout->Publish(fs, file, now);
      },
      lifetime_.Guard([this, claim](absl::Status status) {
        Claim& published = claims_[claim];
        if (!status.ok()) return FailDisk(status, "cannot put the file in its place");
        TransferClient* const client = std::exchange(published.client, nullptr);
        if (client != nullptr) client->OnPublished(published.file_index);
        PublishNext(claim + 1);
      }));
}

void Transfer::ForgetRecord() {
  if (small()) return;
  store::Batch batch;
  batch.deletes.push_back(store::TransferKey(key_));
  batch.delete_prefixes.push_back(store::ProvenancePrefix(key_));
  context_.store.Commit(std::move(batch), store::Durability::kProgress, [](absl::Status) {});
}

bool Transfer::WantedBy(const TransferClient* client) const {
  return std::any_of(claims_.begin(), claims_.end(), [client](const Claim& c) { return c.client == client; });
}

std::optional<records::v1::TransferRecord> Transfer::KeptRecord() const {
  if (small() || published_ || discard_ || identity_.empty()) return std::nullopt;
  return ToRecord();
}

void Transfer::FailDisk(const absl::Status& status, absl::string_view doing) {
  if (state_ == State::kOver) return;
  Fail(DiskError(status, absl::StrCat(file_.path, ": ", doing)));
}

void Transfer::Fail(PullError error) {
  if (state_ == State::kOver) return;
  spdlog::warn("{}: {}", file_.path, error.message);
  std::vector<Claim> claims;
  claims.swap(claims_);
  for (const Claim& c : claims) {
    if (c.client != nullptr) c.client->OnTransferFailed(c.file_index, error);
  }
  if (state_ != State::kOver) End();
}

void Transfer::End() {
  if (state_ == State::kFetching) host_.EndRacing(*this);
  state_ = State::kOver;
  partials_.clear();
  const auto close = [this] {
    if (discard_) ForgetRecord();
    if (!open_) return host_.OnOver(*this);
    open_ = false;
    context_.disk.ClosePartial(partial_, discard_ || small(), lifetime_.Guard([this](absl::Status) {
      host_.OnOver(*this);
    }));
  };
  if (open_ && !discard_) {
    MaybeCheckpoint(context_.clock.Steady(), true, close);
  } else {
    close();
  }
}

void Transfer::MaybeCheckpoint(absl::Time now, bool now_please, absl::AnyInvocable<void()> done) {
  const bool due = dirty_bytes_ >= context_.config.checkpoint_bytes ||
                   now - dirty_since_ >= context_.config.checkpoint_interval;
  const bool useful = open_ && !small() && pieces_.has_undurable() && !publishing_;
  if (!useful || !(due || now_please)) {
    if (done && !checkpoint_running_) return done();
    if (done) checkpoint_waiters_.push_back(std::move(done));
    return;
  }
  if (done) checkpoint_waiters_.push_back(std::move(done));
  if (checkpoint_running_) return;
  checkpoint_running_ = true;
  dirty_bytes_ = 0;
  dirty_since_ = absl::InfiniteFuture();
  context_.disk.Sync(partial_, lifetime_.Guard([this, covered = pieces_.Undurable()](auto synced) mutable {
    OnSynced(std::move(covered), std::move(synced));
  }));
}

void Transfer::OnSynced(std::vector<PieceIndex> covered, absl::StatusOr<disk::SyncDone> synced) {
  const auto finish = [this] {
    checkpoint_running_ = false;
    auto waiters = std::move(checkpoint_waiters_);
    checkpoint_waiters_.clear();
    for (auto& waiter : waiters) waiter();
  };
  if (!synced.ok()) {
    finish();
    return FailDisk(synced.status(), "cannot sync the partial file");
  }
  for (const PieceIndex piece : covered) pieces_.Durable(piece);
  hashed_bytes_ = synced->hashed_bytes;
  hash_state_ = std::move(synced->hash_state);
  store::Batch batch;
  batch.puts.emplace_back(store::TransferKey(key_), ToRecord().SerializeAsString());
  AddProvenance(covered, batch);
  context_.store.Commit(std::move(batch), store::Durability::kProgress,
                        lifetime_.Guard([this, finish](absl::Status status) {
                          finish();
                          if (!status.ok()) FailDisk(status, "cannot record progress");
                        }));
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
      record.mutable_source_index()->push_back(static_cast<char>(e.known && e.source >= 0 ? e.source : 255));
      record.mutable_digests()->append(reinterpret_cast<const char*>(e.digest.data()), 16);
    }
    batch.puts.emplace_back(store::ProvenanceKey(key_, chunk * kChunk), record.SerializeAsString());
  }
}

}  // namespace hfget::engine
