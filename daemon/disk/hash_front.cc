#include "daemon/disk/hash_front.h"

#include <algorithm>
#include <utility>

#include "absl/types/span.h"
#include "daemon/base/status.h"

namespace hfget::disk {

HashFront::HashFront(FileHasher hasher, ContentHash::Kind kind, ByteCount file_size,
                     const std::vector<PieceRange>& landed)
    : fresh_(kind, file_size),
      file_size_(file_size),
      pieces_(PieceCount(file_size)),
      hasher_(hasher),
      next_(PieceCount(hasher.hashed_bytes())),
      landed_(static_cast<size_t>(pieces_)) {
  for (const PieceRange& range : landed) {
    for (PieceIndex piece = std::max<PieceIndex>(range.begin, 0);
         piece < std::min(range.end, pieces_); ++piece) {
      landed_[static_cast<size_t>(piece)] = true;
    }
  }
}

void HashFront::WillWrite(PieceIndex piece) {
  std::deque<Buffer> dropped;  // given back with no lock held: the pool calls the engine
  absl::MutexLock lock(&mu_);
  if (piece < next_ + static_cast<PieceIndex>(parked_.size())) dropped = RestartLocked();
  landed_[static_cast<size_t>(piece)] = false;
}

void HashFront::Landed(PieceIndex piece, Buffer& buffer) {
  absl::MutexLock lock(&mu_);
  landed_[static_cast<size_t>(piece)] = true;
  const bool next_in_line = piece == next_ + static_cast<PieceIndex>(parked_.size());
  if (!next_in_line || held_back_ || stopped_ || !failed_.ok() || parked_.size() == kMaxParked)
    return;
  parked_.push_back(std::move(buffer));
}

void HashFront::Restart() {
  std::deque<Buffer> dropped;
  absl::MutexLock lock(&mu_);
  dropped = RestartLocked();
}

std::deque<Buffer> HashFront::RestartLocked() {
  ++generation_;
  hasher_ = fresh_;
  next_ = 0;
  held_back_ = true;
  failed_ = absl::OkStatus();
  return std::exchange(parked_, {});
}

void HashFront::Finish() {
  absl::MutexLock lock(&mu_);
  finishing_ = true;
  held_back_ = false;
  failed_ = absl::OkStatus();
}

std::optional<absl::StatusOr<ContentHash>> HashFront::TakeResult() {
  absl::MutexLock lock(&mu_);
  if (!finishing_ || turn_taken_ || HasWork()) return std::nullopt;
  finishing_ = false;
  if (!failed_.ok()) return failed_;
  if (hasher_.hashed_bytes() < file_size_) return absl::CancelledError("the hash was stopped");
  return hasher_.Result();
}

void HashFront::Stop() {
  absl::MutexLock lock(&mu_);
  stopped_ = true;
}

bool HashFront::HasWork() const {
  if (stopped_ || !failed_.ok() || next_ == pieces_) return false;
  if (!parked_.empty() || finishing_) return true;
  return !held_back_ && landed_[static_cast<size_t>(next_)];
}

bool HashFront::TryTakeTurn() {
  absl::MutexLock lock(&mu_);
  if (turn_taken_ || !HasWork()) return false;
  turn_taken_ = true;
  return true;
}

bool HashFront::HashSome(File& file, int max_pieces) {
  std::unique_ptr<char[]> scratch;  // only made when something must be read back
  for (int i = 0; i < max_pieces; ++i) {
    std::optional<Work> work = Next();
    if (!work.has_value()) return false;
    Commit(*work, Hash(file, *work, scratch));
  }
  return true;
}

std::optional<HashFront::Work> HashFront::Next() {
  absl::MutexLock lock(&mu_);
  turn_taken_ = HasWork();
  if (!turn_taken_) return std::nullopt;
  Work work{next_++, Buffer(), hasher_, generation_};
  if (!parked_.empty()) {
    work.buffer = std::move(parked_.front());
    parked_.pop_front();
  }
  return work;
}

absl::Status HashFront::Hash(File& file, Work& work, std::unique_ptr<char[]>& scratch) const {
  if (work.buffer) {
    work.hasher.Update(work.buffer.view());
    work.buffer.Release();
    return absl::OkStatus();
  }
  if (scratch == nullptr) scratch.reset(new char[kPieceBytes]);
  const ByteRange range = BytesOf({work.piece, work.piece + 1}, file_size_);
  const absl::Span<char> bytes(scratch.get(), static_cast<size_t>(range.size()));
  HFGET_RETURN_IF_ERROR(file.PRead(range.begin, bytes));
  work.hasher.Update({bytes.data(), bytes.size()});
  return absl::OkStatus();
}

void HashFront::Commit(const Work& work, absl::Status status) {
  std::deque<Buffer> dropped;
  absl::MutexLock lock(&mu_);
  if (work.generation != generation_) return;
  if (status.ok()) {
    hasher_ = work.hasher;
    return;
  }
  // Later pieces are read from the file when the hash is asked for again.
  failed_ = std::move(status);
  next_ = work.piece;
  dropped = std::exchange(parked_, {});
}

SyncDone HashFront::Get() const {
  absl::MutexLock lock(&mu_);
  return {hasher_.hashed_bytes(), hasher_.ExportState()};
}

}  // namespace hfget::disk
