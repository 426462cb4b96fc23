#include "daemon/store/rocks_status.h"

#include <string>

#include "absl/strings/match.h"

namespace hfget::store {
namespace {

// RocksDB keeps errno as text only.
absl::StatusCode CodeOfIoError(const rocksdb::Status& status, const std::string& text) {
  if (status.subcode() == rocksdb::Status::kPathNotFound) return absl::StatusCode::kDataLoss;
  if (status.IsNoSpace() || status.IsMemoryLimit() ||
      status.subcode() == rocksdb::Status::kSpaceLimit ||
      absl::StrContains(text, "Too many open files") ||
      absl::StrContains(text, "Disk quota exceeded") ||
      absl::StrContains(text, "Cannot allocate memory")) {
    return absl::StatusCode::kResourceExhausted;
  }
  if (absl::StrContains(text, "Permission denied") ||
      absl::StrContains(text, "Operation not permitted") ||
      absl::StrContains(text, "Read-only file system")) {
    return absl::StatusCode::kPermissionDenied;
  }
  return absl::StatusCode::kInternal;
}

absl::StatusCode CodeOf(const rocksdb::Status& status, const std::string& text) {
  if (status.IsCorruption() || status.IsNotFound()) return absl::StatusCode::kDataLoss;
  if (status.IsIOError()) return CodeOfIoError(status, text);
  if (status.IsNotSupported() || status.IsInvalidArgument())
    return absl::StatusCode::kFailedPrecondition;
  if (status.IsMemoryLimit()) return absl::StatusCode::kResourceExhausted;
  return absl::StatusCode::kInternal;
}

}  // namespace

absl::Status FromRocks(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = status.ToString();
  return absl::Status(CodeOf(status, text), text);
}

}  // namespace hfget::store
