// One open partial file: its lock, its bytes and its whole-file hash.
#ifndef HFGET_DAEMON_DISK_PARTIAL_FILE_H_
#define HFGET_DAEMON_DISK_PARTIAL_FILE_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "daemon/base/file_system.h"
#include "daemon/base/types.h"
#include "daemon/disk/buffer_pool.h"
#include "daemon/disk/digest.h"
#include "daemon/disk/disk.h"
#include "daemon/disk/hash_front.h"

namespace hfget::disk {

// Every call blocks. Thread: any, several at once, but Close alone and last.
class PartialFile {
 public:
  // Kernel write-back is started each time this much was written, so that no Sync finds a mountain.
  static constexpr ByteCount kWritebackBytes = 8 * kMiB;

  // `digester` is borrowed. `sync` false: Sync answers without syncing.
  // Errors: as Disk::OpenPartial.
  static absl::StatusOr<std::unique_ptr<PartialFile>> Open(FileSystem& fs,
                                                           const OpenPartialOptions& options,
                                                           const PieceDigester& digester,
                                                           bool sync);

  bool resumed() const { return resumed_; }
  const std::string& identity() const { return identity_; }

  // Errors: INVALID_ARGUMENT when `buffer` is not as long as the piece.
  absl::StatusOr<WriteDone> Write(PieceIndex piece, Buffer buffer);
  absl::StatusOr<Buffer> Read(PieceIndex piece, Buffer into);
  // Whether the piece can be read and is what it must be. `scratch` holds a piece.
  bool IsIntact(const ExpectedPiece& expected, absl::Span<char> scratch) const;
  absl::StatusOr<SyncDone> Sync();
  absl::Status Close(bool remove);

  HashFront& hash() { return hash_; }
  bool HashSome(int max_pieces) { return hash_.HashSome(*file_, max_pieces); }
  // OK, or why no byte of this file may be believed any more.
  absl::Status health() const;

 private:
  struct Parts;
  PartialFile(FileSystem& fs, const OpenPartialOptions& options, const PieceDigester& digester,
              bool sync, Parts parts);

  absl::Status CheckPiece(PieceIndex piece) const;
  absl::Status SyncToDisk() ABSL_EXCLUSIVE_LOCKS_REQUIRED(sync_mu_);
  absl::Status LookWhoElse(SyncDone& done) const;
  void Pace(ByteRange written);

  FileSystem& fs_;
  const PieceDigester& digester_;
  const std::string path_;
  const ByteCount size_;
  const bool sync_;
  const bool resumed_;
  const bool changed_meanwhile_;  // since the record that it was resumed from
  const std::string identity_;
  std::unique_ptr<FileLock> lock_;  // held until the file is closed
  std::unique_ptr<File> file_;
  HashFront hash_;

  // One sync at a time: the kernel reports a lost write to one of them only.
  absl::Mutex sync_mu_;
  bool name_synced_ ABSL_GUARDED_BY(sync_mu_);  // the folder's entry is on the disk
  mutable absl::Mutex health_mu_ ABSL_ACQUIRED_AFTER(sync_mu_);
  absl::Status health_ ABSL_GUARDED_BY(health_mu_);  // the first sync error, for good

  absl::Mutex pace_mu_;
  ByteCount unpaced_bytes_ ABSL_GUARDED_BY(pace_mu_) = 0;
  ByteRange unpaced_ ABSL_GUARDED_BY(pace_mu_);  // spans what was written since the last hint
};

}  // namespace hfget::disk

#endif  // HFGET_DAEMON_DISK_PARTIAL_FILE_H_
