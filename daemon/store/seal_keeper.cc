#include "daemon/store/seal_keeper.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/store/rocks_status.h"

namespace hfget::store {
namespace {

// What RocksDB has synced of its manifest.
absl::StatusOr<ManifestMark> MarkOf(rocksdb::Env* env, const std::string& folder, rocksdb::DB& db) {
  std::vector<std::string> files;
  uint64_t bytes = 0;
  HFGET_RETURN_IF_ERROR(
      CallRocks([&] { return db.GetLiveFiles(files, &bytes, /*flush_memtable=*/false); }));
  for (absl::string_view name : files) {
    uint64_t number = 0;
    if (absl::ConsumePrefix(&name, "/MANIFEST-") && absl::SimpleAtoi(name, &number)) {
      return MarkManifest(env, folder, number, bytes);
    }
  }
  return absl::InternalError("no manifest");
}

}  // namespace

absl::Status SealKeeper::Begin(rocksdb::DB& db, uint64_t sequence, uint64_t log) {
  absl::MutexLock lock(&mu_);
  HFGET_ASSIGN_OR_RETURN(const ManifestMark mark, MarkOf(env_, folder_, db));
  seal_ = {sequence, log, mark};
  following_ = true;
  return WriteSeal(env_, folder_, seal_);
}

absl::StatusOr<Seal> SealKeeper::End(rocksdb::DB& db) {
  absl::MutexLock lock(&mu_);
  following_ = false;
  HFGET_ASSIGN_OR_RETURN(const ManifestMark mark, MarkOf(env_, folder_, db));
  return Seal{db.GetLatestSequenceNumber(), /*log=*/0, mark};
}

void SealKeeper::Renew(rocksdb::DB& db) {
  absl::MutexLock lock(&mu_);
  if (!following_) return;
  absl::StatusOr<ManifestMark> mark = MarkOf(env_, folder_, db);
  absl::Status status = mark.status();
  if (status.ok()) {
    seal_.manifest = *mark;
    status = WriteSeal(env_, folder_, seal_);
  }
  // The one that is there stays true, it only covers less.
  if (!status.ok()) spdlog::warn("the state store's seal is not renewed: {}", status.ToString());
}

// What it means for commits is told by the next one.
void SealKeeper::OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) {
  spdlog::error("the state store has met an error in the background ({}): {}",
                static_cast<int>(reason), FromRocks(*error).ToString());
}

}  // namespace hfget::store
