// What can still be read of a damaged database, without believing more than is safe.
//
// RocksDB's repair of a copy finds every table and log that is whole, but not which of them is the
// newest, or whether one is missing: a value may be an older one, and a record may be back that
// had been removed. So only that is taken which does no harm when it is old:
//   pulls       they were asked for; one that had ended is found complete, or can be cancelled
//   transfers   without the hash's midstate: the pieces are read again, and the whole-file hash
//               decides in the end
//   sources     without the proof that they may see a token: it is sought again
// Not the digests of pieces, which could convict an honest source, nor their key.
#ifndef HFGET_DAEMON_STORE_SALVAGE_H_
#define HFGET_DAEMON_STORE_SALVAGE_H_

#include <rocksdb/write_batch.h>

#include <string>

#include "daemon/store/inspection.h"

namespace hfget::store {

struct Salvaged {
  rocksdb::WriteBatch records = rocksdb::WriteBatch();  // m/schema among them, unless it is empty
  int pulls = 0;
  int transfers = 0;
  int sources = 0;
};

// Leaves `place` as it is; `work` is a folder for the copy, removed at the end. When it is there
// already, an earlier attempt has killed the process: nothing is tried again.
Salvaged Salvage(const DatabasePlace& place, const std::string& work);

}  // namespace hfget::store

#endif  // HFGET_DAEMON_STORE_SALVAGE_H_
