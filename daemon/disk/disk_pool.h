// The Disk that the daemon uses: threads that write, hash and sync.
#ifndef HFGET_DAEMON_DISK_DISK_POOL_H_
#define HFGET_DAEMON_DISK_DISK_POOL_H_

#include <memory>
#include <string>

#include "daemon/base/file_system.h"
#include "daemon/base/mailbox.h"
#include "daemon/disk/disk.h"

namespace hfget::disk {

struct DiskPoolOptions {
  // One writes while another hashes; more pay off only where several disks are behind one daemon.
  int threads = 2;
  // The memory cap of the byte path, in MiB. What arrives waits when all are in use; nothing is
  // lost.
  int buffers = 64;
  // Keys the piece digests; 32 random bytes that no source knows.
  std::string digest_key;
  // False: Sync answers at once. Faster on slow disks; after a power loss (not after a kill)
  // progress that was recorded, and even published files, may be wrong.
  bool sync = true;
};

// Work is taken up in the order of the calls, one write of a file at a time; long hashing goes back to the end of the queue every
// few pieces. The destructor finishes what is queued, except that hashes under way end with
// CANCELLED, and joins the threads. REQUIRES: `fs` and `executor` outlive the pool; buffers, also
// those in answers that the executor has not run, do not.
std::unique_ptr<Disk> NewDiskPool(DiskPoolOptions options, FileSystem& fs, Executor& executor);

}  // namespace hfget::disk

#endif  // HFGET_DAEMON_DISK_DISK_POOL_H_
