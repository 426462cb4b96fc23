#include "daemon/engine/transfer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/core/disk_fault.h"
#include "daemon/engine/verdicts.h"

namespace hfget::engine {
namespace {

constexpr absl::Duration kLockRetry = absl::Seconds(1);
// The rest of a broken piece is kept in its buffer while more than this part of all buffers is free.
constexpr int kKeepWhileFree = 8;

PullError DiskError(const absl::Status& status, absl::string_view doing) {
  PullError error;
  error.cause = core::ErrorCause::kDisk;
  error.message = absl::StrCat(doing, ": ", status.message());
  error.may_pass = core::RemedyFor(status.code(), core::DiskStage::kBegun) == core::DiskRemedy::kWait;
  if (absl::IsResourceExhausted(status)) {
    absl::StrAppend(&error.message, "; free some space: what is there is kept");
  } else if (absl::IsPermissionDenied(status)) {
    absl::StrAppend(&error.message, "; make the folder writable for this user, or choose another one");
  }
  return error;
}

}  // namespace

Transfer::Transfer(Context& context, TransferHost& host, core::FileId id, std::string key,
                   hub::ManifestFile file, std::string partial_path, std::string lock_path)
    : context_(context),
      host_(host),
      id_(id),
      key_(std::move(key)),
      file_(std::move(file)),
      partial_path_(std::move(partial_path)),
      lock_path_(std::move(lock_path)),
      pieces_(file_.size),
      provenance_(PieceCount(file_.size)) {}

Transfer::~Transfer() = default;

void Transfer::Join(TransferClient& client, size_t file_index, hub::ManifestFile file) {
  claims_.push_back({&client, file_index, std::move(file)});
  host_.OnStanding(*this);
}

void Transfer::Leave(TransferClient& client, bool discard) {
  bool left = false;
  for (Claim& claim : claims_) {
    if (claim.client != &client) continue;
    claim.client = nullptr;
    left = true;
  }
  if (!left || state_ == State::kOver) return;
  if (AnyClaim() != nullptr) return host_.OnStanding(*this);
  discard_ = discard;
  // While it is being renamed into place, it is too late to stop.
  if (state_ != State::kPublishing) End();
}

const Transfer::Claim* Transfer::AnyClaim() const {
  for (const Claim& claim : claims_) {
    if (claim.client != nullptr) return &claim;
  }
  return nullptr;
}

void Transfer::ForEachClient(absl::FunctionRef<void(TransferClient&)> call) const {
  std::set<TransferClient*> told;
  for (const Claim& claim : claims_) {
    if (claim.client != nullptr && told.insert(claim.client).second) call(*claim.client);
  }
}

bool Transfer::WantedBy(const TransferClient* client) const {
  return std::any_of(claims_.begin(), claims_.end(), [client](const Claim& c) { return c.client == client; });
}

core::Standing Transfer::standing() const {
  std::optional<core::Standing> first;
  for (const Claim& claim : claims_) {
    if (claim.client == nullptr) continue;
    const core::Standing standing = claim.client->standing();
    if (!first || standing.priority > first->priority) first = standing;
  }
  return first.value_or(core::Standing());
}

void Transfer::Open(std::optional<records::v1::TransferRecord> record) {
  const bool fits = record && record->size_bytes() == file_.size && record->digest() == file_.hash.hex;
  if (fits) record_ = std::move(record);
  LookThenOpen();
}

// Another pull, or another program, may have put the file in its place since this pull has looked.
void Transfer::LookThenOpen() {
  state_ = State::kOpening;
  opening_ = true;
  const Claim& claim = *AnyClaim();
  auto found = std::make_shared<bool>(false);
  context_.disk.Run(
      [found, layout = claim.client->layout(), file = claim.file, now = context_.clock.Wall()](FileSystem& fs) {
        const auto adopted = layout->Adopt(fs, file, now);
        *found = adopted.ok() && *adopted;
        return absl::OkStatus();
      },
      lifetime_.Guard([this, found](absl::Status) {
        if (state_ != State::kOver && !*found) return OpenPartial();
        opening_ = false;
        if (state_ == State::kOver) return Close();
        found_ = true;
        state_ = State::kPublishing;
        PublishNext(0);
      }));
}

void Transfer::OpenPartial() {
  disk::OpenPartialOptions options;
  options.path = partial_path_;
  options.lock_path = lock_path_;
  options.size = file_.size;
  options.hash = file_.hash;
  if (record_) {
    options.hashed_bytes = record_->hashed_bytes();
    options.hash_state = record_->hash_state();
    options.identity = record_->partial_identity();
    if (record_->partial_modified_unix_ns() != 0) {
      options.modified = absl::FromUnixNanos(record_->partial_modified_unix_ns());
    }
    options.landed = core::PieceMap::DurableRuns(record_->durable_pieces(), file_.size);
  }
  context_.disk.OpenPartial(std::move(options), lifetime_.Guard([this](absl::StatusOr<disk::Opened> opened) {
    opening_ = false;
    OnOpened(std::move(opened));
  }));
}

void Transfer::OnOpened(absl::StatusOr<disk::Opened> opened) {
  open_ = opened.ok();
  if (open_) partial_ = opened->id;
  if (open_ && !opened->resumed) record_.reset();
  if (state_ == State::kOver) return Close();
  if (absl::IsUnavailable(opened.status())) return WaitForLock();
  if (!open_) return FailDisk(opened.status(), "cannot begin the partial file");
  identity_ = opened->identity;
  if (record_) {
    pieces_.LoadDurable(record_->durable_pieces());
    hashed_bytes_ = record_->hashed_bytes();
    hash_state_ = record_->hash_state();
    LoadProvenance();
  }
  record_.reset();
  state_ = State::kFetching;
  host_.BeginRacing(*this);
  MaybeFinish();
}

void Transfer::WaitForLock() {
  state_ = State::kLocked;
  context_.timers.At(context_.clock.Steady() + kLockRetry, lifetime_.Guard([this] {
    if (state_ == State::kLocked) LookThenOpen();
  }));
}

ByteCount Transfer::done_bytes() const {
  ByteCount bytes = pieces_.written_bytes();
  for (const auto& [piece, partial] : partials_) bytes += partial.buffer.size();
  return bytes;
}

FetchJob Transfer::JobFor(const core::Flight& flight, absl::Time wall) {
  FetchJob job;
  job.flight = flight.id;
  job.source = flight.source;
  job.file = &file_;
  const auto claim = std::find_if(claims_.begin(), claims_.end(), [&](const Claim& c) {
    return c.client != nullptr && c.client->Barred(flight.source) == nullptr &&
           Suits(c.client->SupplyAt(flight.source, c.file_index)) &&
           !context_.sources.at(flight.source).absences.Has(c.client->commit(), context_.clock.Steady());
  });
  const Claim& chosen = claim != claims_.end() ? *claim : claims_.front();
  const Source& source = context_.sources.at(flight.source);
  const bool scope = source.hub() == hub::Hub::kModelScope;  // which has no commits, and does not say what is not public
  if (!scope) job.commit = chosen.client->commit();
  // A mirror sees it only where it is of use; at the hub it also counts for the rate limit.
  const bool of_use = scope || source.config.authority || chosen.client->restricted();
  if (of_use && context_.sources.MaySendToken(flight.source, source.hub())) {
    job.token = chosen.client->token(source.hub()).For(flight.source);
  }
  job.bucket = WidestBucket();
  job.range = BytesOf(flight.pieces, file_.size);
  const auto partial = partials_.find(flight.pieces.begin);
  if (!flight.duplicate && partial != partials_.end()) {
    job.head = std::move(partial->second.buffer);
    job.head_source = partial->second.source;
    job.head_also = partial->second.also;
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
  auto url = hub::ParseUrl(chosen.client->UrlAt(flight.source, chosen.file_index));
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
  ForEachClient([&](TransferClient& client) { client.OnReceived(source, bytes); });
}

void Transfer::OnWasted(ByteCount bytes) {
  if (bytes <= 0) return;
  context_.counters.wasted_bytes += bytes;
  ForEachClient([&](TransferClient& client) { client.OnWasted(bytes); });
}

void Transfer::KeepRest(FetchResult& result) {
  if (!result.rest_of_piece) return;
  const PieceIndex piece = result.rest_piece;
  // Missing, or claimed by who takes over.
  const bool free = pieces_.state(piece) == core::PieceMap::State::kMissing || result.yielded;
  const bool useful = result.failure != core::Failure::kWrongAnswer && Wants(piece) && free &&
                      result.rest_of_piece.size() > 0 && partials_.count(piece) == 0 &&
                      context_.disk.buffers().available() * kKeepWhileFree > context_.disk.buffers().capacity();
  if (useful) {
    partials_[piece] = {std::move(result.rest_of_piece), result.rest_sender, result.rest_also};
  } else {
    OnWasted(result.rest_of_piece.size());
  }
}

void Transfer::OnFetchEnd(core::SourceIndex source, FetchResult& result, absl::Time now) {
  resolving_.erase(source);
  if (state_ == State::kOver) return;
  KeepRest(result);
  if (result.body_bytes > 0) bars_.OnBytes(source);
  if (result.failure == core::Failure::kNone) return;
  // Then the other files of this commit need not be asked for, either.
  const bool lags = result.hub_error.kind == hub::HubErrorKind::kRevisionNotFound;
  if (lags && !result.commit.empty()) context_.sources.at(source).absences.Add(result.commit, now);
  // The data host may be the cause: the hub is asked for another one.
  if (result.body_bytes == 0) targets_.erase(source);
  // Every connection that used the same link finds out by itself that it has ended; the hub is asked for another.
  if (result.failure == core::Failure::kLinkExpired && result.old_link) return;
  PullError error = ErrorFor(source, result);
  if (OnTokenRefused(source, result, error)) return;
  const std::string why = error.message;
  if (!bars_.OnFailure(source, result.failure, std::move(error), now)) return;
  targets_.erase(source);
  spdlog::info("{} not from {}: {}", file_.path, context_.sources.at(source).config.name, why);
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
  if (opening_) return;  // goes on when the disk answers
  if (discard_) return Close();
  MaybeCheckpoint(context_.clock.Steady(), true, [this] { Close(); });
}

void Transfer::Close() {
  const auto kept = KeptRecord();
  const bool worthless = !kept || kept->durable_pieces().find_first_not_of('\0') == std::string::npos;
  if (!open_ && !discard_) return host_.OnOver(*this);
  if (discard_ || worthless) ForgetRecord();
  auto over = lifetime_.Guard([this](absl::Status) { host_.OnOver(*this); });
  if (std::exchange(open_, false)) {
    context_.disk.ClosePartial(partial_, discard_ || worthless, std::move(over));
  } else {
    context_.disk.Run([path = partial_path_](FileSystem& fs) { return fs.Remove(path); }, std::move(over));
  }
}

}  // namespace hfget::engine
