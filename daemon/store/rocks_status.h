// RocksDB's errors in our words.
#ifndef HFGET_DAEMON_STORE_ROCKS_STATUS_H_
#define HFGET_DAEMON_STORE_ROCKS_STATUS_H_

#include <rocksdb/status.h>

#include <exception>
#include <new>
#include <system_error>

#include "absl/status/status.h"

namespace hfget::store {

// DATA_LOSS: damage, or a file that is missing. RESOURCE_EXHAUSTED: disk, memory or descriptors.
// FAILED_PRECONDITION: made by another version. INTERNAL: the rest.
absl::Status FromRocks(const rocksdb::Status& status);

// Calls `f`, which returns a rocksdb::Status; RocksDB is built with exceptions and may let one out
// (threads, memory).
template <typename F>
absl::Status CallRocks(F&& f) {
  try {
    return FromRocks(f());
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("not enough memory");
  } catch (const std::system_error& e) {
    return absl::ResourceExhaustedError(e.what());  // no thread to be had
  } catch (const std::exception& e) {
    return absl::InternalError(e.what());
  }
}

}  // namespace hfget::store

#endif  // HFGET_DAEMON_STORE_ROCKS_STATUS_H_
