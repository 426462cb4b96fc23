// The whole-file hash of a partial file: it follows the contiguous front of what has landed, and
// catches up when a hole closes. Pieces at the front are hashed from memory; those that landed out
// of order are read back from the page cache.
#ifndef HFGET_DAEMON_DISK_HASH_FRONT_H_
#define HFGET_DAEMON_DISK_HASH_FRONT_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "daemon/base/content_hash.h"
#include "daemon/base/file_system.h"
#include "daemon/base/types.h"
#include "daemon/disk/buffer_pool.h"
#include "daemon/disk/digest.h"
#include "daemon/disk/disk.h"

namespace hfget::disk {

// Thread: any. Hashing itself is done by whoever holds the turn, so that two threads never hash one
// file at once and none waits for another: take the turn, then call HashSome until it answers
// false.
class HashFront {
 public:
  // How many buffers may wait in memory for their turn; more go back to the pool and are read again
  // later.
  static constexpr size_t kMaxParked = 4;

  // `hasher` stands at the front; `landed`: pieces beyond it that are in the file already.
  HashFront(FileHasher hasher, ContentHash::Kind kind, ByteCount file_size,
            const std::vector<PieceRange>& landed);

  // Before a piece's bytes change in the file. If they have been hashed, or soon will be, the hash
  // restarts.
  void WillWrite(PieceIndex piece);
  // After they changed. Takes `buffer` when it is next in line, else leaves it to the caller.
  void Landed(PieceIndex piece, Buffer& buffer);
  // From byte 0 again, but not before Finish: pieces that were written twice once may be written
  // again.
  void Restart();

  // Asks for the whole hash. REQUIRES: every piece is in the file.
  void Finish();
  // Once after Finish, when the hash is complete, cannot be read, or was stopped (CANCELLED).
  // nullopt: somebody who holds the turn will find the answer.
  std::optional<absl::StatusOr<ContentHash>> TakeResult();
  // Nothing more is hashed; a turn ends after the current piece.
  void Stop();

  // False when there is nothing to hash or somebody else is at it.
  bool TryTakeTurn();
  // Hashes up to `max_pieces`. False: the turn is over. REQUIRES: the caller holds the turn.
  bool HashSome(File& file, int max_pieces);

  // How far the hash has come, and its state there.
  SyncDone Get() const;

 private:
  struct Work {
    PieceIndex piece = 0;
    Buffer buffer;  // empty: read the piece back
    FileHasher hasher;
    uint64_t generation = 0;
  };

  std::optional<Work> Next();
  void Commit(const Work& work, absl::Status status);
  absl::Status Hash(File& file, Work& work, std::unique_ptr<char[]>& scratch) const;
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::deque<Buffer> RestartLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const FileHasher fresh_;
  const ByteCount file_size_;
  const PieceIndex pieces_;

  mutable absl::Mutex mu_;
  FileHasher hasher_ ABSL_GUARDED_BY(mu_);  // at the front
  PieceIndex next_ ABSL_GUARDED_BY(mu_);    // the first piece that nobody has taken to hash
  std::vector<bool> landed_ ABSL_GUARDED_BY(mu_);
  std::deque<Buffer> parked_ ABSL_GUARDED_BY(mu_);  // of the pieces next_, next_ + 1, …
  uint64_t generation_ ABSL_GUARDED_BY(mu_) =
      0;  // counts restarts: work of an earlier one is dropped
  bool turn_taken_ ABSL_GUARDED_BY(mu_) = false;
  bool held_back_ ABSL_GUARDED_BY(mu_) = false;  // after Restart, until Finish
  bool finishing_ ABSL_GUARDED_BY(mu_) = false;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status failed_ ABSL_GUARDED_BY(mu_);  // of reading back; until the next Finish
};

}  // namespace hfget::disk

#endif  // HFGET_DAEMON_DISK_HASH_FRONT_H_
