#include "daemon/store/database.h"

#include <rocksdb/options.h>
#include <sys/random.h>

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/base/file_system.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/base/types.h"
#include "daemon/store/keys.h"
#include "daemon/store/rocks_status.h"
#include "daemon/store/rocks_store.h"
#include "daemon/store/seal.h"

namespace hfget::store {
namespace {

using records::v1::SchemaRecord;

constexpr size_t kDigestKeyBytes = 32;

rocksdb::Slice SliceOf(absl::string_view text) { return {text.data(), text.size()}; }

class SilentLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

rocksdb::Options OptionsFor(rocksdb::Env* env, LogRecovery recovery) {
  rocksdb::Options options;
  options.env = env;
  options.OptimizeForSmallDb();
  options.paranoid_checks = true;
  options.max_total_wal_size = 16 * kMiB;
  options.keep_log_file_num = 5;  // RocksDB's own LOG; default 1000
  options.max_log_file_size = kMiB;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.wal_recovery_mode = recovery == LogRecovery::kStrict
                                  ? rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords
                                  : rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  return options;
}

bool IsStoreFile(const std::string& name) {
  return name == "CURRENT" || name == "IDENTITY" || absl::StartsWith(name, "SEAL") ||
         absl::StartsWith(name, "MANIFEST-") || absl::StartsWith(name, "OPTIONS-") ||
         absl::EndsWith(name, ".sst") || absl::EndsWith(name, ".log") ||
         absl::EndsWith(name, ".dbtmp");
}

// Of "000020.log"; 0 for other files.
uint64_t LogNumber(absl::string_view name) {
  uint64_t number = 0;
  return absl::ConsumeSuffix(&name, ".log") && absl::SimpleAtoi(name, &number) ? number : 0;
}

absl::StatusOr<std::vector<std::string>> FilesIn(rocksdb::Env* env, const std::string& path) {
  std::vector<std::string> names;
  HFGET_RETURN_IF_ERROR(CallRocks([&] { return env->GetChildren(path, &names); }));
  std::erase_if(names, [](const std::string& name) {
    return name == "." || name == ".." || name == "LOCK" || absl::StartsWith(name, "LOG");
  });
  return names;
}

absl::Status CheckSchema(rocksdb::DB& db) {
  std::string value;
  const rocksdb::Status found = db.Get({}, SliceOf(kSchemaKey), &value);
  if (found.IsNotFound()) {
    const std::unique_ptr<rocksdb::Iterator> any(db.NewIterator({}));
    any->SeekToFirst();
    if (any->Valid()) return absl::DataLossError("no schema record");
    return FromRocks(any->status());  // died just after it was made
  }
  HFGET_RETURN_IF_ERROR(FromRocks(found));
  SchemaRecord schema;
  if (!schema.ParseFromString(value) || schema.version() < 1)
    return absl::DataLossError("a damaged schema record");
  if (schema.version() <= kSchemaVersion) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("it was written by hfgetd ", schema.written_by(), " (schema ", schema.version(),
                   "), which is newer than this one (schema ", kSchemaVersion,
                   "): start that version, or give this one a state folder of its own"));
}

absl::Status CheckSeal(rocksdb::DB& db, const Seal& seal, const std::vector<std::string>& files) {
  if (db.GetLatestSequenceNumber() < seal.sequence)
    return absl::DataLossError("its newest changes are missing");
  uint64_t newest_log = 0;
  for (const std::string& name : files) newest_log = std::max(newest_log, LogNumber(name));
  if (newest_log < seal.log) return absl::DataLossError("its log is missing");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<FolderLock>> FolderLock::Take(rocksdb::Env* env,
                                                             const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return ErrnoStatus(error.value(), "cannot make the folder", path);
  rocksdb::FileLock* lock = nullptr;
  const absl::Status status =
      CallRocks([&] { return env->LockFile(JoinPath(path, "LOCK"), &lock); });
  if (status.ok()) return std::unique_ptr<FolderLock>(new FolderLock(env, lock));
  const bool held = absl::StrContains(status.message(), "While lock file") ||
                    absl::StrContains(status.message(), "lock hold by");
  if (!held) return status;
  return absl::AlreadyExistsError(absl::StrCat(path, " is in use by another hfgetd"));
}

FolderLock::~FolderLock() { env_->UnlockFile(lock_).PermitUncheckedError(); }

absl::Status InspectDatabase(rocksdb::Env* env, const std::string& path, LogRecovery recovery) {
  HFGET_ASSIGN_OR_RETURN(const std::vector<std::string> files, FilesIn(env, path));
  if (files.empty()) return absl::OkStatus();
  if (std::none_of(files.begin(), files.end(),
                   IsStoreFile)) {  // somebody's own files: not ours to move
    return absl::FailedPreconditionError(absl::StrCat(
        "the folder holds other files, such as ", files.front(), ": choose another state folder"));
  }
  rocksdb::Options options = OptionsFor(env, recovery);
  options.info_log = std::make_shared<SilentLogger>();
  rocksdb::DB* opened = nullptr;
  HFGET_RETURN_IF_ERROR(
      CallRocks([&] { return rocksdb::DB::OpenForReadOnly(options, path, &opened); }));
  const std::unique_ptr<rocksdb::DB> db(opened);
  HFGET_RETURN_IF_ERROR(CheckSchema(*db));
  HFGET_RETURN_IF_ERROR(CheckSeal(*db, ReadSeal(env, path), files));
  return CallRocks([&] { return db->VerifyChecksum(); });
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(rocksdb::Env* env, const std::string& path,
                                                         LogRecovery recovery) {
  HFGET_ASSIGN_OR_RETURN(const std::vector<std::string> files, FilesIn(env, path));
  rocksdb::Options options = OptionsFor(env, recovery);
  options.create_if_missing = files.empty();
  rocksdb::DB* opened = nullptr;
  HFGET_RETURN_IF_ERROR(CallRocks([&] { return rocksdb::DB::Open(options, path, &opened); }));
  std::unique_ptr<Database> database(new Database(env, path, opened));
  HFGET_RETURN_IF_ERROR(database->Prepare());
  return database;
}

absl::Status Database::Prepare() {
  std::string schema;
  const rocksdb::Status found = db_->Get({}, SliceOf(kSchemaKey), &schema);
  if (found.IsNotFound()) {
    SchemaRecord record;
    record.set_version(kSchemaVersion);
    record.set_written_by(HFGET_VERSION);
    HFGET_RETURN_IF_ERROR(FromRocks(db_->Put({}, SliceOf(kSchemaKey), record.SerializeAsString())));
  } else {
    HFGET_RETURN_IF_ERROR(FromRocks(found));
  }
  const rocksdb::Status key = db_->Get({}, SliceOf(kDigestKeyKey), &digest_key_);
  if (!key.ok() && !key.IsNotFound()) return FromRocks(key);
  if (digest_key_.size() != kDigestKeyBytes) HFGET_RETURN_IF_ERROR(MakeDigestKey());
  // Opening has moved into tables what the logs held, and begun a new one.
  std::unique_ptr<rocksdb::LogFile> log;
  HFGET_RETURN_IF_ERROR(FromRocks(db_->GetCurrentWalFile(&log)));
  return WriteSeal(env_, path_, {db_->GetLatestSequenceNumber(), log->LogNumber()});
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

Database::~Database() {
  const absl::Status status = CallRocks([this]() -> rocksdb::Status {
    const uint64_t sequence = db_->GetLatestSequenceNumber();
    rocksdb::Status closed = trusted_ ? db_->Flush(rocksdb::FlushOptions()) : rocksdb::Status::OK();
    const bool sealed = trusted_ && closed.ok();
    if (closed.ok()) closed = db_->Close();
    if (closed.ok() && sealed && !WriteSeal(env_, path_, {sequence, /*log=*/0}).ok()) {
      closed = rocksdb::Status::IOError("seal");
    }
    return closed;
  });
  if (!status.ok())
    spdlog::warn("the state store did not close cleanly path={} error={}", path_,
                 status.ToString());
}

}  // namespace hfget::store
