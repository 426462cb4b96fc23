// The byte path below the engine: partial files that are written, hashed and synced on the disk
// pool's threads.
#ifndef HFGET_DAEMON_DISK_DISK_H_
#define HFGET_DAEMON_DISK_DISK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/base/content_hash.h"
#include "daemon/base/file_system.h"
#include "daemon/base/types.h"
#include "daemon/disk/buffer_pool.h"

namespace hfget::disk {

// A keyed XXH3-128 of the bytes of one piece as they arrived.
struct PieceDigest {
  uint64_t low = 0;
  uint64_t high = 0;
  friend bool operator==(const PieceDigest&, const PieceDigest&) = default;
};

// Handle of one open partial file; given out by Disk.
using PartialId = uint64_t;

struct OpenPartialOptions {
  std::string path;       // folders are made
  std::string lock_path;  // flock that must be held meanwhile; empty: none
  ByteCount size = 0;
  ContentHash hash;
  // Set when resuming: the front that `hash_state` covers, and the identity of the file that the
  // record spoke of. A file that is another one, or of another length, is begun anew
  // (Opened::resumed = false).
  ByteCount hashed_bytes = 0;
  std::string hash_state;
  std::string identity;
  // SyncDone::modified of the record; InfinitePast: not known.
  absl::Time modified = absl::InfinitePast();
  // Pieces beyond hashed_bytes that the record holds as done, so that the hash can pass them when
  // it comes there. Left out, they are hashed only by FinishHash.
  std::vector<PieceRange> landed;
};

struct Opened {
  PartialId id = 0;
  bool resumed = false;  // the earlier bytes are believed; false: all pieces are missing
  std::string identity;  // to be stored, opaque: tells this file from another of the same name
};

struct WriteDone {
  PieceDigest digest;  // of the whole piece
};

struct SyncDone {
  // The whole-file hash's front and its midstate, as of a moment not later than the sync: all of it
  // is on the disk.
  ByteCount hashed_bytes = 0;
  std::string hash_state;
  // When the file last changed, not earlier than the sync; InfinitePast: not known.
  absl::Time modified = absl::InfinitePast();
  // Others may have changed bytes since they were written here: somebody has opened the file, or it is not as old as the record
  // that it was resumed from.
  bool touched = false;
};

// A piece and what it must be.
struct ExpectedPiece {
  PieceIndex piece = 0;
  PieceDigest digest;
};

// Blocking work runs on the pool; each completion is posted to the executor given at construction,
// in any order between files, in order of completion within one. Thread: all calls from the engine.
class Disk {
 public:
  virtual ~Disk() = default;

  template <typename T>
  using Done = absl::AnyInvocable<void(absl::StatusOr<T>)>;
  using DoneStatus = absl::AnyInvocable<void(absl::Status)>;

  // Takes the lock, makes and allocates the file. Errors: UNAVAILABLE when another process holds
  // the lock (try later); RESOURCE_EXHAUSTED when the disk is full; PERMISSION_DENIED; …
  virtual void OpenPartial(OpenPartialOptions options, Done<Opened> done) = 0;

  // Writes one piece: `buffer` holds exactly the bytes of `piece`. The buffer goes back to its pool
  // when written and, where it lies at the hash front, hashed. A piece that the hash has passed
  // already makes it start again, as ResetHash does.
  virtual void Write(PartialId id, PieceIndex piece, Buffer buffer, Done<WriteDone> done) = 0;

  // Reads one piece back (to compare a duplicate, or for blame).
  virtual void Read(PartialId id, PieceIndex piece, Buffer into, Done<Buffer> done) = 0;

  // Reads pieces back and answers those that cannot be read, or are not what they must be. Errors: CANCELLED when closed
  // meanwhile.
  virtual void FindDamage(PartialId id, std::vector<ExpectedPiece> pieces,
                          Done<std::vector<PieceIndex>> done) = 0;

  // fdatasync of all that Write was asked for before the call. An error is final: the kernel may
  // have dropped what it could not write, so every later Sync and FinishHash of this partial fails
  // with it too.
  virtual void Sync(PartialId id, Done<SyncDone> done) = 0;

  // Waits for all writes, completes the whole-file hash (reading back what lies behind holes) and
  // answers it. REQUIRES: every piece has been written, now or before the restart. Errors:
  // CANCELLED when closed meanwhile.
  virtual void FinishHash(PartialId id, Done<ContentHash> done) = 0;

  // After pieces were overwritten (blame): the whole-file hash starts again from byte 0 at the next
  // FinishHash.
  virtual void ResetHash(PartialId id) = 0;

  // Closes; the lock is released. `remove`: the file is deleted. Waits for writes under way; a hash
  // under way is cut short. The id is unknown from the call on; calls with an unknown id answer
  // FAILED_PRECONDITION.
  virtual void ClosePartial(PartialId id, bool remove, DoneStatus done) = 0;

  // Any other blocking work on files: layout checks, publication. `work` runs on the pool.
  virtual void Run(absl::AnyInvocable<absl::Status(FileSystem&)> work, DoneStatus done) = 0;

  // How much may be kept in memory; the engine's receive buffers come from here.
  virtual BufferPool& buffers() = 0;
};

}  // namespace hfget::disk

#endif  // HFGET_DAEMON_DISK_DISK_H_
