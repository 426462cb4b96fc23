#include "daemon/store/inspection.h"

#include <rocksdb/db.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "daemon/base/file_system.h"
#include "daemon/base/status.h"
#include "daemon/base/types.h"
#include "daemon/store/log_chain.h"
#include "daemon/store/promise_mark.h"
#include "daemon/store/rocks_status.h"
#include "daemon/store/seal.h"

namespace hfget::store {
namespace {

class SilentLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

bool IsStoreFile(const std::string& name) {
  return name == "CURRENT" || name == "IDENTITY" || name == "SCHEMA" ||
         absl::StartsWith(name, "SEAL") || absl::StartsWith(name, "PROMISED") ||
         absl::StartsWith(name, "MANIFEST-") || absl::StartsWith(name, "OPTIONS-") ||
         absl::EndsWith(name, ".sst") || absl::EndsWith(name, ".log") ||
         absl::EndsWith(name, ".dbtmp");
}

// Of "000020.log"; 0 for other files.
uint64_t LogNumber(absl::string_view name) {
  uint64_t number = 0;
  return absl::ConsumeSuffix(&name, ".log") && absl::SimpleAtoi(name, &number) ? number : 0;
}

// Some of them nobody would read, but who comes to replace or remove them could not.
absl::Status CheckNoFolders(rocksdb::Env* env, const std::string& path) {
  std::vector<std::string> names;
  HFGET_RETURN_IF_ERROR(CallRocks([&] { return env->GetChildren(path, &names); }));
  for (const std::string& name : names) {
    std::error_code ignored;
    const bool ours = IsStoreFile(name) || absl::StartsWith(name, "LO");
    if (ours && std::filesystem::is_directory(JoinPath(path, name), ignored)) {
      return absl::DataLossError(absl::StrCat(name, " is a folder"));
    }
  }
  return absl::OkStatus();
}

// What CURRENT names. Errors: DATA_LOSS when that cannot be a manifest; of reading.
absl::StatusOr<uint64_t> CurrentManifest(rocksdb::Env* env, const std::string& path) {
  std::string text;
  HFGET_RETURN_IF_ERROR(CallRocks(
      [&] { return rocksdb::ReadFileToString(env, JoinPath(path, "CURRENT"), &text); }));
  absl::string_view name = text;
  uint64_t number = 0;
  if (!absl::ConsumePrefix(&name, "MANIFEST-") || !absl::ConsumeSuffix(&name, "\n") ||
      !absl::SimpleAtoi(name, &number)) {
    return absl::DataLossError("CURRENT is damaged");
  }
  return number;
}

absl::Status CheckManifest(rocksdb::Env* env, const std::string& path, const ManifestMark& mark) {
  if (mark.number == 0) return absl::OkStatus();
  HFGET_ASSIGN_OR_RETURN(const uint64_t current, CurrentManifest(env, path));
  if (current < mark.number) return absl::DataLossError("CURRENT names an old MANIFEST");
  // Died between beginning a new one and sealing it.
  if (current > mark.number) return absl::OkStatus();
  HFGET_ASSIGN_OR_RETURN(const ManifestMark there,
                         MarkManifest(env, path, mark.number, mark.bytes));
  if (there.hash != mark.hash) return absl::DataLossError("its MANIFEST is damaged");
  return absl::OkStatus();
}

absl::Status CheckReach(rocksdb::DB& db, uint64_t sequence, uint64_t log,
                        const std::vector<std::string>& files) {
  if (db.GetLatestSequenceNumber() < sequence) {
    return absl::DataLossError("its newest changes are missing");
  }
  uint64_t newest_log = 0;
  for (const std::string& name : files) newest_log = std::max(newest_log, LogNumber(name));
  return newest_log < log ? absl::DataLossError("its log is missing") : absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenToLook(rocksdb::Options options,
                                                        const std::string& path,
                                                        rocksdb::WalFilter& filter) {
  options.wal_filter = &filter;
  rocksdb::DB* opened = nullptr;
  HFGET_RETURN_IF_ERROR(
      CallRocks([&] { return rocksdb::DB::OpenForReadOnly(options, path, &opened); }));
  return std::unique_ptr<rocksdb::DB>(opened);
}

}  // namespace

rocksdb::Options RocksOptions(rocksdb::Env* env, LogRecovery recovery) {
  rocksdb::Options options;
  options.env = env;
  options.OptimizeForSmallDb();
  options.paranoid_checks = true;
  options.paranoid_file_checks = true;  // a table is read back before its log goes
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

rocksdb::Options LookingOptions(rocksdb::Env* env, LogRecovery recovery) {
  rocksdb::Options options = RocksOptions(env, recovery);
  options.info_log = std::make_shared<SilentLogger>();
  return options;
}

absl::StatusOr<std::vector<std::string>> FilesIn(rocksdb::Env* env, const std::string& path) {
  std::vector<std::string> names;
  HFGET_RETURN_IF_ERROR(CallRocks([&] { return env->GetChildren(path, &names); }));
  std::erase_if(names, [](const std::string& name) {
    return name == "." || name == ".." || name == "LOCK" || absl::StartsWith(name, "LOG");
  });
  return names;
}

absl::StatusOr<uint64_t> TablesSequence(rocksdb::Env* env, const std::string& path,
                                        LogRecovery recovery) {
  NoReplay filter;
  HFGET_ASSIGN_OR_RETURN(const std::unique_ptr<rocksdb::DB> db,
                         OpenToLook(LookingOptions(env, recovery), path, filter));
  return db->GetLatestSequenceNumber();
}

// RocksDB's order is: MANIFEST, CURRENT, log; all else comes later.
bool DiedWhileMade(const std::vector<std::string>& files) {
  return std::none_of(files.begin(), files.end(), [](absl::string_view name) {
    return name == "CURRENT" || absl::StartsWith(name, "SEAL") || absl::StartsWith(name, "PROMISED") ||
           absl::EndsWith(name, ".sst") || absl::EndsWith(name, ".log");
  });
}

absl::Status InspectDatabase(const DatabasePlace& place, LogRecovery recovery) {
  rocksdb::Env* const env = place.env;
  const std::string& path = place.path;
  HFGET_ASSIGN_OR_RETURN(const std::vector<std::string> files, FilesIn(env, path));
  if (files.empty()) return absl::OkStatus();
  if (std::none_of(files.begin(), files.end(),
                   IsStoreFile)) {  // somebody's own files: not ours to move
    return absl::FailedPreconditionError(absl::StrCat(
        "the folder holds other files, such as ", files.front(), ": choose another state folder"));
  }
  HFGET_RETURN_IF_ERROR(CheckSchemaFile(env, path, *place.schema));
  HFGET_RETURN_IF_ERROR(CheckNoFolders(env, path));
  if (DiedWhileMade(files)) return absl::OkStatus();
  const Seal seal = ReadSeal(env, path);
  HFGET_RETURN_IF_ERROR(CheckManifest(env, path, seal.manifest));
  HFGET_ASSIGN_OR_RETURN(const uint64_t tables, TablesSequence(env, path, recovery));
  LogChain chain(tables);
  HFGET_ASSIGN_OR_RETURN(const std::unique_ptr<rocksdb::DB> db,
                         OpenToLook(LookingOptions(env, recovery), path, chain));
  HFGET_RETURN_IF_ERROR(CheckSchemaRecord(*db, *place.schema));
  HFGET_RETURN_IF_ERROR(CheckReach(*db, seal.sequence, seal.log, files));
  if (recovery == LogRecovery::kStrict) {
    if (chain.broken()) return absl::DataLossError("changes are missing within its logs");
    HFGET_RETURN_IF_ERROR(CheckReach(*db, PromiseMark::Read(env, path), 0, files));
  }
  return CallRocks([&] { return db->VerifyChecksum(); });
}

}  // namespace hfget::store
