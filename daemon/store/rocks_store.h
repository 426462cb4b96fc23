// The StateStore over RocksDB.
#ifndef HFGET_DAEMON_STORE_ROCKS_STORE_H_
#define HFGET_DAEMON_STORE_ROCKS_STORE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/base/clock.h"
#include "daemon/base/mailbox.h"
#include "daemon/store/store.h"

namespace rocksdb {
class Env;
}

namespace hfget::store {

// The version of what is written; see schema.h. One more for a change that an older daemon would
// misread.
constexpr int kSchemaVersion = 1;

struct Schema;

struct RocksStoreOptions {
  // All borrowed; nullptr: the machine's, and the schema of this hfgetd.
  rocksdb::Env* env = nullptr;
  const Clock* clock = nullptr;
  const Schema* schema = nullptr;
};

// Opens the store in folder `path`, makes it when there is none. The destructor commits what was
// handed over, then closes; `executor` outlives the store and gets every `done`, the last ones from
// the destructor. Errors, all of which leave the folder as it is:
//   ALREADY_EXISTS       another process (or this one) has it open
//   FAILED_PRECONDITION  written by a newer hfgetd; `path` is not a folder
//   DATA_LOSS            damaged, or newest changes missing
//   RESOURCE_EXHAUSTED, PERMISSION_DENIED, INTERNAL
absl::StatusOr<std::unique_ptr<StateStore>> OpenRocksStore(const std::string& path,
                                                           Executor& executor,
                                                           RocksStoreOptions options = {});

struct OpenedStore {
  std::unique_ptr<StateStore> store;
  std::string note;  // one line when something was set aside, logged already; else empty
};

// The same, but damage does not stop it and is never deleted: a store that is damaged beyond its
// log becomes `<path>.broken-<UTC time>`, and a new one is made with what could safely be read of
// it (salvage.h); one whose log alone is damaged is copied there and goes on with what stood before
// the damage. A full disk, a missing permission or a lock is no damage: the errors of
// OpenRocksStore but DATA_LOSS, with nothing moved. Two more folders can be seen while that goes
// on, `<path>.new` and `<path>.repair`; the next start ends what was interrupted.
absl::StatusOr<OpenedStore> OpenOrSetAside(const std::string& path, Executor& executor,
                                           RocksStoreOptions options = {});

}  // namespace hfget::store

#endif  // HFGET_DAEMON_STORE_ROCKS_STORE_H_
