// What happens to a database that cannot be believed.
#ifndef HFGET_DAEMON_STORE_SET_ASIDE_H_
#define HFGET_DAEMON_STORE_SET_ASIDE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/store/database.h"
#include "daemon/store/rocks_store.h"

namespace hfget::store {

DatabasePlace PlaceOf(const RocksStoreOptions& options, const std::string& path);

// Inspects, then opens. Errors: those of OpenRocksStore.
absl::StatusOr<std::unique_ptr<Database>> OpenDatabase(const DatabasePlace& place);

// As OpenOrSetAside says; `note` is what the user is told.
absl::StatusOr<std::unique_ptr<Database>> OpenOrReplaceDatabase(const DatabasePlace& place,
                                                                absl::Time now, std::string& note);

}  // namespace hfget::store

#endif  // HFGET_DAEMON_STORE_SET_ASIDE_H_
