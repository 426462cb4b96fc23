#include "daemon/store/database.h"

#include <rocksdb/options.h>
#include <sys/random.h>

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/file_system.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/store/keys.h"
#include "daemon/store/log_chain.h"
#include "daemon/store/rocks_status.h"
#include "daemon/store/seal.h"

namespace hfget::store {
namespace {

constexpr size_t kDigestKeyBytes = 32;

rocksdb::Slice SliceOf(absl::string_view text) { return {text.data(), text.size()}; }

// RocksDB has the reason as text only.
absl::Status LockError(const absl::Status& status) {
  const absl::string_view text = status.message();
  const bool refused = absl::StrContains(text, "While lock file");
  if (absl::StrContains(text, "lock hold by") ||
      (refused && (absl::StrContains(text, "Resource temporarily unavailable") ||
                   absl::StrContains(text, "Permission denied")))) {
    return absl::AlreadyExistsError("it is in use by another hfgetd");
  }
  if (!refused) return status;
  return absl::FailedPreconditionError(absl::StrCat(
      "it cannot be locked (", text, "): choose a --state-dir on another file system"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FolderLock>> FolderLock::Take(rocksdb::Env* env,
                                                             const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return ErrnoStatus(error.value(), "cannot make the folder", path);
  const std::string file = JoinPath(path, "LOCK");
  if (std::filesystem::is_directory(file, error)) return absl::DataLossError("LOCK is a folder");
  rocksdb::FileLock* lock = nullptr;
  const absl::Status status = CallRocks([&] { return env->LockFile(file, &lock); });
  if (!status.ok()) return LockError(status);
  return std::unique_ptr<FolderLock>(new FolderLock(env, lock));
}

FolderLock::~FolderLock() { env_->UnlockFile(lock_).PermitUncheckedError(); }

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const DatabasePlace& place,
                                                         LogRecovery recovery) {
  HFGET_ASSIGN_OR_RETURN(const std::vector<std::string> files, FilesIn(place.env, place.path));
  rocksdb::Options options = RocksOptions(place.env, recovery);
  options.create_if_missing = DiedWhileMade(files);
  std::unique_ptr<LogChain> chain;
  if (recovery == LogRecovery::kBeforeDamage) {
    HFGET_ASSIGN_OR_RETURN(const uint64_t tables, TablesSequence(place.env, place.path, recovery));
    chain = std::make_unique<LogChain>(tables);
    options.wal_filter = chain.get();
  }
  std::unique_ptr<Database> database(new Database(place));
  HFGET_RETURN_IF_ERROR(database->OpenRocks(std::move(options)));
  HFGET_RETURN_IF_ERROR(database->Prepare());
  return database;
}

absl::StatusOr<std::unique_ptr<Database>> Database::Make(const DatabasePlace& place,
                                                         rocksdb::WriteBatch& content) {
  rocksdb::Options options = RocksOptions(place.env, LogRecovery::kStrict);
  options.create_if_missing = options.error_if_exists = true;
  std::unique_ptr<Database> database(new Database(place));
  HFGET_RETURN_IF_ERROR(database->OpenRocks(std::move(options)));
  HFGET_RETURN_IF_ERROR(CallRocks([&] { return database->db_->Write({}, &content); }));
  HFGET_RETURN_IF_ERROR(database->Prepare());
  return database;
}

absl::Status Database::OpenRocks(rocksdb::Options options) {
  options.listeners = {seal_};
  rocksdb::DB* opened = nullptr;
  HFGET_RETURN_IF_ERROR(
      CallRocks([&] { return rocksdb::DB::Open(options, place_.path, &opened); }));
  db_.reset(opened);
  return absl::OkStatus();
}

absl::Status Database::Prepare() {
  HFGET_RETURN_IF_ERROR(BringUpToDate(*db_, place_.env, place_.path, *place_.schema));
  const rocksdb::Status key = db_->Get({}, SliceOf(kDigestKeyKey), &digest_key_);
  if (!key.ok() && !key.IsNotFound()) return FromRocks(key);
  if (digest_key_.size() != kDigestKeyBytes) HFGET_RETURN_IF_ERROR(MakeDigestKey());
  // Opening has moved into tables what the logs held, and begun a new one.
  std::unique_ptr<rocksdb::LogFile> log;
  HFGET_RETURN_IF_ERROR(FromRocks(db_->GetCurrentWalFile(&log)));
  HFGET_RETURN_IF_ERROR(seal_->Begin(*db_, db_->GetLatestSequenceNumber(), log->LogNumber()));
  HFGET_ASSIGN_OR_RETURN(promised_, PromiseMark::Make(place_.env, place_.path, 0));
  return absl::OkStatus();
}

absl::Status Database::MakeDigestKey() {
  digest_key_.assign(kDigestKeyBytes, '\0');
  if (::getrandom(digest_key_.data(), kDigestKeyBytes, 0) !=
      static_cast<ssize_t>(kDigestKeyBytes)) {
    return absl::InternalError("no random bytes");
  }
  rocksdb::WriteBatch batch;
  rocksdb::Status status = batch.Put(SliceOf(kDigestKeyKey), digest_key_);
  // Digests under another key would convict honest sources.
  if (status.ok())
    status = batch.DeleteRange(SliceOf(kProvenancePrefix), PrefixEnd(kProvenancePrefix));
  rocksdb::WriteOptions synced;
  synced.sync = true;
  if (status.ok()) status = db_->Write(synced, &batch);
  return FromRocks(status);
}

// A mark that lags is no error: less is noticed.
void Database::NotePromise() {
  if (promised_ == nullptr) return;
  const absl::Status moved = promised_->Move(db_->GetLatestSequenceNumber());
  if (moved.ok()) return;
  spdlog::warn("the state store's mark cannot be moved: {}", moved.ToString());
  promised_.reset();
}

rocksdb::Status Database::Close() {
  absl::StatusOr<Seal> seal = absl::AbortedError("not flushed");
  rocksdb::Status closed;
  if (trusted_) closed = db_->Flush(rocksdb::FlushOptions());
  if (trusted_ && closed.ok()) seal = seal_->End(*db_);
  if (closed.ok()) closed = db_->Close();
  if (closed.ok() && seal.ok() && !WriteSeal(place_.env, place_.path, *seal).ok()) {
    closed = rocksdb::Status::IOError("seal");
  }
  return closed;
}

Database::~Database() {
  if (db_ == nullptr) return;
  const absl::Status status = CallRocks([this] { return Close(); });
  if (!status.ok())
    spdlog::warn("the state store did not close cleanly path={} error={}", place_.path,
                 status.ToString());
}

}  // namespace hfget::store
